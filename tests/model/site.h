// Where in the source an operation of a model program stands: what the lists of weakenings name.
#pragma once

#include <cstdint>

namespace tenuto::testing {

// As a default argument it is the place of the call.
struct CallSite {
  const char* file = "";
  std::uint32_t line = 0;
  static constexpr CallSite here(const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace tenuto::testing
