// What a working engine asked of the file system, and what it told, in one order.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"

namespace tenuto::testing {

// A file, whatever its names: numbered as they are met, from 1.
using FileNumber = std::uint32_t;

enum class OpKind : std::uint8_t {
  write,         // file, offset, bytes
  resize,        // file, offset: the new size
  sync_began,    // file
  sync_ended,    // file; `of` is where it began: what was written before is on the disk
  write_synced,  // file; `of` is a write through a descriptor that syncs (O_DSYNC), which has returned
  create,        // path, file
  rename,        // path, to, file
  unlink,        // path
  mkdir,         // path
  rmdir,         // path
  names_began,   // path: a folder's sync
  names_synced,  // path; `of` is where it began
  note,          // note: what callers and bodies were told
};

enum class NoteKind : std::uint8_t {
  started,    // a start was answered
  ended,      // a run's result was given
  cancelled,  // a cancel was answered with ok
  begun,      // an impure body began
  accepted,   // a command was accepted by the inbox
  closed,     // the engine was closed in order
};

struct Note {
  NoteKind kind = NoteKind::closed;
  RunNumber run;
  TaskIndex task;
  Attempt attempt;
  CommandId command;   // accepted
  std::string run_id;  // accepted: of the run to be started or cancelled
  bool is_start = false;
};

struct Op {
  OpKind kind = OpKind::note;
  FileNumber file = 0;
  std::uint64_t offset = 0;
  std::size_t of = 0;
  Bytes bytes;
  std::string path;  // below the watched folder
  std::string to;
  Note note;
};

// What a disk holds: files by path below some folder, and folders.
struct DiskImage {
  std::map<std::string, Bytes> files;
  std::vector<std::string> folders;  // parents first
};
[[nodiscard]] DiskImage read_image(const std::string& folder);
// `folder` is made anew.
void write_image(const DiskImage& image, const std::string& folder);

}  // namespace tenuto::testing
