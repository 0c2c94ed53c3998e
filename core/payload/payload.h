// The value that travels between tasks: immutable shared bytes with a content type.
//
// Thread safety: as std::shared_ptr: different Payload objects may be used from different threads although they share
// their bytes; one object is used by one thread at a time. The bytes never change.
// Invariants: the JSON text `null` is always the empty payload: it costs no allocation and is told by a pointer. The text `{}`,
// the arguments of all tasks that have none, made by make() or json(), is one block that is never counted or given back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/base/sync.h"

namespace tenuto {

// The numbers are stored; they never change their meaning.
enum class ContentType : std::uint8_t { json = 1, bytes = 2 };

class Payload {
 public:
  // The JSON value null.
  Payload() = default;
  Payload(const Payload& other) noexcept : block_(other.block_) {
    // Relaxed: the copied reference keeps the block alive, and whoever passes a payload on orders the hand-over itself.
    if (is_counted()) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Payload(Payload&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Payload& operator=(const Payload& other) noexcept {
    Payload copy(other);
    std::swap(block_, copy.block_);
    return *this;
  }
  Payload& operator=(Payload&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Payload() {
    if (is_counted()) release(block_);
  }

  // Copies JSON text that is known to be valid; text from outside goes through json::validate first.
  [[nodiscard]] static Payload json(ByteView text) { return make(ContentType::json, text); }
  // Copies `bytes` into one allocation. At most 4 GiB; the engine's own bound is limits::kValueBytesMax.
  [[nodiscard]] static Payload make(ContentType type, ByteView bytes);
  // As make(), but `fill(char* to)` writes the `size` bytes in place: no copy of a value that is read or received.
  template <class Fill>
  [[nodiscard]] static Payload build(ContentType type, std::size_t size, Fill&& fill) {
    Payload p;
    p.block_ = allocate(type, size);
    fill(p.block_->data());
    if (type == ContentType::json && p.view() == kNull) return Payload();
    return p;
  }

  // The bytes; valid as long as this payload or a copy of it lives.
  [[nodiscard]] ByteView view() const {
    return block_ == nullptr ? kNull : ByteView(block_->data(), block_->size);
  }
  [[nodiscard]] ContentType content_type() const {
    return block_ == nullptr ? ContentType::json : block_->type;
  }
  [[nodiscard]] std::size_t size() const { return view().size(); }
  [[nodiscard]] bool is_null_json() const { return block_ == nullptr; }

  // Equal type and equal bytes; JSON is compared as text.
  friend bool operator==(const Payload& a, const Payload& b) {
    return a.block_ == b.block_ || (a.content_type() == b.content_type() && a.view() == b.view());
  }

 private:
  static constexpr ByteView kNull = "null";

  // Followed by `size` bytes.
  struct Block {
    Atomic<std::uint32_t> references;
    std::uint32_t size;
    ContentType type;
    [[nodiscard]] char* data() { return reinterpret_cast<char*>(this + 1); }
    [[nodiscard]] const char* data() const { return reinterpret_cast<const char*>(this + 1); }
  };
  // A block with its bytes behind it.
  struct EmptyObject {
    Block block;
    char text[3];
  };
  static EmptyObject empty_object_;

  [[nodiscard]] bool is_counted() const { return block_ != nullptr && block_ != &empty_object_.block; }
  static Block* allocate(ContentType type, std::size_t size);
  static void release(Block* block);

  Block* block_ = nullptr;
};

static_assert(sizeof(Payload) == 8, "millions of results are kept at once");

}  // namespace tenuto
