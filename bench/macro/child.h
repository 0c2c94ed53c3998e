// Work that is done in a process of its own: memory that this one has freed would be used again and not be seen there, and a
// process that is killed leaves a store as a crash does.
#pragma once

#include <cstdint>
#include <string>

namespace tenuto::bench {

struct ChildFigures {
  double seconds;
  double bytes;  // of the child's own resident memory; pages of mapped files are the kernel's cache
};

// Opens the store at `path`, with nothing left for the disk to write from before. `runs` says nothing here.
inline constexpr const char* kOpen = "open";
// Makes a store at `path` and fills it with `runs` waiting runs; seconds and bytes are of these alone.
inline constexpr const char* kFill = "fill";
// The same, and then it kills itself as soon as all of that is durable.
inline constexpr const char* kFillAndDie = "fill-and-die";
// Sends starts of runs to the owner of the store at `path`, one every 100 ms, until it is killed. Not for in_child().
inline constexpr const char* kSendCommands = "send-commands";
ChildFigures in_child(const char* work, const std::string& path, std::uint64_t runs);

// The command line of a child: this word, the work, the path and the number of runs.
inline constexpr const char* kChildWord = "--child";
int child_main(const std::string& work, const std::string& path, std::uint64_t runs);

}  // namespace tenuto::bench
