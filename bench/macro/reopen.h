// Opening a store in a process of its own: memory that this one has freed would be used again and not be seen.
#pragma once

#include <string>

namespace tenuto::bench {

struct Opened {
  double seconds;
  double bytes;  // of this process's own resident memory; pages of mapped files are the kernel's cache
};

// Opens the store at `path` in a child, with nothing left for the disk to write from before.
Opened open_in_child(const std::string& path);

// What the child is called with, followed by the path, and what it does then: opens the store and prints what it took.
inline constexpr const char* kOpenAndTell = "--open";
int open_and_tell(const std::string& path);

// Bytes of resident memory of this process alone.
double resident_bytes();

}  // namespace tenuto::bench
