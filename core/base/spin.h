// One step of a loop that looks at memory until another thread has written it.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tenuto {

// Tells the processor that this is such a loop; takes 10 to 50 nanoseconds.
inline void pause_cpu() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace tenuto
