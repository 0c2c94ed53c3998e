#include "core/sched/idle.h"

#include "core/base/check.h"

namespace tenuto {
namespace {

// The word, taken apart. Widths: three times 12 bits for counts and for index + 1, the rest for the tag.
struct State {
  std::uint32_t searching = 0;
  std::uint32_t unparked = 0;
  std::uint32_t top = 0;  // index + 1 of the youngest sleeper; 0: nobody sleeps
  std::uint32_t tag = 0;

  static constexpr std::uint32_t kFieldMask = (1u << 12) - 1;
  static constexpr std::uint32_t kTagMask = (1u << 28) - 1;

  static State unpack(std::uint64_t word) {
    const auto field = [word](int shift) { return static_cast<std::uint32_t>(word >> shift) & kFieldMask; };
    return {field(0), field(12), field(24), static_cast<std::uint32_t>(word >> 36)};
  }
  [[nodiscard]] std::uint64_t pack() const {
    return std::uint64_t{searching} | std::uint64_t{unparked} << 12 | std::uint64_t{top} << 24 |
           std::uint64_t{tag & kTagMask} << 36;
  }
};

static_assert(Idle::kWorkersMax < State::kFieldMask, "a count and an index + 1 fit their fields");

constexpr std::uint64_t kOneSearching = 1;

}  // namespace

Idle::Idle(std::uint32_t worker_count)
    : worker_count_(worker_count),
      word_(State{0, worker_count, 0, 0}.pack()),
      below_(new Atomic<std::uint32_t>[worker_count]) {
  TN_CHECK(worker_count > 0);
  TN_CHECK(worker_count <= kWorkersMax);
}

bool Idle::working_to_searching() {
  // The bound saves work, it isn't part of the proof: two workers may pass it together.
  const State seen = State::unpack(word_.load(std::memory_order_relaxed));
  if (2 * seen.searching >= worker_count_) return false;
  // Relaxed: the release sequences of the proof go through every read-modify-write.
  word_.fetch_add(kOneSearching, std::memory_order_relaxed);
  return true;
}

bool Idle::searching_to_working() {
  // Seq_cst: this is D of the proof.
  const State before = State::unpack(word_.fetch_sub(kOneSearching, std::memory_order_seq_cst));
  TN_DCHECK(before.searching > 0);
  return before.searching == 1;
}

bool Idle::searching_to_parked(std::uint32_t worker) {
  return to_parked(worker, 1);
}
bool Idle::working_to_parked(std::uint32_t worker) {
  return to_parked(worker, 0);
}

bool Idle::to_parked(std::uint32_t worker, std::uint32_t was_searching) {
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  State next;
  do {
    next = State::unpack(word);
    TN_DCHECK(next.searching >= was_searching);
    TN_DCHECK(next.unparked > 0);
    below_[worker].store(next.top, std::memory_order_relaxed);  // published by the swap
    next.searching -= was_searching;
    next.unparked -= 1;
    next.top = worker + 1;
    next.tag += 1;
    // Seq_cst: this is D of the proof.
  } while (
      !word_.compare_exchange_weak(word, next.pack(), std::memory_order_seq_cst, std::memory_order_relaxed));
  return next.searching == 0;
}

std::optional<std::uint32_t> Idle::parked_to_searching(Visible how) {
  // P of the proof: case b, or case a with an addition of nothing.
  std::uint64_t word = how == Visible::by_seq_cst_store ? word_.load(std::memory_order_seq_cst)
                                                        : word_.fetch_add(0, std::memory_order_acq_rel);
  while (true) {
    State next = State::unpack(word);
    if (next.searching > 0 || next.top == 0) return std::nullopt;
    const std::uint32_t worker = next.top - 1;
    // Relaxed: the load or failed swap that gave us `top` acquired the push that wrote the link. If the
    // worker was popped and parked again meanwhile the link may be newer; then the tag is newer, too, and the
    // swap fails.
    next.top = below_[worker].load(std::memory_order_relaxed);
    next.searching += 1;
    next.unparked += 1;
    // A swap that succeeds hands over nothing: the parker's token does. One that fails acquires the link, as said; it reads
    // something newer than P, so that P stays before D.
    if (word_.compare_exchange_weak(word, next.pack(), std::memory_order_relaxed, std::memory_order_acquire))
      return worker;
  }
}

std::uint32_t Idle::searching_count() const {
  return State::unpack(word_.load(std::memory_order_relaxed)).searching;
}

std::uint32_t Idle::parked_count() const {
  return worker_count_ - State::unpack(word_.load(std::memory_order_relaxed)).unparked;
}

}  // namespace tenuto
