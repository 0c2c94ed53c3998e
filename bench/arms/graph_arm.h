// An arm: one engine that runs graphs whose tasks do_work().
//
// Its life, in this order: made → build → run, run, … → close → free → destroyed; build, run and free are timed. All calls come
// from one thread. What needs no repeating for another graph (threads, an open engine) belongs to making and closing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/graph/graph.h"

namespace tenuto::bench {

class GraphArm {
 public:
  virtual ~GraphArm() = default;
  // Makes the engine's own form of the graph.
  virtual void build() = 0;
  // Runs every task once, in order; returns when all have ended.
  virtual void run() = 0;
  // Ends what may hold on to what build() made.
  virtual void close() {}
  // Frees what build() made.
  virtual void free() = 0;
};

// The graph outlives the arm.
using MakeGraphArm = std::unique_ptr<GraphArm> (*)(const Graph& graph, unsigned workers);

struct GraphPeer {
  // rival: a goal says how much faster to be. limit: a goal says how near to come.
  enum class Role { rival, other, limit };
  std::string name;
  std::string version;
  MakeGraphArm make;
  Role role;
};

// Those that this program was built with.
std::vector<GraphPeer> graph_peers();

std::unique_ptr<GraphArm> make_array_loop(const Graph& graph, unsigned workers);
std::unique_ptr<GraphArm> make_tbb_flow_graph(const Graph& graph, unsigned workers);
std::unique_ptr<GraphArm> make_tbb_task_group(const Graph& graph, unsigned workers);
std::unique_ptr<GraphArm> make_taskflow(const Graph& graph, unsigned workers);
std::string tbb_version();
std::string taskflow_version();

}  // namespace tenuto::bench
