// Numbers of steps, as "3-17,20".
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace tenuto::testing {

class StepSet {
 public:
  void add(std::uint64_t first, std::uint64_t last) {
    if (steps_.size() <= last) steps_.resize(last + 1);
    for (std::uint64_t step = first; step <= last; ++step) steps_[step] = true;
  }
  [[nodiscard]] bool contains(std::uint64_t step) const { return step < steps_.size() && steps_[step]; }
  [[nodiscard]] std::size_t count(std::uint64_t last) const {
    std::size_t found = 0;
    for (std::uint64_t step = 1; step <= last; ++step) found += contains(step) ? 1 : 0;
    return found;
  }

  [[nodiscard]] std::string text() const {
    std::string text;
    for (std::uint64_t step = 0; step < steps_.size(); ++step) {
      if (!steps_[step]) continue;
      const std::uint64_t first = step;
      while (contains(step + 1)) ++step;
      text += (text.empty() ? "" : ",") + std::to_string(first);
      if (step > first) text += "-" + std::to_string(step);
    }
    return text;
  }
  static StepSet parse(const char* text) {
    StepSet set;
    while (*text != '\0') {
      char* end = nullptr;
      const std::uint64_t first = std::strtoull(text, &end, 10);
      std::uint64_t last = first;
      if (end == text) break;
      if (*end == '-') last = std::strtoull(end + 1, &end, 10);
      set.add(first, last);
      text = *end == ',' ? end + 1 : end;
    }
    return set;
  }

 private:
  std::vector<bool> steps_;
};

}  // namespace tenuto::testing
