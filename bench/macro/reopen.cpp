#include "bench/macro/reopen.h"

#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "bench/harness.h"
#include "bench/macro/client.h"

namespace tenuto::bench {

double resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  unsigned long total = 0, resident = 0, shared = 0;
  const int got = std::fscanf(file, "%lu %lu %lu", &total, &resident, &shared);
  std::fclose(file);
  return got == 3 ? static_cast<double>(resident - shared) * static_cast<double>(::sysconf(_SC_PAGESIZE)) : 0;
}

int open_and_tell(const std::string& path) {
  const double before = resident_bytes();
  const double begin = now();
  Store store(path);
  const double seconds = now() - begin;
  std::printf("%.9f %.0f\n", seconds, resident_bytes() - before);
  return 0;
}

Opened open_in_child(const std::string& path) {
  ::sync();  // the first sync of the child would wait for all that was written before
  const std::string command = "/proc/" + std::to_string(::getpid()) + "/exe " + kOpenAndTell + " " + path;
  std::FILE* child = ::popen(command.c_str(), "r");
  Opened opened{};
  const int got = child == nullptr ? 0 : std::fscanf(child, "%lf %lf", &opened.seconds, &opened.bytes);
  if (child != nullptr) ::pclose(child);
  if (got != 2) throw std::runtime_error("the child could not open " + path);
  return opened;
}

}  // namespace tenuto::bench
