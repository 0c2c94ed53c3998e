// A process that dies right behind one of its next writes at a place (pwrite), which stands in lmdb_fault_test.cpp.
#pragma once

#include <atomic>

namespace tenuto::testing {

inline std::atomic<int> writes_until_death{0};  // 0: it lives

}  // namespace tenuto::testing
