// Run number -> slot: a flat hash table, because every run goes in and out once and millions may be waiting.
//
// A place is one word: 40 bits of key and 24 of slot. Open addressing with linear probing, at most 3/4 full; removal shifts
// back what follows, so there are no tombstones and a look-up ends at the first empty place. Numbers that follow each other
// share a home of four places, half a cache line: runs come, and are recovered, in the order of their numbers. Homes fill
// as a whole then, so what is passed over counts in homes: larger ones, or a fuller table, make the walks long (a home
// of eight in a table that is 7/8 full: 260 places). The table grows by a quarter, so that it is never much emptier than it must be.
//
// Thread safety: none; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/check.h"
#include "core/base/ids.h"
#include "core/base/random.h"

namespace tenuto {

class NumberMap {
 public:
  // The numbers of one map leave the same remainder by kStride.
  static constexpr std::uint64_t kStride = 256;
  static constexpr std::uint32_t kSlotsMax = 1u << 24;
  // 3 years at 3 M runs a second.
  static constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 48) - kStride - 1;

  // `number` is not 0, not above kNumberMax and not in the map; `slot` is below kSlotsMax.
  void insert(RunNumber number, std::uint32_t slot) {
    TN_DCHECK(number.value <= kNumberMax && slot < kSlotsMax);
    if ((size_ + 1) * 4 > places_.size() * 3) grow();
    place(key_of(number) << kSlotBits | slot);
    ++size_;
  }
  // Room for so many numbers in all, at two thirds full.
  void reserve(std::size_t count) {
    if (count * 3 > places_.size() * 2) grow_to((count * 3 / 2 + kHome) / kHome);
  }
  [[nodiscard]] std::optional<std::uint32_t> find(RunNumber number) const {
    if (places_.empty() || number.value > kNumberMax) return std::nullopt;
    const std::uint64_t key = key_of(number);
    for (std::size_t i = home(key);; i = next(i)) {
      if (places_[i] >> kSlotBits == key) return static_cast<std::uint32_t>(places_[i] & (kSlotsMax - 1));
      if (places_[i] == 0) return std::nullopt;
    }
  }
  void erase(RunNumber number) {
    if (places_.empty() || number.value > kNumberMax) return;
    const std::uint64_t key = key_of(number);
    std::size_t i = home(key);
    while (places_[i] >> kSlotBits != key) {
      if (places_[i] == 0) return;
      i = next(i);
    }
    close_gap(i);
    --size_;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr unsigned kSlotBits = 24;
  static constexpr std::size_t kHome = 4;  // places
  static_assert(kSlotsMax == 1u << kSlotBits);
  static_assert(kNumberMax / kStride + 1 < std::uint64_t{1} << (64 - kSlotBits));

  // Never 0, which is an empty place.
  static std::uint64_t key_of(RunNumber number) { return number.value / kStride + 1; }
  [[nodiscard]] std::size_t home(std::uint64_t key) const {
    const std::uint64_t homes = places_.size() / kHome;
    const std::uint64_t home = (mix64(key / kHome) >> 32) * homes >> 32;
    return home * kHome + key % kHome;
  }
  [[nodiscard]] std::size_t next(std::size_t i) const { return i + 1 == places_.size() ? 0 : i + 1; }
  [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const {
    return to >= from ? to - from : to + places_.size() - from;
  }

  void place(std::uint64_t word) {
    std::size_t i = home(word >> kSlotBits);
    while (places_[i] != 0) i = next(i);
    places_[i] = word;
  }
  void grow() {
    const std::size_t homes = places_.size() / kHome;
    grow_to(homes + homes / 4 + 2);
  }
  void grow_to(std::size_t homes) {
    std::vector<std::uint64_t> old(homes * kHome);
    old.swap(places_);
    for (const std::uint64_t word : old) {
      if (word != 0) place(word);
    }
  }
  // Moves back each entry that follows without a gap and may stand at `gap`: its home is not between the two.
  void close_gap(std::size_t gap) {
    for (std::size_t i = next(gap); places_[i] != 0; i = next(i)) {
      if (distance(home(places_[i] >> kSlotBits), i) < distance(gap, i)) continue;
      places_[gap] = places_[i];
      gap = i;
    }
    places_[gap] = 0;
  }

  std::vector<std::uint64_t> places_;
  std::size_t size_ = 0;
};

}  // namespace tenuto
