// A log whose reads fail, one of them: for tests that let each fail in turn.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/store/log.h"

namespace tenuto::testing {

// Counts list() and read(); the nth from fail_at() on fails with `code`, once.
class FailingLog final : public Log {
 public:
  explicit FailingLog(Log& log) : log_(log) {}

  void fail_at(std::uint64_t nth, Code code) {
    left_ = nth;
    code_ = code;
    has_failed_ = false;
  }
  [[nodiscard]] bool has_failed() const { return has_failed_; }

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
  [[nodiscard]] Status meet() const {
    if (left_ == 0 || --left_ > 0) return {};
    has_failed_ = true;
    return {code_, "a planted fault of the log"};
  }

  Log& log_;
  Code code_ = Code::storage_error;
  mutable std::uint64_t left_ = 0;
  mutable bool has_failed_ = false;
};

}  // namespace tenuto::testing
