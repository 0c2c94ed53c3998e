// Tells a forked child from its parent without a system call: every fork() adds one to a count in the child.
#pragma once

#include <cstdint>

namespace tenuto::fork_guard {

// The count of this process; take it when something is made that a child must not use.
[[nodiscard]] std::uint32_t mark();
// True if this process was forked, directly or not, from the one that took `mark`.
[[nodiscard]] bool is_forked_child(std::uint32_t mark);

}  // namespace tenuto::fork_guard
