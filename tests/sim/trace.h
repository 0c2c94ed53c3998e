// What a simulation did, line by line, and the first thing that was wrong.
#pragma once

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string>

namespace tenuto::testing {

// Two executions of one seed have the same text.
class Trace {
 public:
  explicit Trace(bool prints) : prints_(prints) {}

  __attribute__((format(printf, 2, 3))) void line(const char* format, ...) {
    char text[400];
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_ += std::to_string(step);
    text_ += "  ";
    text_ += text;
    text_ += '\n';
    if (prints_) std::printf("%5llu  %s\n", static_cast<unsigned long long>(step), text);
  }
  // The first one counts; the simulation stops at it.
  void violation(const std::string& text) {
    if (violation_.empty()) violation_ = text;
  }
  // Nothing when `problem` is empty.
  void expect(const std::string& problem) {
    if (!problem.empty()) violation(problem);
  }

  [[nodiscard]] bool failed() const { return !violation_.empty(); }
  [[nodiscard]] const std::string& violation_text() const { return violation_; }
  [[nodiscard]] const std::string& text() const { return text_; }

  std::uint64_t step = 0;

 private:
  const bool prints_;
  std::string text_;
  std::string violation_;
};

// The first line in which two texts differ, or "".
[[nodiscard]] std::string first_difference(const std::string& one, const std::string& other);

}  // namespace tenuto::testing
