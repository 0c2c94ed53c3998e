// What a simulation did, line by line, and the first thing that was wrong.
#pragma once

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string>

#include "core/base/random.h"

namespace tenuto::testing {

// Two executions of one seed have the same lines: their hash is compared.
class Trace {
 public:
  explicit Trace(bool prints) : prints_(prints) {}

  __attribute__((format(printf, 2, 3))) void line(const char* format, ...) {
    char text[400];
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (const char* c = text; *c != '\0'; ++c)
      hash_ = (hash_ ^ static_cast<unsigned char>(*c)) * 0x100'0000'01B3u;
    hash_ = mix64(hash_);
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
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

  std::uint64_t step = 0;

 private:
  const bool prints_;
  std::uint64_t hash_ = 0xCBF2'9CE4'8422'2325u;
  std::string violation_;
};

}  // namespace tenuto::testing
