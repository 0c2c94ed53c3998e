#include "core/journal/ring.h"

#include <cstdlib>
#include <new>
#include <utility>

namespace tenuto {

RingMemory::RingMemory(std::size_t bytes) : bytes_(static_cast<char*>(std::calloc(1, bytes))), size_(bytes) {
  if (bytes_ == nullptr) throw std::bad_alloc();
}
RingMemory::RingMemory(RingMemory&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
RingMemory::~RingMemory() {
  std::free(bytes_);
}

}  // namespace tenuto
