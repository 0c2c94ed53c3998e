#include "bench/macro/shape_rounds.h"

#include <malloc.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "bench/arms/graph_arm.h"
#include "bench/graph/tenuto_graph.h"
#include "bench/graph/work.h"
#include "bench/harness.h"

namespace tenuto::bench {

namespace {

struct Contender {
  std::function<std::unique_ptr<GraphArm>()> make;
  ArmRounds rounds;
};

std::vector<Contender> contenders(const Graph& graph, const Options& options) {
  std::vector<Contender> all;
  for (const unsigned workers : kShapeWorkers) {
    const auto add = [&](const std::string& name, std::function<std::unique_ptr<GraphArm>()> make) {
      all.push_back({std::move(make), {name, workers, {}, {}, {}, {}}});
    };
    add(kOurs, [&graph, workers] { return make_tenuto_graph(graph, workers); });
    if (workers == 1) add(kFromText, [&graph] { return make_text_tenuto_graph(graph, 1); });
    add(kDurable,
        [&graph, &options, workers] { return make_durable_tenuto_graph(graph, workers, options.dir); });
    for (const GraphPeer& peer : graph_peers()) {
      if (peer.role == GraphPeer::Role::limit && workers > 1) continue;
      add(peer.name, [&graph, make = peer.make, workers] { return make(graph, workers); });
    }
  }
  return all;
}

double heap_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

void run_and_check(GraphArm& arm, const Graph& graph, const std::string& name) {
  const std::uint64_t before = work_done();
  arm.run();
  const std::uint64_t done = work_done() - before;
  if (done != graph.size()) {
    throw std::runtime_error(name + " ran " + std::to_string(done) + " of " + std::to_string(graph.size()) +
                             " tasks");
  }
}

// The life of a plan, once.
void measure_plan(Contender& contender, const Graph& graph) {
  const double per_task = 1e9 / graph.size();
  ArmRounds& rounds = contender.rounds;
  const std::unique_ptr<GraphArm> arm = contender.make();
  const double heap_before = heap_bytes();
  const double build = seconds_of([&] { arm->build(); });
  rounds.bytes.push_back((heap_bytes() - heap_before) / graph.size());
  rounds.first.push_back(seconds_of([&] { run_and_check(*arm, graph, rounds.name); }) * per_task);
  arm->close();
  rounds.plan.push_back((build + seconds_of([&] { arm->free(); })) * per_task);
}

// The same graph run again and again, each arm in turn.
void measure_runs(std::vector<Contender>& all, const Graph& graph, int rounds) {
  // Small graphs so often that a round is long enough to be timed.
  const std::uint32_t repeats = std::clamp(200'000u / graph.size(), 1u, 50u);
  std::vector<std::unique_ptr<GraphArm>> arms;
  std::vector<ArmRounds*> results;
  for (Contender& contender : all) {
    if (contender.rounds.name == kFromText) continue;  // runs as the one from arrays does
    results.push_back(&contender.rounds);
    arms.push_back(contender.make());
    arms.back()->build();
    run_and_check(*arms.back(), graph, contender.rounds.name);
  }
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < arms.size(); ++i) {
      const double seconds = seconds_of([&] {
        for (std::uint32_t k = 0; k < repeats; ++k) run_and_check(*arms[i], graph, results[i]->name);
      });
      results[i]->again.push_back(seconds * 1e9 / graph.size() / repeats);
    }
  }
  for (const auto& arm : arms) {
    arm->close();
    arm->free();
  }
}

}  // namespace

std::vector<ArmRounds> measure_graph(const Graph& graph, const Options& options) {
  std::vector<Contender> all = contenders(graph, options);
  for (int round = 0; round < options.rounds; ++round) {
    for (Contender& contender : all) {
      if (contender.rounds.workers == 1 && contender.rounds.name != kDurable) measure_plan(contender, graph);
    }
  }
  measure_runs(all, graph, options.rounds);
  std::vector<ArmRounds> rounds;
  for (Contender& contender : all) rounds.push_back(std::move(contender.rounds));
  return rounds;
}

}  // namespace tenuto::bench
