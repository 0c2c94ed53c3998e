// Whole-engine figures through the C ABI, as a user's program gets them.
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "bench/macro/parts.h"
#include "bench/macro/reopen.h"

namespace tenuto::bench {
namespace {

struct Part {
  const char* name;
  Measure measure;
};

constexpr Part kParts[] = {
    {"shapes", measure_shapes},
    {"throughput", measure_throughput},
    {"latency", measure_latency},
    {"recovery", measure_recovery},
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
  if (argc == 3 && std::strcmp(argv[1], kOpenAndTell) == 0) return open_and_tell(argv[2]);
  const Options options = read_options(argc, argv);
  check_parts(options);
  Report report;
  for (const Part& part : kParts) {
    if (!options.wants(part.name)) continue;
    Scratch scratch(options.dir);  // one per part: what a part leaves on the disk goes before the next
    part.measure(options, scratch, report);
  }
  report.print();
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
