// Records the system calls of this process on one folder, by taking the C library's functions over (recorder.c): those of the
// engine, and those of LMDB.
//
// One lock gives the order. A write is in the record before it happens, a sync after; a call that changes names
// happens under the lock. Nothing is synced in fact: a sync takes a moment, so that others go on meanwhile, and counts as one.
//
// What is written through a mapping (the shared page, LMDB's lock file) is noticed at the syncs, by comparing.
#pragma once

#include <vector>

#include "tests/power/record.h"

namespace tenuto::testing {

// Thread safety: note() by any thread; one recorder at a time in a process.
class Recorder {
 public:
  // `folder` exists, and all that is in it is on the disk: it is what the record starts from.
  explicit Recorder(const std::string& folder);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  static void note(const Note& note);

  // Ends the recording.
  [[nodiscard]] std::vector<Op> take();
  // The files that were there at the beginning have the numbers that the record gives them.
  [[nodiscard]] const std::map<std::string, FileNumber>& first_files() const { return first_files_; }

 private:
  std::map<std::string, FileNumber> first_files_;
};

}  // namespace tenuto::testing
