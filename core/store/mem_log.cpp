#include "core/store/mem_log.h"

#include <algorithm>

namespace tenuto {
namespace {

// What a disk writes in one piece.
constexpr std::uint64_t kSectorBytes = 512;

std::string name(SegmentNumber segment) {
  return "the segment " + std::to_string(segment.value) + " in memory";
}

Status outside(SegmentNumber segment, std::uint64_t offset, std::uint64_t size) {
  return {Code::invalid_argument,
          std::to_string(size) + " bytes at " + std::to_string(offset) + " are outside of " + name(segment)};
}

}  // namespace

Status MemLog::meet_fault(LogFault::Call call) {
  if (poisoned_) return {Code::poisoned, "an earlier sync of the log in memory failed; open it again"};
  const auto found = faults_.find(call);
  if (found == faults_.end()) return {};
  LogFault& fault = found->second;
  if (fault.nth > 1) {
    --fault.nth;
    return {};
  }
  const Code code = fault.code;
  if (--fault.times == 0) faults_.erase(found);
  poisoned_ = code == Code::poisoned;
  return {code, "a planted fault of the log in memory"};
}

Result<MemLog::Segment*> MemLog::find(SegmentNumber segment) {
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return Status(Code::not_found, name(segment) + " does not exist");
  return &found->second;
}

Result<std::vector<SegmentNumber>> MemLog::list() const {
  MutexLock lock(mutex_);
  std::vector<SegmentNumber> numbers;
  for (const auto& [number, segment] : segments_) numbers.push_back(number);
  return numbers;
}

Status MemLog::create(SegmentNumber segment) {
  MutexLock lock(mutex_);
  TN_TRY(meet_fault(LogFault::Call::create));
  if (!segments_.try_emplace(segment).second) return {Code::conflict, name(segment) + " exists"};
  return {};
}

Status MemLog::recycle(SegmentNumber from, SegmentNumber to) {
  MutexLock lock(mutex_);
  TN_TRY(meet_fault(LogFault::Call::recycle));
  if (segments_.contains(to)) return {Code::conflict, name(to) + " exists"};
  auto node = segments_.extract(from);
  if (!node) return {Code::not_found, name(from) + " does not exist"};
  node.key() = to;
  segments_.insert(std::move(node));
  return {};
}

Status MemLog::remove(SegmentNumber segment) {
  MutexLock lock(mutex_);
  TN_TRY(meet_fault(LogFault::Call::remove));
  if (segments_.erase(segment) == 0) return {Code::not_found, name(segment) + " does not exist"};
  return {};
}

Status MemLog::write(SegmentNumber segment, std::uint64_t offset, std::span<const ByteView> pieces) {
  MutexLock lock(mutex_);
  Bytes bytes;
  for (const ByteView piece : pieces) bytes.append(piece);
  if (offset > segment_bytes_ || bytes.size() > segment_bytes_ - offset)
    return outside(segment, offset, bytes.size());
  TN_ASSIGN(Segment * found, find(segment));
  if (Status fault = meet_fault(LogFault::Call::write); !fault.ok()) {
    put(*found, offset, ByteView(bytes).substr(0, bytes.size() / 2));
    return fault;
  }
  put(*found, offset, bytes);
  return {};
}

void MemLog::put(Segment& segment, std::uint64_t offset, ByteView bytes) {
  if (bytes.empty()) return;
  if (segment.current.size() < offset + bytes.size()) segment.current.resize(offset + bytes.size(), '\0');
  std::copy(bytes.begin(), bytes.end(), segment.current.begin() + static_cast<std::ptrdiff_t>(offset));
  const std::uint64_t last = (offset + bytes.size() - 1) / kSectorBytes;
  for (std::uint64_t sector = offset / kSectorBytes; sector <= last; ++sector) segment.dirty.insert(sector);
}

void MemLog::copy_sector(const Bytes& from, Bytes& to, std::uint64_t sector) {
  const std::uint64_t begin = sector * kSectorBytes;
  const std::uint64_t end = std::min<std::uint64_t>(begin + kSectorBytes, std::max(from.size(), to.size()));
  if (to.size() < end) to.resize(end, '\0');
  for (std::uint64_t i = begin; i < end; ++i) to[i] = i < from.size() ? from[i] : '\0';
}

Status MemLog::sync(SegmentNumber segment) {
  MutexLock lock(mutex_);
  TN_TRY(meet_fault(LogFault::Call::sync));
  TN_ASSIGN(Segment * found, find(segment));
  for (const std::uint64_t sector : found->dirty) copy_sector(found->current, found->synced, sector);
  found->dirty.clear();
  return {};
}

Status MemLog::read(SegmentNumber segment, std::uint64_t offset, std::size_t size, Bytes& out) const {
  if (offset > segment_bytes_ || size > segment_bytes_ - offset) return outside(segment, offset, size);
  MutexLock lock(mutex_);
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return {Code::not_found, name(segment) + " does not exist"};
  const Bytes& bytes = found->second.current;
  out.clear();
  if (offset < bytes.size()) out.assign(bytes, offset, size);
  out.resize(size, '\0');
  return {};
}

void MemLog::crash(Random& random) {
  MutexLock lock(mutex_);
  for (auto& [number, segment] : segments_) {
    for (const std::uint64_t sector : segment.dirty) {
      if (random.chance(1, 2)) copy_sector(segment.current, segment.synced, sector);
    }
    segment.dirty.clear();
    segment.current = segment.synced;
  }
  faults_.clear();
  poisoned_ = false;
}

void MemLog::set_fault(const LogFault& fault) {
  TN_CHECK(fault.nth > 0);
  TN_CHECK(fault.times > 0);
  TN_CHECK(fault.code != Code::ok);
  MutexLock lock(mutex_);
  faults_.insert_or_assign(fault.call, fault);
}

void MemLog::clear_faults() {
  MutexLock lock(mutex_);
  faults_.clear();
}

}  // namespace tenuto
