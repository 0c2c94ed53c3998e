// An allocator for buffers that are large for a while: they come from the system and go back to it, past the heap, which would keep
// the room.
//
// Thread safety: as std::allocator. Throws std::bad_alloc.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace tenuto {

template <class T>
struct PageAllocator {
  using value_type = T;
  PageAllocator() = default;
  template <class Other>
  explicit PageAllocator(const PageAllocator<Other>&) {}

  T* allocate(std::size_t count) {
    const std::size_t size = count * sizeof(T);
    if (size < kPagesFrom) return static_cast<T*>(::operator new(size));
    void* pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    return static_cast<T*>(pages);
  }
  void deallocate(T* memory, std::size_t count) {
    const std::size_t size = count * sizeof(T);
    if (size < kPagesFrom) {
      ::operator delete(memory);
    } else {
      ::munmap(memory, size);
    }
  }
  friend bool operator==(const PageAllocator&, const PageAllocator&) { return true; }

 private:
  static constexpr std::size_t kPagesFrom = 256u
                                            << 10;  // below, a call of the system costs more than it is worth
};

}  // namespace tenuto
