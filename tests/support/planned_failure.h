// One failure of many calls: for fakes whose tests let each call fail in turn.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/status.h"

namespace tenuto::testing {

// Counts the calls of a fake; the nth from fail_at() on fails with `code`, once.
class PlannedFailure {
 public:
  explicit PlannedFailure(const char* of) : of_(of) {}

  void fail_at(std::uint64_t nth, Code code) {
    left_ = nth;
    code_ = code;
    has_failed_ = false;
  }
  [[nodiscard]] bool has_failed() const { return has_failed_; }
  // What the call that begins now answers before it does anything.
  [[nodiscard]] Status meet() const {
    if (left_ == 0 || --left_ > 0) return {};
    has_failed_ = true;
    return {code_, std::string("a planted fault of ") + of_};
  }

 private:
  const char* of_;
  Code code_ = Code::storage_error;
  mutable std::uint64_t left_ = 0;
  mutable bool has_failed_ = false;
};

}  // namespace tenuto::testing
