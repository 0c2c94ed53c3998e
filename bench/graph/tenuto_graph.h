// Our own arm: the graph as a workflow of one inline native body, through the C ABI.
#pragma once

#include <memory>
#include <string>

#include "bench/arms/graph_arm.h"

namespace tenuto::bench {

// The definition of the graph as a workflow: task i is named i in base 10 and uses the action "work".
std::string definition_of(const Graph& graph, bool pure);

// Built from the graph's arrays, in memory, and with the tasks as they are by default: with a gate each, which stands open there.
std::unique_ptr<GraphArm> make_tenuto_graph(const Graph& graph, unsigned workers);
// The same, built from the text of a definition.
std::unique_ptr<GraphArm> make_text_tenuto_graph(const Graph& graph, unsigned workers);
// From arrays, durable, in a scratch directory below `base`, with pure tasks: they run ahead of the disk, and the end of the run waits for it.
std::unique_ptr<GraphArm> make_durable_tenuto_graph(const Graph& graph, unsigned workers,
                                                    const std::string& base);

}  // namespace tenuto::bench
