#include "bench/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "tenuto/tenuto.h"

namespace tenuto::bench {

namespace {

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string kernel() {
  utsname name{};
  return ::uname(&name) == 0 ? std::string(name.sysname) + " " + name.release + " " + name.machine
                             : "unknown";
}

std::string memory() {
  const auto pages = static_cast<unsigned long long>(::sysconf(_SC_PHYS_PAGES));
  return std::to_string((pages * static_cast<unsigned long long>(::sysconf(_SC_PAGESIZE))) >> 20) + " MiB";
}

}  // namespace

std::map<std::string, std::string> this_machine() {
#ifdef NDEBUG
  const char* build = "optimised";
#else
  const char* build = "with debug checks";
#endif
#ifdef __clang__
  const std::string compiler = std::string("clang ") + __clang_version__;
#else
  const std::string compiler = std::string("g++ ") + __VERSION__;
#endif
  return {{"cpu", cpu_model()},        {"cores", std::to_string(std::thread::hardware_concurrency())},
          {"kernel", kernel()},        {"memory", memory()},
          {"compiler", compiler},      {"build", build},
          {"tenuto", tenuto_version()}};
}

}  // namespace tenuto::bench
