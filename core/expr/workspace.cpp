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
  newest_end_ = nullptr;
  steps_ = 0;
  instruction_ = 0;
}

bool Workspace::add_chunk(std::size_t room) {
  if (room > limits::kEvaluationBytesMax - reserved_) return false;
  // Chunks double, so that a long chain of `+` moves its prefix only a few times.
  const std::size_t size = std::max(room, std::min(reserved_, limits::kEvaluationBytesMax - reserved_));
  chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
  reserved_ += size;
  next_ = chunks_.back().get();
  left_ = size;
  return true;
}

bool Workspace::extend(const char* begin, std::size_t old_size, std::size_t size) {
  if (old_size == 0 || begin + old_size != newest_end_) return false;
  const std::size_t behind = left_ + static_cast<std::size_t>(next_ - newest_end_);
  if (size - old_size > behind) return false;
  const std::size_t taken = std::min(left_, (size - old_size + 7) & ~std::size_t{7});
  next_ += taken;
  left_ -= taken;
  newest_end_ = begin + size;
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
