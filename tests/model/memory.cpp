#include "tests/model/memory.h"

#include <algorithm>

#include "core/base/check.h"

namespace tenuto::testing {
namespace {

bool acquires(std::memory_order order) {
  return order == std::memory_order_acquire || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}
bool releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

std::uint64_t runs_begun = 0;  // over all memories: a cell may outlive one

}  // namespace

void RunMemory::begin() {
  run_ = ++runs_begun;
  count_ = 0;
  seq_cst_.clear();
  views_.fill(View());
  for (std::uint32_t t = 0; t < kThreadsMax; ++t) views_[t].clock[t] = 1;
}

void RunMemory::end() {
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (locations_[i].cell != nullptr) locations_[i].cell->word = word(i, last(i));
  }
}

std::uint32_t RunMemory::place_of(ModelCell& cell) {
  return cell.run == run_ ? cell.place : new_place(cell);
}

std::uint32_t RunMemory::new_place(ModelCell& cell) {
  TN_CHECK(count_ < kLocationsMax);
  if (count_ == locations_.size()) locations_.emplace_back();
  Location& location = locations_[count_];
  location.cell = &cell;
  location.messages.clear();
  location.messages.emplace_back();
  location.messages[0].word = cell.word;
  location.order.assign(1, 0);
  location.rank[0] = 0;
  location.futex_last = 0;
  location.plain_reads = location.plain_writes = location.atomic_reads = location.atomic_writes = {};
  location.hand_over = View();
  cell.run = run_;
  cell.place = count_;
  return count_++;
}

bool RunMemory::made(ModelCell& cell, std::uint32_t thread) {
  locations_[new_place(cell)].plain_writes[thread] = views_[thread].clock[thread];
  return true;
}

bool RunMemory::gone(ModelCell& cell, std::uint32_t thread) {
  if (cell.run != run_) return true;
  locations_[cell.place].cell = nullptr;
  return plain_write(thread, cell.place, 0);
}

void RunMemory::join(View& to, const View& from) const {
  for (std::uint32_t i = 0; i < count_; ++i) {
    const auto& rank = locations_[i].rank;
    if (rank[from.seen[i]] > rank[to.seen[i]]) to.seen[i] = from.seen[i];
  }
  for (std::uint32_t t = 0; t < kThreadsMax; ++t) to.clock[t] = std::max(to.clock[t], from.clock[t]);
  to.strongly_before |= from.strongly_before;
}

MessageSet RunMemory::from_on(const Location& location, std::uint32_t rank, bool is_replaced_too) const {
  if (mode_ == Memory::sequential) return MessageSet{1} << location.order.back();
  MessageSet result = 0;
  for (std::size_t i = rank; i < location.order.size(); ++i) {
    const MessageId id = location.order[i];
    if (is_replaced_too || !location.messages[id].is_replaced) result |= MessageSet{1} << id;
  }
  return result;
}

std::uint32_t RunMemory::known_rank(std::uint32_t thread, std::uint32_t place) const {
  return locations_[place].rank[views_[thread].seen[place]];
}

MessageSet RunMemory::readable(std::uint32_t thread, std::uint32_t place, bool seq_cst) const {
  const MessageSet ids = from_on(locations_[place], known_rank(thread, place), true);
  return seq_cst ? without_circles(thread, place, ids, true, false) : ids;
}
MessageSet RunMemory::writable(std::uint32_t thread, std::uint32_t place, bool seq_cst) const {
  const MessageSet ids = from_on(locations_[place], known_rank(thread, place), false);
  return seq_cst ? without_circles(thread, place, ids, false, true) : ids;
}
MessageSet RunMemory::replaceable(std::uint32_t thread, std::uint32_t place, bool seq_cst) const {
  const MessageSet ids = from_on(locations_[place], known_rank(thread, place), false);
  return seq_cst ? without_circles(thread, place, ids, true, true) : ids;
}
MessageSet RunMemory::comparable(std::uint32_t thread, std::uint32_t place) const {
  const Location& location = locations_[place];
  const std::uint32_t woken = location.rank[location.futex_last];
  return from_on(location, std::max(known_rank(thread, place), woken), true);
}

