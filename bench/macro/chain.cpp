// One run whose tasks come one after the other, durable: pure tasks run ahead of the disk, each other one waits for it.
#include "bench/arms/step_arm.h"
#include "bench/graph/tenuto_graph.h"
#include "bench/graph/work.h"
#include "bench/macro/client.h"
#include "bench/macro/parts.h"
#include "bench/scratch.h"

namespace tenuto::bench {

namespace {

// Tasks a second, from the start of the run to its durable end.
double chain_rate(const Options& options, std::uint32_t tasks, bool pure) {
  const Scratch scratch(options.dir);
  const Workflow workflow(definition_of(make_graph(Shape::chain, tasks, 0), pure));
  Store store(scratch.store());
  store.native("work", [](void*, const tenuto_task*, tenuto_completion*) { do_work(); });
  store.run_one(workflow);  // the workflow is stored, the segments are there
  const std::uint64_t before = work_done();
  const double seconds = seconds_of([&] { store.run_one(workflow); });
  if (work_done() - before != tasks) throw std::runtime_error("the chain left tasks out");
  return tasks / seconds;
}

// Transitions a second of an arm that makes one after the other durable.
double step_rate(const Options& options, const StepPeer& peer, std::uint32_t steps) {
  const Scratch scratch(options.dir);
  const std::unique_ptr<StepArm> arm = peer.make(scratch.path());
  for (std::uint32_t i = 0; i < steps / 10; ++i) arm->step();
  return steps / seconds_of([&] {
           for (std::uint32_t i = 0; i < steps; ++i) arm->step();
         });
}

}  // namespace

void measure_chain(const Options& options, Report& report) {
  report.begin("chain in one run");
  const std::uint32_t pure_tasks = options.smoke ? 1000 : 200'000;
  const std::uint32_t tasks = options.smoke ? 50 : 2000;
  Figure pure{"durable chain, pure", "tasks/s", {}, "", {}, value_at_least(1e6)};
  std::vector<double> impure;
  const std::vector<StepPeer> peers = step_peers();
  std::vector<std::vector<double>> rates(peers.size());
  for (int round = 0; round < options.rounds; ++round) {
    pure.runs.push_back(chain_rate(options, pure_tasks, true));
    impure.push_back(chain_rate(options, tasks, false));
    for (std::size_t i = 0; i < peers.size(); ++i) rates[i].push_back(step_rate(options, peers[i], tasks));
  }
  report.worked("chain", pure_tasks + tasks);
  report.add(pure);
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const auto goal = i == 0 ? std::optional(ratio_at_least(1.1)) : std::nullopt;
    report.add({"durable chain", "tasks/s", impure, peers[i].name, rates[i], goal});
    if (!peers[i].version.empty()) report.peer(peers[i].name, peers[i].version);
  }
}

}  // namespace tenuto::bench
