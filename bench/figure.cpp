#include "bench/figure.h"

#include <cstdio>

namespace tenuto::bench {

double Figure::ratio() const {
  if (vs_runs.empty() || runs.empty()) return 0;
  if (vs_runs.size() != runs.size()) {
    const double against = median_of(vs_runs);
    return against == 0 ? 0 : median() / against;
  }
  std::vector<double> ratios;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (vs_runs[i] != 0) ratios.push_back(runs[i] / vs_runs[i]);
  }
  return median_of(std::move(ratios));
}

std::string Figure::goal_text() const {
  if (!goal) return "";
  char text[64];
  std::snprintf(text, sizeof text, "%s %s %.4g", goal->of == Goal::Of::ratio ? "ratio" : "value",
                goal->bound == Goal::Bound::at_most ? "<=" : ">=", goal->limit);
  return text;
}

std::optional<bool> Figure::reached() const {
  if (!goal) return {};
  const double measured = goal->of == Goal::Of::ratio ? ratio() : median();
  return goal->bound == Goal::Bound::at_most ? measured <= goal->limit : measured >= goal->limit;
}

}  // namespace tenuto::bench