// Places on a location's scale: a message at rank r stands at 4 r, its readers behind it, then whoever goes between it and the next.
namespace {
constexpr std::uint32_t kPerRank = 4;
constexpr std::uint32_t kReader = 1;
constexpr std::uint32_t kBehind = 2;
}  // namespace

std::uint32_t RunMemory::position_of(const SeqCst& operation) const {
  return kPerRank * locations_[operation.place].rank[operation.id] + (operation.is_write ? 0 : kReader);
}

SeqCstSet RunMemory::strongly_before(std::uint32_t thread, const Message* read) const {
  SeqCstSet known = views_[thread].strongly_before;
  if (read != nullptr && read->has_view && read->heads_are_seq_cst)
    known |= read->view.strongly_before | read->heads;
  return known;
}

SeqCstSet RunMemory::before(SeqCstSet known, std::uint32_t place, std::uint32_t position) const {
  for (std::size_t i = 0; i < seq_cst_.size(); ++i) {
    if (seq_cst_[i].place == place && position_of(seq_cst_[i]) < position) known.set(i);
  }
  SeqCstSet result = known;
  for (std::size_t i = 0; i < seq_cst_.size(); ++i) {
    if (known.test(i)) result |= seq_cst_[i].before;
  }
  return result;
}

MessageSet RunMemory::without_circles(std::uint32_t thread, std::uint32_t place, MessageSet ids, bool reads,
                                      bool writes) const {
  const Location& location = locations_[place];
  MessageSet result = 0;
  for (const MessageId id : location.order) {
    const MessageSet bit = MessageSet{1} << id;
    if ((ids & bit) == 0) continue;
    const std::uint32_t position = kPerRank * location.rank[id] + (writes ? kBehind : kReader);
    const SeqCstSet earlier =
        before(strongly_before(thread, reads ? &location.messages[id] : nullptr), place, position);
    bool is_circle = false;
    for (std::size_t i = 0; i < seq_cst_.size() && !is_circle; ++i)
      is_circle = earlier.test(i) && seq_cst_[i].place == place && position_of(seq_cst_[i]) > position;
    if (!is_circle) result |= bit;
  }
  return result;
}

void RunMemory::add_seq_cst(const SeqCstSet& known, std::uint32_t place, MessageId id, bool is_write) {
  SeqCst added{place, id, is_write, {}};
  const std::uint32_t position = position_of(added);
  added.before = before(known, place, position);
  SeqCstSet later;
  for (std::size_t i = 0; i < seq_cst_.size(); ++i) {
    if (seq_cst_[i].place == place && position_of(seq_cst_[i]) > position) later.set(i);
  }
  SeqCstSet earlier = added.before;
  earlier.set(seq_cst_.size());
  for (std::size_t i = 0; i < seq_cst_.size() && later.any(); ++i) {
    if (later.test(i) || (seq_cst_[i].before & later).any()) seq_cst_[i].before |= earlier;
  }
  seq_cst_.push_back(added);
}

bool RunMemory::is_after(std::uint32_t thread, const Epochs& epochs) const {
  for (std::uint32_t t = 0; t < kThreadsMax; ++t) {
    if (t != thread && epochs[t] > views_[thread].clock[t]) return false;
  }
  return true;
}

void RunMemory::see(std::uint32_t thread, std::uint32_t place, MessageId id) {
  MessageId& seen = views_[thread].seen[place];
  if (locations_[place].rank[id] > locations_[place].rank[seen]) seen = id;
}

