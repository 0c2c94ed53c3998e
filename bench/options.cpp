#include "bench/options.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace tenuto::bench {

namespace {

constexpr const char* kUsage =
    "usage: tenuto_bench [--smoke] [--only PART,…] [--runs ROUNDS] [--dir DIR] [--json FILE]\n"
    "                    [--tasks COUNT,…] [--waiting RUNS] [--history EVENTS] [--seconds SECONDS]";

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// Counts may be written as 1e6.
double number(const std::string& text, double at_least, double at_most) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= at_least && value <= at_most)) {
    throw std::invalid_argument("'" + text + "' is no number in range\n" + kUsage);
  }
  return value;
}

void read_value(Options& options, std::string_view option, const std::string& value) {
  if (option == "--only") {
    options.only = split(value);
  } else if (option == "--runs") {
    options.rounds = static_cast<int>(number(value, 1, 1000));
  } else if (option == "--dir") {
    options.dir = value;
  } else if (option == "--json") {
    options.json = value;
  } else if (option == "--tasks") {
    for (const std::string& size : split(value)) {
      options.tasks.push_back(static_cast<std::uint32_t>(number(size, 2, 1e6)));
    }
  } else if (option == "--waiting") {
    options.waiting = static_cast<std::uint64_t>(number(value, 1, 1e9));
  } else if (option == "--history") {
    options.history = static_cast<std::uint64_t>(number(value, 1, 1e10));
  } else if (option == "--seconds") {
    options.seconds = number(value, 1, 1e5);
  } else {
    throw std::invalid_argument(kUsage);
  }
}

}  // namespace

bool Options::wants(std::string_view part) const {
  return only.empty() || std::find(only.begin(), only.end(), part) != only.end();
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--smoke") {
      options.smoke = true;
      options.rounds = 1;
    } else if (i + 1 < argc) {
      read_value(options, word, argv[++i]);
    } else {
      throw std::invalid_argument(kUsage);
    }
  }
  return options;
}

}  // namespace tenuto::bench
