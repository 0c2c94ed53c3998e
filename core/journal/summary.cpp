#include "core/journal/summary.h"

#include <algorithm>

#include "core/journal/seal.h"
#include "core/journal/summary_layout.h"

namespace tenuto {
namespace {

template <class T>
void widen(T& min, T& max, T v, bool first) {
  min = first ? v : std::min(min, v);
  max = first ? v : std::max(max, v);
}

// At most `size` bytes of valid UTF-8, and no half of a character at the end.
ByteView shortened(ByteView text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

void append_head(const SummaryZone& zone, std::size_t section_bytes, ByteView key, Bytes& out) {
  ByteWriter w(out);
  w.fixed(kSummaryVersion);
  w.fixed(std::uint8_t{0});
  w.fixed(zone.states);
  w.fixed(zone.rows);
  w.fixed(zone.run_min.value);
  w.fixed(zone.run_max.value);
  for (const WallTime t : {zone.started_min, zone.started_max, zone.ended_min, zone.ended_max}) w.fixed(t.ns);
  w.fixed(static_cast<std::uint32_t>(section_bytes));
  w.fixed(std::uint32_t{0});
  seal(key, out);
  TN_CHECK(out.size() == kSummaryHeadBytes);
}

// What is not in the columns.
void append_rest(const SummaryRow& row, Bytes& out) {
  ByteWriter w(out);
  w.string(row.id);
  w.varint(row.chunks);
  w.string(row.labels);
  w.varint(row.parent.value);
  const RunCounts& c = row.counts;
  for (const std::uint32_t n : {c.done, c.skipped, c.failed, c.cancelled, c.not_reached, c.manual_actions}) {
    w.varint(n);
  }
  w.varint(static_cast<std::uint64_t>(c.busy_ns));
  for (const Nanos clock : row.clocks) w.varint(static_cast<std::uint64_t>(clock));
  w.string(row.error_type);
  w.string(shortened(row.error_message, kSummaryErrorBytesMax));
}

}  // namespace

void SummaryZone::include(const SummaryRow& row) {
  const bool first = rows == 0;
  ++rows;
  states = static_cast<std::uint16_t>(states | 1u << static_cast<unsigned>(row.state));
  widen(run_min, run_max, row.run, first);
  widen(started_min, started_max, row.started, first);
  widen(ended_min, ended_max, row.ended, first);
}

std::uint64_t summary_bits(const SummaryRow& row) {
  return (row.id_chosen ? kSummaryIdChosen : 0) | (row.test ? kSummaryTest : 0) |
         (row.labels.empty() ? 0 : kSummaryLabels) |
         (row.error_type.empty() && row.error_message.empty() ? 0 : kSummaryError);
}

Result<SummaryBlock> SummaryBlock::load(ByteView key, ByteView value) {
  TN_ASSIGN(SummaryReader reader, SummaryReader::open(key, value));
  SummaryBlock block;
  block.zone_ = reader.zone();
  for (std::size_t c = 0; c < kSummaryColumns; ++c) {
    for (std::size_t i = 0; i < reader.rows(); ++i) {
      block.columns_[c].push_back(reader.column(static_cast<SummaryColumn>(c)).at(i));
    }
  }
  for (const SummaryWorkflow& w : reader.workflows()) block.workflows_.push_back({w.hash, Bytes(w.name)});
  TN_ASSIGN(const ByteView rest, reader.rest());
  block.rest_ = rest;
  return block;
}

std::uint64_t SummaryBlock::workflow_index(const SummaryRow& row) {
  // From the back: neighbours mostly are of the same workflow.
  for (std::size_t i = workflows_.size(); i-- > 0;) {
    if (workflows_[i].hash == row.workflow) return i;
  }
  workflows_.push_back({row.workflow, Bytes(row.workflow_name)});
  return workflows_.size() - 1;
}

void SummaryBlock::add(const SummaryRow& row) {
  TN_CHECK(!is_full());
  zone_.include(row);
  append_rest(row, rest_);
  const std::uint64_t numbers[kSummaryColumns] = {
      row.run.value,
      column_number(row.started),
      column_number(row.ended),
      static_cast<std::uint64_t>(row.state),
      summary_bits(row),
      workflow_index(row),
      row.counts.retries,
      rest_.size(),
  };
  for (std::size_t c = 0; c < kSummaryColumns; ++c) columns_[c].push_back(numbers[c]);
}

Bytes SummaryBlock::finish(ByteView key) const {
  Bytes section;
  for (const std::vector<std::uint64_t>& column : columns_) pack_column(column, section);
  ByteWriter w(section);
  w.varint(workflows_.size());
  for (const Workflow& workflow : workflows_) {
    w.fixed(workflow.hash.high);
    w.fixed(workflow.hash.low);
    w.string(workflow.name);
  }
  Bytes out;
  out.reserve(kSummaryHeadBytes + section.size() + rest_.size() + 2 * kSealBytes);
  append_head(zone_, section.size() + kSealBytes, key, out);
  out += section;
  seal(key, out);
  out += rest_;
  seal(key, out);
  return out;
}

}  // namespace tenuto