bool RunMemory::read(std::uint32_t thread, std::uint32_t place, MessageId id, std::memory_order order,
                     bool is_update) {
  Location& location = locations_[place];
  View& view = views_[thread];
  const Message& message = location.messages[id];
  const bool is_ordered = is_after(thread, location.plain_writes);
  const bool is_seq_cst = order == std::memory_order_seq_cst;
  const SeqCstSet after = is_seq_cst ? strongly_before(thread, &message) : SeqCstSet();
  see(thread, place, id);
  if (acquires(order) && message.has_view) join(view, message.view);
  view.strongly_before |= after;
  if (is_update) {
    update_after_ = after;
  } else if (is_seq_cst) {
    view.strongly_before.set(seq_cst_.size());
    add_seq_cst(after, place, id, false);
  }
  location.atomic_reads[thread] = view.clock[thread];
  return is_ordered;
}

bool RunMemory::write(std::uint32_t thread, std::uint32_t place, MessageId behind, std::uint64_t word,
                      std::memory_order order, bool is_update) {
  Location& location = locations_[place];
  TN_CHECK(!is_full(place));
  const bool is_ordered = is_after(thread, location.plain_writes) && is_after(thread, location.plain_reads);
  const auto id = static_cast<MessageId>(location.messages.size());
  location.messages.emplace_back();
  Message& message = location.messages.back();
  location.order.insert(location.order.begin() + location.rank[behind] + 1, id);
  for (std::size_t i = location.rank[behind] + std::size_t{1}; i < location.order.size(); ++i)
    location.rank[location.order[i]] = static_cast<std::uint8_t>(i);

  View& view = views_[thread];
  view.seen[place] = id;
  message.word = word;
  message.heads_are_seq_cst = true;
  if (is_update) {
    Message& replaced = location.messages[behind];
    replaced.is_replaced = true;
    // A release sequence goes on through read-modify-writes of any order.
    message.has_view = replaced.has_view;
    if (replaced.has_view) {
      message.view = replaced.view;
      message.heads = replaced.heads;
      message.heads_are_seq_cst = replaced.heads_are_seq_cst;
    }
  }
  const bool is_seq_cst = order == std::memory_order_seq_cst;
  if (releases(order)) {
    if (message.has_view) {
      join(message.view, view);
    } else {
      message.view = view;
    }
    message.has_view = true;
    message.heads_are_seq_cst &= is_seq_cst;
  }
  if (is_seq_cst) {
    const SeqCstSet after = is_update ? update_after_ : strongly_before(thread, nullptr);
    message.heads.set(seq_cst_.size());
    view.strongly_before.set(seq_cst_.size());
    add_seq_cst(after, place, id, true);
  }
  location.atomic_writes[thread] = view.clock[thread];
  if (releases(order)) ++view.clock[thread];
  return is_ordered;
}

bool RunMemory::plain_read(std::uint32_t thread, std::uint32_t place) {
  Location& location = locations_[place];
  location.plain_reads[thread] = views_[thread].clock[thread];
  views_[thread].seen[place] = last(place);
  return is_after(thread, location.plain_writes) && is_after(thread, location.atomic_writes);
}

bool RunMemory::plain_write(std::uint32_t thread, std::uint32_t place, std::uint64_t word) {
  Location& location = locations_[place];
  const bool is_ordered = is_after(thread, location.plain_reads) && is_after(thread, location.plain_writes) &&
                          is_after(thread, location.atomic_reads) && is_after(thread, location.atomic_writes);
  // What others saw of it they saw before, so nothing is to be kept but the value.
  location.messages[last(place)].word = word;
  location.messages[last(place)].has_view = false;
  views_[thread].seen[place] = last(place);
  location.plain_writes[thread] = views_[thread].clock[thread];
  return is_ordered;
}

void RunMemory::release_all(std::uint32_t thread, std::uint32_t place) {
  join(locations_[place].hand_over, views_[thread]);
  ++views_[thread].clock[thread];
}

void RunMemory::woke(std::uint32_t thread, std::uint32_t place) {
  Location& location = locations_[place];
  const MessageId seen = views_[thread].seen[place];
  if (location.rank[seen] > location.rank[location.futex_last]) location.futex_last = seen;
}

}  // namespace tenuto::testing
