// Graphs of seven shapes, each task a no-op body: plan, first run, further runs, beside the graph libraries and the limit.
#include <algorithm>
#include <cmath>
#include <map>

#include "bench/arms/graph_arm.h"
#include "bench/macro/parts.h"
#include "bench/macro/shape_rounds.h"

namespace tenuto::bench {

namespace {

constexpr std::uint64_t kSeed = 20260101;
// The goals are about graphs that are not so small that starting a run is most of it.
constexpr std::uint32_t kGoalTasksMin = 10'000;

const ArmRounds& of(const std::vector<ArmRounds>& all, const std::string& name, unsigned workers) {
  return *std::find_if(all.begin(), all.end(),
                       [&](const ArmRounds& arm) { return arm.name == name && arm.workers == workers; });
}

std::string power_of_ten(std::uint32_t tasks) {
  std::uint32_t power = 0, rest = tasks;
  while (rest % 10 == 0) rest /= 10, ++power;
  return rest == 1 ? "1e" + std::to_string(power) : std::to_string(tasks);
}

// Collects, over all graphs that the goals are about, what the geometric means are made of.
class Means {
 public:
  void add(const std::string& peer, unsigned workers, const Figure& figure) {
    Sums& sums = sums_[{peer, workers}];
    ++sums.count;
    add_logarithms(sums.ours, figure.runs);
    add_logarithms(sums.theirs, figure.vs_runs);
  }
  void report(Report& report) const {
    for (const auto& [key, sums] : sums_) {
      report.add({"geometric mean x" + std::to_string(key.second) + ", run again", "ns/task",
                  means(sums.ours, sums.count), key.first, means(sums.theirs, sums.count),
                  ratio_at_most(1.0 / 3)});
    }
  }

 private:
  struct Sums {
    int count = 0;
    std::vector<double> ours, theirs;  // one per round
  };
  static void add_logarithms(std::vector<double>& sums, const std::vector<double>& values) {
    sums.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) sums[i] += std::log(values[i]);
  }
  static std::vector<double> means(std::vector<double> sums, int count) {
    for (double& sum : sums) sum = std::exp(sum / count);
    return sums;
  }
  std::map<std::pair<std::string, unsigned>, Sums> sums_;
};

// Whose plans ours are held against: Taskflow's, where it is present.
std::string plan_rival() {
  for (const GraphPeer& peer : graph_peers()) {
    if (peer.name == "Taskflow") return peer.name;
  }
  return "TBB flow graph";
}

class ShapeReport {
 public:
  // `is_brief`: what has no goal is a detail.
  ShapeReport(Report& report, Means& means, std::string name, const std::vector<ArmRounds>& all,
              bool has_goals, bool is_brief)
      : report_(report),
        means_(means),
        name_(std::move(name)),
        all_(all),
        has_goals_(has_goals),
        is_brief_(is_brief) {}

  void add_runs() {
    for (const unsigned workers : kShapeWorkers) {
      const ArmRounds& ours = of(all_, kOurs, workers);
      for (const GraphPeer& peer : graph_peers()) add_again(peer, workers, ours);
      const ArmRounds& durable = of(all_, kDurable, workers);
      add("x" + std::to_string(workers) + ", durable, run again", durable.again, "in memory", ours.again, {});
    }
    add("x2, run again", of(all_, kOurs, 2).again, "1 worker", of(all_, kOurs, 1).again, ratio_at_most(1.1));
  }
  void add_plan() {
    const ArmRounds& ours = of(all_, kOurs, 1);
    add(", first run", ours.first, "run again", ours.again, {});
    for (const GraphPeer& peer : graph_peers()) {
      if (peer.role != GraphPeer::Role::rival) continue;  // the others keep no plan to speak of
      const ArmRounds& theirs = of(all_, peer.name, 1);
      const auto goal = peer.name == plan_rival() ? std::optional(ratio_at_most(1.0 / 3)) : std::nullopt;
      add(", build + free", ours.plan, peer.name, theirs.plan, goal);
      add(", plan", ours.bytes, peer.name, theirs.bytes, {}, "bytes/task");
    }
    add(", plan", ours.bytes, "", {}, value_at_most(64), "bytes/task");
    const ArmRounds& text = of(all_, kFromText, 1);
    add(", build + free from text", text.plan, "from arrays", ours.plan, {});
    add(", plan from text", text.bytes, "from arrays", ours.bytes, {}, "bytes/task");
  }

 private:
  void add_again(const GraphPeer& peer, unsigned workers, const ArmRounds& ours) {
    const bool is_limit = peer.role == GraphPeer::Role::limit;
    const ArmRounds& theirs = of(all_, peer.name, is_limit ? 1 : workers);
    std::optional<Goal> goal;
    if (peer.role == GraphPeer::Role::rival) goal = ratio_at_most(0.6);
    if (is_limit) goal = ratio_at_most(2);
    add("x" + std::to_string(workers) + ", run again", ours.again, peer.name, theirs.again, goal);
    if (has_goals_ && peer.role == GraphPeer::Role::rival) {
      means_.add(peer.name, workers, {"", "", ours.again, "", theirs.again});
    }
  }
  void add(const std::string& what, const std::vector<double>& values, const std::string& vs,
           const std::vector<double>& vs_values, std::optional<Goal> goal, const char* unit = "ns/task") {
    const char* space = what.front() == ',' ? "" : " ";
    if (!has_goals_) goal.reset();
    report_.add({name_ + space + what, unit, values, vs, vs_values, goal, is_brief_ && !goal});
  }

  Report& report_;
  Means& means_;
  std::string name_;
  const std::vector<ArmRounds>& all_;
  bool has_goals_;
  bool is_brief_;
};

}  // namespace

void measure_shapes(const Options& options, Report& report) {
  std::vector<std::uint32_t> sizes = options.tasks;
  const bool is_brief = sizes.empty() && !options.smoke;  // hundreds of lines else
  if (sizes.empty()) {
    sizes = options.smoke ? std::vector<std::uint32_t>{500}
                          : std::vector<std::uint32_t>{1000, 10'000, 100'000, 1'000'000};
  }
  for (const GraphPeer& peer : graph_peers()) {
    if (!peer.version.empty()) report.peer(peer.name, peer.version);
  }
  Means means;
  report.begin("shapes");
  for (const Shape shape : kShapes) {
    for (const std::uint32_t tasks : sizes) {
      const std::string name = std::string(name_of(shape)) + " " + power_of_ten(tasks);
      const Graph graph = make_graph(shape, tasks, kSeed);
      const std::vector<ArmRounds> all = measure_graph(graph, options);
      report.worked(name, graph.size() + (static_cast<std::uint64_t>(graph.edge_count()) << 32));
      ShapeReport shape_report(report, means, name, all, tasks >= kGoalTasksMin, is_brief);
      shape_report.add_runs();
      shape_report.add_plan();
    }
  }
  means.report(report);
}

}  // namespace tenuto::bench
