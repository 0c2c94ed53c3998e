// The contract of the ordered tables that hold everything derived from the journal: what survives what.
//
// Two implementations: LmdbState (one LMDB environment) and MemState (memory, with crash(): back to the last commit).
//
// Contract:
//  1. One write transaction at a time. commit() is atomic: after a crash either all of it is there or none, and all of
//     it once commit() has returned ok.
//  2. A read transaction sees one commit, whole, for as long as it lives; any number at the same time, also from other
//     processes. Views returned by it live as long as it does.
//  3. A failed commit (no space) changes nothing; it may be tried again with a new transaction. `poisoned` means that
//     the outcome is unknown and the store must be opened again.
//  4. A full map grows by itself. The transaction that met its end is over and has changed nothing: put(), erase() or
//     commit() gave full, and the whole transaction may be done again at once. A second full says that the disk is.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/bytes.h"
#include "core/base/status.h"

namespace tenuto {

enum class Table : std::uint8_t {
  meta = 0,       // name -> value: format, generation, watermark, next run number, store id …
  workflows = 1,  // hash -> definition
  live = 2,       // run number -> how far its events are in `history`
  history = 3,    // run number, chunk -> packed events
  summaries = 4,  // block number -> rows of ended runs with a zone map
  keys = 5,       // caller-chosen run id -> run number
  commands = 6,   // command id -> outcome
  timers = 7,
  schedules = 8,
  limits = 9,
  stats = 10,
  audit = 11,
  packs = 12,  // last run number -> histories of several short runs
};
inline constexpr std::size_t kTableCount = 13;
// As they are called in the file and in what people read; the place of each is its number.
inline constexpr std::array<const char*, kTableCount> kTableNames = {
    "meta",   "workflows", "live",   "history", "summaries", "keys",  "commands",
    "timers", "schedules", "limits", "stats",   "audit",     "packs",
};

// Thread safety: used by one thread at a time, the one that made it.
class StateRead {
 public:
  virtual ~StateRead() = default;
  // False when there is none. `value` lives as long as the transaction (and, in a write transaction, until the next put).
  virtual Result<bool> get(Table table, ByteView key, ByteView& value) const = 0;
  // Visits entries with key >= `from` in order until the visitor returns false.
  virtual Status scan(Table table, ByteView from,
                      const std::function<bool(ByteView key, ByteView value)>& visit) const = 0;
  // The same downwards from the last key <= `from`; an empty `from` starts at the end.
  virtual Status scan_back(Table table, ByteView from,
                           const std::function<bool(ByteView key, ByteView value)>& visit) const = 0;
};

class StateWrite : public StateRead {
 public:
  virtual Status put(Table table, ByteView key, ByteView value) = 0;
  // As put(), of a key above all others in the table, else internal_error. Pages are filled to the end, where a put() that
  // splits the last page leaves half of it empty.
  virtual Status append(Table table, ByteView key, ByteView value) = 0;
  virtual Status erase(Table table, ByteView key) = 0;  // ok when there is none
  virtual Status commit() = 0;                          // ends the transaction; destruction without it aborts
};

// Facts for `db info`.
struct StateInfo {
  std::uint64_t used_bytes = 0;
  std::uint64_t map_bytes = 0;
  std::uint32_t readers = 0;  // in a transaction, of all processes
  std::uint64_t entries[kTableCount] = {};
};

// Thread safety: begin_read by any thread; begin_write by one at a time.
class State {
 public:
  virtual ~State() = default;
  virtual Result<std::unique_ptr<StateRead>> begin_read() const = 0;
  virtual Result<std::unique_ptr<StateWrite>> begin_write() = 0;
  virtual Result<StateInfo> info() const = 0;
  // For who is going to read for long: so many bytes more can be written meanwhile although nothing may be moved. Not ok: no
  // such promise; all else is as it was.
  virtual Status make_room(std::uint64_t) { return {}; }
};

}  // namespace tenuto
