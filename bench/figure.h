// A figure: what was measured, several times, beside a peer or a limit that was measured in the same rounds.
//
// Machines differ and are noisy, so a claim is a ratio. Where figure and peer were measured round by round, the ratio is
// the median of the rounds' ratios: a slow minute hits both sides of each.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/harness.h"

namespace tenuto::bench {

struct Goal {
  enum class Of { value, ratio };
  enum class Bound { at_most, at_least };
  Of of = Of::value;
  Bound bound = Bound::at_most;
  double limit = 0;
};

inline Goal value_at_most(double limit) {
  return {Goal::Of::value, Goal::Bound::at_most, limit};
}
inline Goal value_at_least(double limit) {
  return {Goal::Of::value, Goal::Bound::at_least, limit};
}
inline Goal ratio_at_most(double limit) {
  return {Goal::Of::ratio, Goal::Bound::at_most, limit};
}
inline Goal ratio_at_least(double limit) {
  return {Goal::Of::ratio, Goal::Bound::at_least, limit};
}

struct Figure {
  std::string name;
  std::string unit;
  std::vector<double> runs = {};
  std::string vs = {};               // what it is held against; empty: nothing
  std::vector<double> vs_runs = {};  // that, in the same unit
  std::optional<Goal> goal = {};
  bool detail = false;  // for the summary: the table on the terminal leaves it out

  [[nodiscard]] double median() const { return median_of(runs); }
  [[nodiscard]] double min() const { return runs.empty() ? 0 : *std::min_element(runs.begin(), runs.end()); }
  // 0: it is held against nothing.
  [[nodiscard]] double ratio() const;
  // "ratio <= 0.6"; empty without a goal.
  [[nodiscard]] std::string goal_text() const;
  // Nothing without a goal.
  [[nodiscard]] std::optional<bool> reached() const;
};

}  // namespace tenuto::bench
