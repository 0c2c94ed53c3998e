#include "bench/arms/graph_arm.h"

namespace tenuto::bench {

std::vector<GraphPeer> graph_peers() {
  return {
#ifdef TENUTO_BENCH_TASKFLOW
      {"Taskflow", taskflow_version(), make_taskflow, GraphPeer::Role::rival},
#endif
#ifdef TENUTO_BENCH_TBB
      {"TBB flow graph", tbb_version(), make_tbb_flow_graph, GraphPeer::Role::rival},
      {"TBB task_group", tbb_version(), make_tbb_task_group, GraphPeer::Role::other},
#endif
      {"array loop", "", make_array_loop, GraphPeer::Role::limit},
  };
}

}  // namespace tenuto::bench
