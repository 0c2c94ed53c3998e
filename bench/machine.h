// The machine that figures were taken on.
#pragma once

#include <map>
#include <string>

namespace tenuto::bench {

// cpu, cores, kernel, memory, compiler, build, tenuto.
std::map<std::string, std::string> this_machine();

}  // namespace tenuto::bench
