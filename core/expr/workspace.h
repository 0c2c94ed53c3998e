// What operators and functions of an evaluation work with: memory, the budget, and errors. Internal to core/expr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/expr/value.h"

namespace tenuto::expr {

enum class ErrorKind : std::uint8_t {
  no_operand,       // detail: the name
  broken_operand,   // detail: the name
  no_member,        // detail: the member; left: what has none
  no_key,           // left: the key
  no_index,         // left: the index; right: the list
  no_overload,      // detail: operator or function; left, right: operands
  not_boolean,      // left: the value
  overflow,         // detail: the operator
  divided_by_zero,  // detail: the operator
  big_number,       // left: the number
  repeated_key,     // left: the key
  wrong_key,        // left: the key
  not_convertible,  // detail: the function; left: the value
  too_many_bytes,
  too_many_steps,
};

// Kept as its parts: most errors are absorbed by `&&`, `||` or a condition and never become a text.
struct Error {
  ErrorKind kind{};
  std::uint32_t instruction = 0;  // of the program that ran
  bool unary = false;             // no_overload: `right` says nothing
  ByteView detail;
  Value left;
  Value right;
};

class Workspace {
 public:
  Workspace();
  // Begins anew: everything handed out before becomes invalid.
  void reset();
  // Begins a program: errors from now on are its. Memory and budget go on.
  void set_instruction(std::uint32_t instruction) { instruction_ = instruction; }

  // Uninitialised memory, aligned for Value; nullptr once limits::kEvaluationBytesMax are spent.
  [[nodiscard]] char* allocate(std::size_t size) {
    const std::size_t room = (size + 7) & ~std::size_t{7};
    if (room > left_ && !add_chunk(room)) return nullptr;
    char* p = next_;
    next_ += room;
    left_ -= room;
    return p;
  }
  template <class T>
  [[nodiscard]] T* allocate_array(std::size_t count) {
    return reinterpret_cast<T*>(allocate(count * sizeof(T)));
  }
  // The same with room behind it: grow() can make it longer.
  [[nodiscard]] char* allocate_growing(std::size_t size);
  // If the `old_size` bytes at `begin` are the newest growing allocation, whole, and it has the room: makes it `size`
  // bytes long. Else returns false and changes nothing. With it a chain of `+` takes linear time: its prefix stays in
  // place.
  [[nodiscard]] bool grow(const char* begin, std::size_t old_size, std::size_t size);

  // Takes `steps` from the budget; false once it is spent.
  [[nodiscard]] bool charge(std::uint64_t steps) {
    steps_ += steps;
    return steps_ <= limits::kEvaluationStepsMax;
  }
  [[nodiscard]] bool charge_bytes(std::size_t bytes) { return charge(1 + bytes / 64); }

  [[nodiscard]] Value fail(ErrorKind kind, ByteView detail = {}, Value left = {}, Value right = {},
                           bool unary = false);
  [[nodiscard]] Value out_of_memory() { return fail(ErrorKind::too_many_bytes); }
  [[nodiscard]] Value out_of_steps() { return fail(ErrorKind::too_many_steps); }

 private:
  static constexpr std::size_t kChunkBytes = 16u << 10;  // not critical
  // False if the limit does not allow a chunk for `room` bytes.
  bool add_chunk(std::size_t room);

  std::vector<std::unique_ptr<char[]>> chunks_;  // chunks_[0] has kChunkBytes and is kept
  char* next_ = nullptr;
  std::size_t left_ = 0;
  const char* growing_end_ = nullptr;    // of the newest growing allocation as it is
  const char* growing_limit_ = nullptr;  // of its room
  std::size_t reserved_ = 0;             // bytes of all chunks
  std::uint64_t steps_ = 0;
  std::uint32_t instruction_ = 0;
  Error spare_;  // for an error when there is no memory for one
};

// Of operands of which at least one is not usable: the first error, else the first skipped value.
[[nodiscard]] Value first_unusable(std::span<const Value> operands);

}  // namespace tenuto::expr
