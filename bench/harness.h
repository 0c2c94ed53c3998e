// Timing and results for the benchmarks.
//
// Every figure is measured several times; beside it stands a peer or a limit measured in the same run, because machines
// differ and are noisy. A result is a name, its runs, their minimum and median, and the ratio to what it is held against.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace tenuto::bench {

// Seconds of the monotonic clock.
inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// `part` in [0, 1] of sorted values.
inline double quantile_of(const std::vector<double>& sorted, double part) {
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

struct Figure {
  std::string name;
  std::string unit;
  std::vector<double> runs;
  std::string vs;      // what it is held against; empty: nothing
  double against = 0;  // the median of that
  std::string goal;    // for people

  [[nodiscard]] double median() const { return median_of(runs); }
  [[nodiscard]] double min() const { return runs.empty() ? 0 : *std::min_element(runs.begin(), runs.end()); }
  [[nodiscard]] double ratio() const { return against == 0 ? 0 : median() / against; }
};

class Report {
 public:
  void add(Figure figure) { figures_.push_back(std::move(figure)); }

  void print() const {
    std::printf("%-38s %14s %14s  %-12s %-28s %8s  %s\n", "figure", "median", "min", "unit", "held against",
                "ratio", "goal");
    for (const Figure& f : figures_) {
      std::printf("%-38s %14.4g %14.4g  %-12s %-28s %8.3g  %s\n", f.name.c_str(), f.median(), f.min(),
                  f.unit.c_str(), f.vs.c_str(), f.ratio(), f.goal.c_str());
    }
  }

  // {"figures": [{name, value, unit, vs, ratio, min, median, runs}]}
  [[nodiscard]] bool write_json(const std::string& path) const {
    std::FILE* out = std::fopen(path.c_str(), "w");
    if (out == nullptr) return false;
    std::fprintf(out, "{\"figures\": [");
    for (std::size_t i = 0; i < figures_.size(); ++i) {
      const Figure& f = figures_[i];
      std::fprintf(
          out,
          "%s\n  {\"name\": \"%s\", \"value\": %.9g, \"unit\": \"%s\", \"vs\": \"%s\", \"ratio\": %.6g, "
          "\"min\": %.9g, \"median\": %.9g, \"runs\": [",
          i == 0 ? "" : ",", f.name.c_str(), f.median(), f.unit.c_str(), f.vs.c_str(), f.ratio(), f.min(),
          f.median());
      for (std::size_t k = 0; k < f.runs.size(); ++k)
        std::fprintf(out, "%s%.9g", k == 0 ? "" : ", ", f.runs[k]);
      std::fprintf(out, "]}");
    }
    std::fprintf(out, "\n]}\n");
    return std::fclose(out) == 0;
  }

 private:
  std::vector<Figure> figures_;
};

}  // namespace tenuto::bench
