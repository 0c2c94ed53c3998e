// Whole-engine figures through the C ABI, as a user's program gets them.
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

#include "bench/macro/child.h"
#include "bench/macro/parts.h"

namespace tenuto::bench {
namespace {

struct Part {
  const char* name;
  Measure measure;
};

constexpr Part kParts[] = {
    {"shapes", measure_shapes},     {"throughput", measure_throughput},     {"chain", measure_chain},
    {"latency", measure_latency},   {"offered-load", measure_offered_load}, {"crowd", measure_crowd},
    {"recovery", measure_recovery}, {"waiting", measure_waiting},           {"listing", measure_listing},
    {"space", measure_space},       {"history", measure_history},           {"idle", measure_idle},
};

void check_parts(const Options& options) {
  for (const std::string& wanted : options.only) {
    std::string names;
    bool known = false;
    for (const Part& part : kParts) {
      known = known || wanted == part.name;
      names += std::string(" ") + part.name;
    }
    if (!known) throw std::invalid_argument("there is no part '" + wanted + "'; the parts are" + names);
  }
}

int main_of(int argc, char** argv) {
  if (argc == 5 && std::strcmp(argv[1], kChildWord) == 0)
    return child_main(argv[2], argv[3], std::stoull(argv[4]));
  const Options options = read_options(argc, argv);
  check_parts(options);
  Report report(options.smoke);
  if (options.smoke) std::puts("smoke sizes: that it works is all that these figures say");
  for (const Part& part : kParts) {
    if (!options.wants(part.name)) continue;
    part.measure(options, report);
    report.print();
  }
  if (!options.json.empty() && !report.write_json(options.json))
    throw std::runtime_error("can't write " + options.json);
  return 0;
}

}  // namespace
}  // namespace tenuto::bench

int main(int argc, char** argv) {
  try {
    return tenuto::bench::main_of(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tenuto_bench: %s\n", error.what());
    return 1;
  }
}
