// The file `shared`: what the owner of a store tells every process on the machine, and what survives its SIGKILL.
//
// Written through a mapping and never synced: a power cut may lose it, and nothing depends on it then. Layout,
// version 1, little-endian (offsets in bytes):
//
//   0     8   magic "TENUTOSH"
//   8     4   layout version                    12    4   number of body slots
//   16    8   generation of the owner's open     24    8   process number of the owner, 0 after an orderly close
//   64    8   durable position: everything before it survives a power cut
//   128   8   heartbeats so far                 136   8   wall time of the last one, ns
//   192   32 each, 8 of them: readers that hold the tables
//           0  8  process number, 0 for none    8   8  the commit of the tables that it sees
//           16 8  since when, wall ns           24  8  bytes by which the tables have grown since
//   4096  64 each: body slots
//           0  4  sequence: odd while the slot is being written, 0 when it was never used
//           4  4  attempt, 0 when no body runs   8   8  run number   16  4  scope   20  4  task   24  8  start, wall ns
//
// Fields are atomic words. The file keeps its inode from owner to owner, so that readers need not map it anew.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/status.h"
#include "core/store/file_calls.h"

namespace tenuto {

// A task body that runs, or ran when its process died.
struct RunningBody {
  RunNumber run;
  ScopeNumber scope;
  TaskIndex task;
  Attempt attempt;
  WallTime started;
  friend bool operator==(const RunningBody&, const RunningBody&) = default;
};

// A reader of the tables that stays where it is, so that nothing that it may see is freed.
struct HeldReader {
  std::int64_t pid = 0;
  std::uint64_t snapshot = 0;  // the number of the commit
  WallTime since;
  std::uint64_t grown_bytes = 0;
  friend bool operator==(const HeldReader&, const HeldReader&) = default;
};

// Thread safety: all functions by any thread; a slot is written by one thread at a time. Only the owner writes.
class SharedPage {
 public:
  static constexpr std::uint32_t kSlots = 1024;
  static constexpr std::uint32_t kHeldReaders = 8;

  // For the holder of the owner's lock: maps the file, and makes it when it is missing or of another layout. What the
  // last owner left is there until begin(). full when there is no room for the file.
  static Result<std::unique_ptr<SharedPage>> open_owner(const std::string& path,
                                                        FileCalls& calls = FileCalls::system());
  // For everybody else. not_found when no owner has been there yet, newer_format for a newer layout.
  static Result<std::unique_ptr<SharedPage>> open_reader(const std::string& path,
                                                         FileCalls& calls = FileCalls::system());
  ~SharedPage();
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;

  // Starts this owner's time: forgets the bodies of the last one and names the new one. The durable position stays
  // until it is published.
  void begin(Generation generation, std::int64_t pid);
  // The last act of an orderly close.
  void end();

  // Pairs with durable(): who sees a position sees all that was written to the journal before it.
  void publish_durable(Position position);
  void beat(WallTime now);
  // `slot` < kSlots. The owner's threads divide the slots among themselves.
  void body_started(std::uint32_t slot, const RunningBody& body);
  void body_ended(std::uint32_t slot);

  // All of them, at most kHeldReaders, by one thread at a time. Who reads them meanwhile may see some of the old and some of the new.
  void put_held_readers(std::span<const HeldReader> readers);

  [[nodiscard]] Generation generation() const;
  [[nodiscard]] std::int64_t owner_pid() const;
  [[nodiscard]] Position durable() const;
  [[nodiscard]] std::uint64_t heartbeats() const;
  [[nodiscard]] WallTime last_heartbeat() const;
  // A slot that is being written at this moment is left out: its body has not begun or has just ended.
  [[nodiscard]] std::vector<RunningBody> running() const;
  [[nodiscard]] std::vector<HeldReader> held_readers() const;

 private:
  struct Layout;
  struct Slot;
  struct Held;
  SharedPage(Layout* layout, bool writable) : layout_(layout), writable_(writable) {}
  static Result<std::unique_ptr<SharedPage>> map(int fd, bool writable, const std::string& path);
  static std::optional<RunningBody> read_slot(const Slot& slot);

  Layout* const layout_;  // the mapping, of this object
  const bool writable_;
};

}  // namespace tenuto
