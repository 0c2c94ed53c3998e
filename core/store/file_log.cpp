#include "core/store/file_log.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace tenuto {
namespace {

constexpr std::uint64_t kFirstStepBytes = 1u << 20;
constexpr std::uint64_t kStepBytesMax = 16u << 20;
constexpr std::size_t kNameDigits = 16;
constexpr std::string_view kSuffix = ".seg";

std::string file_name(SegmentNumber segment) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string name(kNameDigits, '0');
  std::uint64_t rest = segment.value;
  for (std::size_t i = kNameDigits; i-- > 0; rest >>= 4) name[i] = kDigits[rest & 0xF];
  return name.append(kSuffix);
}

// The number in a name that file_name() could have made; no other spelling of a number is ours.
std::optional<SegmentNumber> segment_of(const std::string& name) {
  if (name.size() != kNameDigits + kSuffix.size()) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + kNameDigits, number, 16);
  if (error != std::errc() || end != name.data() + kNameDigits) return std::nullopt;
  const SegmentNumber segment(number);
  if (file_name(segment) != name) return std::nullopt;
  return segment;
}

}  // namespace

Result<std::unique_ptr<FileLog>> FileLog::open(const std::string& directory, bool read_only,
                                               std::size_t segment_bytes, FileCalls& calls) {
  if (segment_bytes == 0) return Status(Code::invalid_argument, "segment_bytes is 0: a segment needs room");
  TN_ASSIGN(OwnedFile names, open_file(calls, directory, O_RDONLY | O_DIRECTORY));
  std::unique_ptr<FileLog> log(new FileLog(directory, std::move(names), read_only, segment_bytes, calls));
  if (!read_only) {
    // What an interrupted create() left behind.
    const std::string leftover = log->temporary_path();
    const int error = -retry_interrupted([&] { return calls.unlink(leftover); });
    if (error != 0 && error != ENOENT) return io_status(error, "remove", leftover);
  }
  return log;
}

std::string FileLog::path(SegmentNumber segment) const {
  return directory_ + "/" + file_name(segment);
}

std::string FileLog::temporary_path() const {
  return directory_ + "/segment.new";
}

Status FileLog::check_writable() const {
  if (read_only_) return {Code::wrong_state, "the journal " + directory_ + " was opened for reading only"};
  if (fork_guard::is_forked_child(fork_mark_)) {
    return {Code::forked, "the journal " + directory_ + " belongs to the parent process"};
  }
  return poison_;
}

Status FileLog::noted(Status status) {
  if (status.code() == Code::poisoned) poison_ = status;
  return status;
}

Status FileLog::sync_names() {
  const int error = -retry_interrupted([&] { return calls_.fsync(names_.fd()); });
  return error != 0 ? noted(sync_status(error, directory_)) : Status();
}

Result<bool> FileLog::exists(SegmentNumber segment) const {
  const Result<OwnedFile> file = open_file(calls_, path(segment), O_RDONLY);
  if (file.ok()) return true;
  if (file.code() == Code::not_found) return false;
  return file.status();
}

Result<std::vector<SegmentNumber>> FileLog::list() const {
  std::vector<std::string> names;
  const int error = -retry_interrupted([&] {
    names.clear();
    return calls_.list(directory_, names);
  });
  if (error != 0) return io_status(error, "list", directory_);
  std::vector<SegmentNumber> segments;
  for (const std::string& name : names) {
    if (const auto segment = segment_of(name)) segments.push_back(*segment);
  }
  std::sort(segments.begin(), segments.end());
  return segments;
}

Status FileLog::create(SegmentNumber segment) {
  TN_TRY(check_writable());
  TN_ASSIGN(const bool taken, exists(segment));
  if (taken) return {Code::conflict, "the segment " + path(segment) + " exists"};
  if (Status written = write_new_file(); !written.ok()) {
    // Gives the space back; when that fails too, the next create() or open() takes care of the file.
    calls_.unlink(temporary_path());
    return written;
  }
  const int error = -retry_interrupted([&] { return calls_.rename(temporary_path(), path(segment)); });
  if (error != 0) return io_status(error, "create", path(segment));
  // The segment is whole on disk; only its name may still be lost.
  return sync_names();
}

