// Other processes of this machine, as the kernel tells of them.
#pragma once

#include <cstdint>
#include <string>

namespace tenuto {

// "process 42 (python3)"; without the name when there is no such process.
std::string process_text(std::int64_t pid);
// The name of its program; empty when there is no such process.
std::string process_name(std::int64_t pid);
// Stopped by a signal or a debugger: it goes on when somebody lets it.
bool is_process_stopped(std::int64_t pid);

}  // namespace tenuto
