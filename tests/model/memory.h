// The memory of one run, after the rules of C++20: every location keeps all values it ever had, and a thread may read any that it
// isn't bound to know to be overwritten. explorer.h says what that covers and what it doesn't.
//
// A value with what it brings along is a message. The messages of a location stand in its modification order. A view says, for
// every location, which message a thread must not read behind, and for every thread, which of its plain accesses
// happened before; a release store attaches its thread's view to its message, and an acquire load takes it over.
//
// The one order of all seq_cst operations is not chosen: it is enough that there is one. So we keep what it must respect, a graph, and a
// choice that would close a circle in it is none. It must respect "strongly happens before" ([intro.races]: a release
// that is itself the seq_cst operation counts only for an acquire that is one, too), and on every location the modification order with its
// readers ([atomics.order]). The newest message never closes a circle, so nothing gets stuck.
#pragma once

#include <array>
#include <atomic>
#include <bitset>
#include <cstdint>
#include <vector>

#include "tests/model/explorer.h"
#include "tests/model/model_atomic.h"

namespace tenuto::testing {

inline constexpr std::uint32_t kThreadsMax = 4;
inline constexpr std::uint32_t kLocationsMax = 128;
inline constexpr std::uint32_t kMessagesMax = 64;

// A message of one location, counted in the order in which they were made; 0 is there from the beginning.
using MessageId = std::uint8_t;
using MessageSet = std::uint64_t;  // of one location, as bits

// Of seq_cst operations, counted in the order of execution.
inline constexpr std::uint32_t kSeqCstMax = 192;
using SeqCstSet = std::bitset<kSeqCstMax>;

struct View {
  std::array<MessageId, kLocationsMax> seen{};
  std::array<std::uint32_t, kThreadsMax> clock{};
  SeqCstSet strongly_before;
};

class RunMemory {
 public:
  explicit RunMemory(Memory mode) : mode_(mode) {}

  void begin();
  // The last values go to the cells, for checks after the run.
  void end();
  // Places of cells that were used in no run yet begin with the cell's word.
  std::uint32_t place_of(ModelCell& cell);
  // False: a data race. The cell is made or goes; `thread` did that.
  bool made(ModelCell& cell, std::uint32_t thread);
  bool gone(ModelCell& cell, std::uint32_t thread);

  // The messages that a load of `thread` may read; that a store may stand right behind; that a read-modify-write may read.
  [[nodiscard]] MessageSet readable(std::uint32_t thread, std::uint32_t place, bool seq_cst) const;
  [[nodiscard]] MessageSet writable(std::uint32_t thread, std::uint32_t place, bool seq_cst) const;
  [[nodiscard]] MessageSet replaceable(std::uint32_t thread, std::uint32_t place, bool seq_cst) const;
  [[nodiscard]] std::uint64_t word(std::uint32_t place, MessageId id) const {
    return locations_[place].messages[id].word;
  }
  // So many messages or operations that the run is taken to have no end.
  [[nodiscard]] bool is_full(std::uint32_t place) const {
    return locations_[place].messages.size() == kMessagesMax || seq_cst_.size() == kSeqCstMax;
  }
  [[nodiscard]] MessageId last(std::uint32_t place) const { return locations_[place].order.back(); }

  // False: a data race with a plain access. An update reads, and then writes behind what it read.
  bool read(std::uint32_t thread, std::uint32_t place, MessageId id, std::memory_order order, bool is_update);
  bool write(std::uint32_t thread, std::uint32_t place, MessageId behind, std::uint64_t word,
             std::memory_order order, bool is_update);
  bool plain_read(std::uint32_t thread, std::uint32_t place);
  bool plain_write(std::uint32_t thread, std::uint32_t place, std::uint64_t word);

  // A lock's hand-over, and a kernel's.
  void acquire_all(std::uint32_t thread, std::uint32_t place) {
    join(views_[thread], locations_[place].hand_over);
  }
  void release_all(std::uint32_t thread, std::uint32_t place);
  void hold(std::uint32_t place, bool is_held) { locations_[place].messages[0].word = is_held ? 1 : 0; }
  // A futex. Its waker has made sure that whoever compares its word from now on, or is woken, sees what the waker saw of it;
  // nothing else is handed over.
  void woke(std::uint32_t thread, std::uint32_t place);
  void awoke(std::uint32_t thread, std::uint32_t place) { see(thread, place, locations_[place].futex_last); }
  void compared(std::uint32_t thread, std::uint32_t place, MessageId id) { see(thread, place, id); }
  [[nodiscard]] MessageSet comparable(std::uint32_t thread, std::uint32_t place) const;

 private:
  struct Message {
    std::uint64_t word = 0;
    bool has_view = false;     // it was released, or carries on what was
    bool is_replaced = false;  // by a read-modify-write, which stands right behind it
    View view;
    SeqCstSet heads;  // of its release sequences, those that are seq_cst
    bool heads_are_seq_cst = false;
  };
  struct SeqCst {
    std::uint32_t place;
    MessageId id;
    bool is_write;
    SeqCstSet before;  // in every order that respects what there is
  };
  using Epochs = std::array<std::uint32_t, kThreadsMax>;  // of each thread's last access
  struct Location {
    ModelCell* cell = nullptr;
    std::vector<Message> messages;
    std::vector<MessageId> order;  // of modification
    std::array<std::uint8_t, kMessagesMax> rank{};
    MessageId futex_last = 0;
    Epochs plain_reads{}, plain_writes{}, atomic_reads{}, atomic_writes{};
    View hand_over;
  };

  std::uint32_t new_place(ModelCell& cell);
  void see(std::uint32_t thread, std::uint32_t place, MessageId id);
  void join(View& to, const View& from) const;
  [[nodiscard]] MessageSet from_on(const Location& location, std::uint32_t rank, bool is_replaced_too) const;
  [[nodiscard]] std::uint32_t known_rank(std::uint32_t thread, std::uint32_t place) const;
  // What a seq_cst operation that reads `id` comes after by itself.
  [[nodiscard]] SeqCstSet strongly_before(std::uint32_t thread, const Message* read) const;
  // With all that comes before those, and before a message at `position` of its location.
  [[nodiscard]] SeqCstSet before(SeqCstSet known, std::uint32_t place, std::uint32_t position) const;
  [[nodiscard]] std::uint32_t position_of(const SeqCst& operation) const;
  [[nodiscard]] MessageSet without_circles(std::uint32_t thread, std::uint32_t place, MessageSet ids,
                                           bool reads, bool writes) const;
  void add_seq_cst(const SeqCstSet& known, std::uint32_t place, MessageId id, bool is_write);
  [[nodiscard]] bool is_after(std::uint32_t thread, const Epochs& epochs) const;

  Memory mode_;
  std::uint64_t run_ = 0;
  std::vector<Location> locations_;  // kept from run to run for their room
  std::uint32_t count_ = 0;
  std::array<View, kThreadsMax> views_;
  std::vector<SeqCst> seq_cst_;
  SeqCstSet update_after_;  // of the update that has read and not yet written
};

}  // namespace tenuto::testing
