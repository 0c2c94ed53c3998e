#include "core/expr/workspace.h"

#include <algorithm>
#include <new>

#include "core/base/check.h"

namespace tenuto::expr {

Workspace::Workspace() {
  chunks_.push_back(std::make_unique_for_overwrite<char[]>(kChunkBytes));
  reset();
}

void Workspace::reset() {
  if (chunks_.size() > 1) chunks_.resize(1);
  next_ = chunks_.front().get();
  left_ = kChunkBytes;
  reserved_ = kChunkBytes;
  growing_end_ = growing_limit_ = nullptr;
  steps_ = 0;
  instruction_ = 0;
}

bool Workspace::add_chunk(std::size_t room) {
  if (room > limits::kEvaluationBytesMax - reserved_) return false;
  // Chunks double, so that there are few of them.
  const std::size_t size = std::max(room, std::min(reserved_, limits::kEvaluationBytesMax - reserved_));
  chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
  reserved_ += size;
  next_ = chunks_.back().get();
  left_ = size;
  return true;
}

char* Workspace::allocate_growing(std::size_t size) {
  std::size_t room = size * 2;
  char* p = allocate(room);
  if (p == nullptr) {
    room = size;
    p = allocate(room);
  }
  if (p == nullptr) return nullptr;
  growing_end_ = p + size;
  growing_limit_ = p + room;
  return p;
}

bool Workspace::grow(const char* begin, std::size_t old_size, std::size_t size) {
  if (old_size == 0 || begin + old_size != growing_end_) return false;
  if (size - old_size > static_cast<std::size_t>(growing_limit_ - growing_end_)) return false;
  growing_end_ = begin + size;
  return true;
}

Value Workspace::fail(ErrorKind kind, ByteView detail, Value left, Value right, bool unary) {
  void* memory = kind == ErrorKind::too_many_bytes ? nullptr : allocate(sizeof(Error));
  if (memory == nullptr) {
    kind = kind == ErrorKind::too_many_steps ? kind : ErrorKind::too_many_bytes;
    memory = &spare_;
  }
  Value v;
  v.kind = ValueKind::error;
  v.error = new (memory) Error{kind, instruction_, unary, detail, left, right};
  return v;
}

Value first_unusable(std::span<const Value> operands) {
  const Value* skipped = nullptr;
  for (const Value& v : operands) {
    if (v.kind == ValueKind::error) return v;
    if (v.kind == ValueKind::skipped && skipped == nullptr) skipped = &v;
  }
  TN_CHECK(skipped != nullptr);
  return *skipped;
}

}  // namespace tenuto::expr
