// Rounds of all arms over one graph, in turn.
#pragma once

#include <string>
#include <vector>

#include "bench/graph/graph.h"
#include "bench/options.h"

namespace tenuto::bench {

inline constexpr unsigned kShapeWorkers[] = {1, 2};
inline constexpr const char* kOurs = "Tenuto";
inline constexpr const char* kFromText = "Tenuto, from text";
inline constexpr const char* kDurable = "Tenuto, durable";

// Of one arm with one number of workers. One value per round; nanoseconds per task, but for the bytes.
struct ArmRounds {
  std::string name;
  unsigned workers;
  std::vector<double> again;
  // Of one worker, in memory:
  std::vector<double> plan;   // build and free
  std::vector<double> bytes;  // of heap per task that build() took
  std::vector<double> first;  // the first run after build()
};

// Ours, the plan from text, ours durable, and all peers; those that have no workers to choose with one worker only. Throws when an arm did not do
// all the work.
std::vector<ArmRounds> measure_graph(const Graph& graph, const Options& options);

}  // namespace tenuto::bench