Status FileLog::write_new_file() {
  const std::string temporary = temporary_path();
  TN_ASSIGN(const OwnedFile file, open_file(calls_, temporary, O_RDWR | O_CREAT | O_TRUNC));
  TN_TRY(
      write_zeros(calls_, file.fd(), 0, std::min<std::uint64_t>(kFirstStepBytes, segment_bytes_), temporary));
  const int error = -retry_interrupted([&] { return calls_.fsync(file.fd()); });
  // No data is in the file yet, so its failed sync loses nothing.
  return error != 0 ? io_status(error, "sync", temporary) : Status();
}

Status FileLog::recycle(SegmentNumber from, SegmentNumber to) {
  TN_TRY(check_writable());
  TN_ASSIGN(const bool taken, exists(to));
  if (taken) return {Code::conflict, "the segment " + path(to) + " exists"};
  const int error = -retry_interrupted([&] { return calls_.rename(path(from), path(to)); });
  if (error != 0) return io_status(error, "recycle", path(from));
  if (auto node = open_.extract(from)) {
    node.key() = to;
    open_.insert(std::move(node));
  }
  return sync_names();
}

Status FileLog::remove(SegmentNumber segment) {
  TN_TRY(check_writable());
  const int error = -retry_interrupted([&] { return calls_.unlink(path(segment)); });
  if (error != 0) return io_status(error, "remove", path(segment));
  open_.erase(segment);
  return sync_names();
}

Result<FileLog::OpenSegment*> FileLog::open_segment(SegmentNumber segment) {
  if (const auto found = open_.find(segment); found != open_.end()) return &found->second;
  OpenSegment open;
  TN_ASSIGN(open.file, open_file(calls_, path(segment), O_RDWR));
  const std::int64_t size = retry_interrupted([&] { return calls_.size(open.file.fd()); });
  if (size < 0) return io_status(static_cast<int>(-size), "read the size of", path(segment));
  open.prewritten = static_cast<std::uint64_t>(size);
  return &open_.emplace(segment, std::move(open)).first->second;
}

Status FileLog::prewrite(SegmentNumber segment, OpenSegment& open, std::uint64_t end) {
  std::uint64_t target = open.prewritten;
  while (target < end) target += std::clamp(target, kFirstStepBytes, kStepBytesMax);
  target = std::min<std::uint64_t>(target, segment_bytes_);
  TN_TRY(write_zeros(calls_, open.file.fd(), open.prewritten, target, path(segment)));
  const int error = -retry_interrupted([&] { return calls_.fsync(open.file.fd()); });
  // This sync may report the failure of an earlier write() to the file, whose own sync would then look good.
  if (error != 0) return noted(sync_status(error, path(segment)));
  open.prewritten = target;
  return {};
}

Status FileLog::write(SegmentNumber segment, std::uint64_t offset, std::span<const ByteView> pieces) {
  TN_TRY(check_writable());
  std::uint64_t size = 0;
  for (const ByteView piece : pieces) size += piece.size();
  if (offset > segment_bytes_ || size > segment_bytes_ - offset) {
    return {Code::invalid_argument, "a write of " + std::to_string(size) + " bytes at " +
                                        std::to_string(offset) + " is outside of the segment " +
                                        path(segment)};
  }
  TN_ASSIGN(OpenSegment * open, open_segment(segment));
  if (offset + size > open->prewritten) TN_TRY(prewrite(segment, *open, offset + size));
  return write_all(calls_, open->file.fd(), offset, pieces, path(segment));
}

Status FileLog::sync(SegmentNumber segment) {
  TN_TRY(check_writable());
  TN_ASSIGN(OpenSegment * open, open_segment(segment));
  const int error = -retry_interrupted([&] { return calls_.fdatasync(open->file.fd()); });
  return error != 0 ? noted(sync_status(error, path(segment))) : Status();
}

Status FileLog::read(SegmentNumber segment, std::uint64_t offset, std::size_t size, Bytes& out) const {
  if (offset > segment_bytes_ || size > segment_bytes_ - offset) {
    return {Code::invalid_argument, "a read of " + std::to_string(size) + " bytes at " +
                                        std::to_string(offset) + " is outside of the segment " +
                                        path(segment)};
  }
  TN_ASSIGN(const OwnedFile file, open_file(calls_, path(segment), O_RDONLY));
  out.assign(size, '\0');
  TN_ASSIGN(const std::size_t got, read_upto(calls_, file.fd(), offset, size, out.data(), path(segment)));
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(got), out.end(), '\0');
  return {};
}

}  // namespace tenuto
