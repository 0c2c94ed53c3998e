// A log whose reads fail, one of them: for tests that let each fail in turn.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/store/log.h"
#include "tests/support/planned_failure.h"

namespace tenuto::testing {

// Of list() and read().
class FailingLog final : public Log, public PlannedFailure {
 public:
  explicit FailingLog(Log& log) : PlannedFailure("the log"), log_(log) {}

  Result<std::vector<SegmentNumber>> list() const override {
    TN_TRY(meet());
    return log_.list();
  }
  Status read(SegmentNumber segment, std::uint64_t offset, std::size_t size, Bytes& out) const override {
    TN_TRY(meet());
    return log_.read(segment, offset, size, out);
  }
  std::size_t segment_bytes() const override { return log_.segment_bytes(); }
  Status create(SegmentNumber segment) override { return log_.create(segment); }
  Status recycle(SegmentNumber from, SegmentNumber to) override { return log_.recycle(from, to); }
  Status remove(SegmentNumber segment) override { return log_.remove(segment); }
  Status write(SegmentNumber segment, std::uint64_t offset, std::span<const ByteView> pieces) override {
    return log_.write(segment, offset, pieces);
  }
  Status sync(SegmentNumber segment) override { return log_.sync(segment); }

 private:
  Log& log_;
};

}  // namespace tenuto::testing
