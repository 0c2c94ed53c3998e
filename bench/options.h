// What the command line of tenuto_bench says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenuto::bench {

struct Options {
  bool smoke = false;  // the smallest sizes, once: for the tests
  int rounds = 5;      // how often each figure is taken
  std::string dir = ".";
  std::string json;
  std::vector<std::string> only;          // parts to run; empty: all
  std::vector<std::uint32_t> tasks = {};  // sizes of the shapes; empty: 1e3 … 1e6
  std::uint64_t waiting = 1'000'000;      // runs that wait for their last task
  std::uint64_t history = 10'000'000;     // events behind the rate with a past
  double seconds = 20;                    // of the sustained rate

  [[nodiscard]] bool wants(std::string_view part) const;
};

// Throws std::invalid_argument, whose text is the usage.
Options read_options(int argc, char** argv);

}  // namespace tenuto::bench
