#include "core/payload/payload.h"

#include <cstring>
#include <limits>
#include <new>

namespace tenuto {

constinit Payload::EmptyObject Payload::empty_object_{{{1}, 2, ContentType::json}, "{}"};

Payload Payload::make(ContentType type, ByteView bytes) {
  if (type == ContentType::json && bytes == kNull) return Payload();
  if (type == ContentType::json && bytes == "{}") {
    static_assert(offsetof(EmptyObject, text) == sizeof(Block), "where data() looks");
    Payload p;
    p.block_ = &empty_object_.block;
    return p;
  }
  return build(type, bytes.size(), [bytes](char* to) {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  });
}

Payload::Block* Payload::allocate(ContentType type, std::size_t size) {
  TN_CHECK(size <= std::numeric_limits<std::uint32_t>::max());
  // One byte more: hosts in C are promised a zero behind the bytes.
  void* memory = ::operator new(sizeof(Block) + size + 1);
  Block* block = new (memory) Block{1, static_cast<std::uint32_t>(size), type};
  block->data()[size] = '\0';
  return block;
}

void Payload::release(Block* block) {
  // Release orders this thread's reads of the bytes before the decrement; the last one acquires all of them, so that
  // the memory is given back after every read (pairs with itself).
  if (block->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  block->~Block();
  ::operator delete(block);
}

}  // namespace tenuto
