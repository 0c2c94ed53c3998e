#include "core/journal/fragment.h"

namespace tenuto {

RecordParts parts_of(ByteView record) {
  ByteReader in(record);
  RecordParts parts;
  parts.type = in.fixed<std::uint8_t>();
  parts.version_flags = in.fixed<std::uint8_t>();
  in.varint();  // length
  parts.run = RunNumber(in.varint());
  TN_CHECK(in.ok());
  parts.rest = in.rest();
  return parts;
}

void append_record(std::uint8_t type, std::uint8_t version_flags, RunNumber run, ByteView middle,
                   ByteView rest, Bytes& out) {
  Bytes head;
  ByteWriter(head).varint(run.value);
  head.append(middle);
  ByteWriter w(out);
  w.fixed(type);
  w.fixed(version_flags);
  w.varint(head.size() + rest.size());
  w.raw(head);
  w.raw(rest);
}

Result<ByteView> Reassembler::feed(const RecordHeader& header, ByteView record) {
  const bool fragment = header.type == kFragmentType;
  const bool last = (header.flags & kContinued) != 0;
  if (!fragment && !last) return record;
  if (fragment && header.version != 1) {
    return Status(Code::newer_format, "a fragment of a newer layout; open the store with a newer library");
  }
  ByteReader in(parts_of(record).rest);
  if (last) return complete(header, record, in);
  TN_TRY(add(header.run, in));
  return ByteView();
}

Status Reassembler::add(RunNumber run, ByteReader& in) {
  const std::uint64_t series = in.varint();
  const std::uint64_t index = in.varint();
  if (!in.ok())
    return Status(Code::damaged, "a fragment of run " + std::to_string(run.value) + " is malformed");
  Open& open = open_[{run, series}];
  if (index == 0) open = Open();
  if (index != open.count) {
    return Status(Code::damaged, "run " + std::to_string(run.value) + ": fragment " +
                                     std::to_string(open.count) + " of a large record is missing");
  }
  ++open.count;
  open.bytes.append(in.rest());
  return Status();
}

Result<ByteView> Reassembler::complete(const RecordHeader& header, ByteView record, ByteReader& in) {
  const std::uint64_t series = in.varint();
  const std::uint64_t count = in.varint();
  const auto open = open_.find({header.run, series});
  if (!in.ok() || open == open_.end() || open->second.count != count) {
    return Status(Code::damaged,
                  "run " + std::to_string(header.run.value) + ": the beginning of a large record is missing");
  }
  const RecordParts parts = parts_of(record);
  whole_.clear();
  append_record(parts.type, parts.version_flags & static_cast<std::uint8_t>(~kContinued), header.run,
                open->second.bytes, in.rest(), whole_);
  open_.erase(open);
  return ByteView(whole_);
}

Bytes Reassembler::save() const {
  Bytes out;
  for (const auto& [key, open] : open_) {
    // One fragment with the count of those it stands for.
    Bytes middle;
    ByteWriter w(middle);
    w.varint(key.second);
    w.varint(open.count);
    append_record(kFragmentType, 1 << 4, key.first, middle, open.bytes, out);
  }
  return out;
}

Status Reassembler::restore(ByteView fragments) {
  clear();
  return for_each_record(fragments, [&](const RecordHeader& header, ByteView record) {
    ByteReader in(parts_of(record).rest);
    const std::uint64_t series = in.varint();
    Open open;
    open.count = in.varint();
    if (!in.ok() || header.type != kFragmentType)
      return Status(Code::damaged, "saved fragments are malformed");
    open.bytes = in.rest();
    open_[{header.run, series}] = std::move(open);
    return Status();
  });
}

}  // namespace tenuto
