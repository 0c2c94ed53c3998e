// Collects problems, at most as many as a person reads.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "core/base/status.h"
#include "core/plan/spec.h"

namespace tenuto {

// A definition of a million tasks with one wrong default has a million problems: the first ones are kept, the rest is
// counted. Not thread-safe.
class ProblemSink {
 public:
  static constexpr std::size_t kKeptMax = 100;        // not critical
  static constexpr std::size_t kSuggestionsMax = 20;  // each one looks at every name of the workflow

  void add(TextPosition at, std::string text) {
    if (!is_full()) {
      kept_.push_back({at, std::move(text)});
    } else {
      ++dropped_;
    }
  }
  [[nodiscard]] bool empty() const { return kept_.empty(); }
  // Whether a further problem would be kept: if not, nobody reads its text.
  [[nodiscard]] bool is_full() const { return kept_.size() >= kKeptMax; }
  [[nodiscard]] bool wants_suggestion() const { return kept_.size() < kSuggestionsMax; }

  // What was kept and, if there were more, a last problem that counts them.
  [[nodiscard]] Problems take() {
    if (dropped_ > 0) kept_.push_back({{}, "and " + std::to_string(dropped_) + " more problems"});
    return std::move(kept_);
  }
  // take() as a status; must not be empty.
  [[nodiscard]] Status take_status() { return {Code::invalid_argument, to_text(take())}; }

 private:
  Problems kept_;
  std::size_t dropped_ = 0;
};

}  // namespace tenuto
