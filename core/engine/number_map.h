// Run number -> slot: a flat hash table, because every run goes in and out once and millions may be waiting.
//
// Open addressing with linear probing in a power of two of places, at most 7/8 full; removal shifts back what follows, so
// there are no tombstones and a look-up ends at the first empty place. 16 bytes a place.
//
// Thread safety: none; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/ids.h"
#include "core/base/random.h"
#include "core/engine/ticket.h"

namespace tenuto {

class NumberMap {
 public:
  // `number` is not 0 and not in the map.
  void insert(RunNumber number, RunRef run) {
    if ((size_ + 1) * 8 > places_.size() * 7) grow();
    place(number.value, run);
    ++size_;
  }
  [[nodiscard]] std::optional<RunRef> find(RunNumber number) const {
    if (places_.empty()) return std::nullopt;
    for (std::size_t i = home(number.value);; i = next(i)) {
      if (places_[i].number == number.value) return places_[i].run;
      if (places_[i].number == 0) return std::nullopt;
    }
  }
  void erase(RunNumber number) {
    if (places_.empty()) return;
    std::size_t i = home(number.value);
    while (places_[i].number != number.value) {
      if (places_[i].number == 0) return;
      i = next(i);
    }
    close_gap(i);
    --size_;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Place {
    std::uint64_t number = 0;  // 0: empty
    RunRef run;
  };

  [[nodiscard]] std::size_t home(std::uint64_t number) const { return mix64(number) & (places_.size() - 1); }
  [[nodiscard]] std::size_t next(std::size_t i) const { return (i + 1) & (places_.size() - 1); }

  void place(std::uint64_t number, RunRef run) {
    std::size_t i = home(number);
    while (places_[i].number != 0) i = next(i);
    places_[i] = {number, run};
  }
  void grow() {
    std::vector<Place> old(places_.empty() ? 8 : places_.size() * 2);
    old.swap(places_);
    for (const Place& p : old) {
      if (p.number != 0) place(p.number, p.run);
    }
  }
  // Moves back each entry that follows without a gap and may stand at `gap`: its home is not between the two.
  void close_gap(std::size_t gap) {
    for (std::size_t i = next(gap); places_[i].number != 0; i = next(i)) {
      const std::size_t from_home = (i - home(places_[i].number)) & (places_.size() - 1);
      const std::size_t from_gap = (i - gap) & (places_.size() - 1);
      if (from_home < from_gap) continue;
      places_[gap] = places_[i];
      gap = i;
    }
    places_[gap] = {};
  }

  std::vector<Place> places_;
  std::size_t size_ = 0;
};

}  // namespace tenuto
