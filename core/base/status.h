// Return codes and Result<T>.
//
// One table (TN_STATUS_TABLE) feeds the core, the C constants and the Python classes; a test walks all three.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/check.h"

namespace tenuto {

// name, number (fixed for ever), text for people
#define TN_STATUS_TABLE(X)                                        \
  X(ok, 0, "ok")                                                  \
  X(invalid_argument, 1, "an argument is not valid")              \
  X(not_found, 2, "no such object")                               \
  X(conflict, 3, "the id is taken by something else")             \
  X(wrong_state, 4, "not possible in this state")                 \
  X(too_large, 5, "larger than the limit")                        \
  X(owned, 6, "the store is owned by another process")            \
  X(closed, 7, "the engine is closed")                            \
  X(forked, 8, "the engine belongs to the parent process")        \
  X(timed_out, 9, "the time ran out")                             \
  X(full, 10, "no space left")                                    \
  X(storage_error, 11, "the storage failed")                      \
  X(damaged, 12, "the store is damaged")                          \
  X(newer_format, 13, "the store was written by a newer version") \
  X(poisoned, 14, "a sync failed; open the store again")          \
  X(version_mismatch, 15, "header and library do not match")      \
  X(no_memory, 16, "out of memory")                               \
  X(internal_error, 17, "an internal error")                      \
  X(task_failed, 18, "the run failed")                            \
  X(rejected, 19, "the run was rejected")                         \
  X(cancelled, 20, "the run was cancelled")                       \
  X(run_timed_out, 21, "the run timed out")

enum class Code : std::int32_t {
#define TN_STATUS_ENUM(name, number, text) name = number,
  TN_STATUS_TABLE(TN_STATUS_ENUM)
#undef TN_STATUS_ENUM
};

// "not_found"; "unknown" for a number outside the table.
[[nodiscard]] std::string_view code_name(Code code);
// The text for people; "unknown status" for a number outside the table.
[[nodiscard]] std::string_view code_text(Code code);

// A code with a message that names the object and the next step. Ok carries no message and no allocation.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] bool ok() const { return code_ == Code::ok; }
  [[nodiscard]] Code code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  explicit operator bool() const { return ok(); }

 private:
  Code code_ = Code::ok;
  std::string message_;
};

// Either a value or a Status that is not ok.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Status status)
      : held_(std::in_place_index<1>, std::move(status)) {  // NOLINT(google-explicit-constructor)
    TN_CHECK(!std::get<1>(held_).ok());
  }

  [[nodiscard]] bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }
  // The value; ok() must hold.
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  // The status; ok() must not hold.
  [[nodiscard]] const Status& status() const {
    TN_CHECK(!ok());
    return std::get<1>(held_);
  }
  [[nodiscard]] Code code() const { return ok() ? Code::ok : status().code(); }

 private:
  T& value() {
    TN_CHECK(ok());
    return std::get<0>(held_);
  }
  const T& value() const {
    TN_CHECK(ok());
    return std::get<0>(held_);
  }
  std::variant<T, Status> held_;
};

// Returns early with the status of `expression` unless it is ok.
#define TN_TRY(expression)                                                            \
  do {                                                                                \
    if (::tenuto::Status tn_status = (expression); !tn_status.ok()) return tn_status; \
  } while (false)

// Declares `target` with the value of `expression`, or returns early with its status.
#define TN_ASSIGN_JOIN2(a, b) a##b
#define TN_ASSIGN_JOIN(a, b) TN_ASSIGN_JOIN2(a, b)
#define TN_ASSIGN(target, expression)                                                                   \
  auto TN_ASSIGN_JOIN(tn_result_, __LINE__) = (expression);                                             \
  if (!TN_ASSIGN_JOIN(tn_result_, __LINE__).ok()) return TN_ASSIGN_JOIN(tn_result_, __LINE__).status(); \
  target = *std::move(TN_ASSIGN_JOIN(tn_result_, __LINE__))

}  // namespace tenuto
