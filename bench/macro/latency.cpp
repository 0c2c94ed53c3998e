// How long a run of one task takes on an idle engine, from the call of start to the return of result, beside one append with
// fdatasync on the same disk.
#include <optional>

#include "bench/arms/step_arm.h"
#include "bench/macro/parts.h"
#include "bench/macro/workloads.h"
#include "bench/scratch.h"

namespace tenuto::bench {

namespace {

// One way to make a step, and how long its steps took: microseconds.
struct Stepper {
  virtual ~Stepper() = default;
  virtual void step() = 0;
  std::vector<double> times = {};
};

class PeerStepper final : public Stepper {
 public:
  PeerStepper(const Options& options, const StepPeer& peer)
      : scratch_(options.dir), arm_(peer.make(scratch_.path())) {}
  void step() override { arm_->step(); }

 private:
  Scratch scratch_;
  std::unique_ptr<StepArm> arm_;
};

class RunStepper final : public Stepper {
 public:
  RunStepper(const Options& options, const char* definition, std::int32_t durability)
      : scratch_(options.dir),
        workflow_(definition),
        store_(durability == TENUTO_DURABILITY_MEMORY ? "" : scratch_.store(), {.durability = durability}),
        bodies_(store_) {}
  void step() override { store_.run_one(workflow_); }

 private:
  Scratch scratch_;
  Workflow workflow_;
  Store store_;
  Bodies bodies_;
};

// Small blocks of each in turn, so that a slow moment of the disk is not one stepper's alone.
void step_in_turn(const std::vector<std::unique_ptr<Stepper>>& steppers, int blocks) {
  constexpr int kBlock = 50;
  for (int block = 0; block <= blocks; ++block) {
    for (const auto& stepper : steppers) {
      for (int i = 0; i < kBlock; ++i) {
        const double microseconds = seconds_of([&] { stepper->step(); }) * 1e6;
        if (block > 0) stepper->times.push_back(microseconds);  // the first block warms up
      }
    }
  }
  for (const auto& stepper : steppers) std::sort(stepper->times.begin(), stepper->times.end());
}

// Quantiles of one stepper, one per round.
struct Quantiles {
  std::vector<double> p50, p99, p999;
  void take(const Stepper& stepper) {
    p50.push_back(quantile_of(stepper.times, 0.5));
    p99.push_back(quantile_of(stepper.times, 0.99));
    p999.push_back(quantile_of(stepper.times, 0.999));
  }
};

void add_durable(Report& report, const std::string& name, const Quantiles& ours, const Quantiles& floor,
                 double p50_ratio) {
  const char* vs = "append + fdatasync p50";
  report.add({name + ", p50", "us", ours.p50, vs, floor.p50, ratio_at_most(p50_ratio)});
  report.add({name + ", p99", "us", ours.p99, vs, floor.p50, ratio_at_most(5)});
  report.add({name + ", p99", "us", ours.p99, "append + fdatasync p99", floor.p99});
  report.add({name + ", p99.9", "us", ours.p999, "append + fdatasync p99.9", floor.p999});
}

}  // namespace

void measure_latency(const Options& options, Report& report) {
  report.begin("latency of a one-step run");
  const std::vector<StepPeer> peers = step_peers();
  Quantiles pure, impure, memory;
  std::vector<Quantiles> steps(peers.size());
  const int blocks = options.smoke ? 1 : 40;
  for (int round = 0; round < options.rounds; ++round) {
    std::vector<std::unique_ptr<Stepper>> steppers;
    steppers.push_back(std::make_unique<RunStepper>(options, kOnePure, TENUTO_DURABILITY_FULL));
    steppers.push_back(std::make_unique<RunStepper>(options, kOne, TENUTO_DURABILITY_FULL));
    steppers.push_back(std::make_unique<RunStepper>(options, kOne, TENUTO_DURABILITY_MEMORY));
    for (const StepPeer& peer : peers) steppers.push_back(std::make_unique<PeerStepper>(options, peer));
    step_in_turn(steppers, blocks);
    pure.take(*steppers[0]);
    impure.take(*steppers[1]);
    memory.take(*steppers[2]);
    for (std::size_t i = 0; i < peers.size(); ++i) steps[i].take(*steppers[3 + i]);
  }
  report.worked("latency", static_cast<std::uint64_t>(blocks));
  add_durable(report, "pure", pure, steps[0], 1.2);
  add_durable(report, "impure", impure, steps[0], 2);
  for (std::size_t i = 1; i < peers.size(); ++i) {
    report.add({"impure, p50", "us", impure.p50, peers[i].name + " p50", steps[i].p50});
  }
  report.add({"in memory, from another thread, p50", "us", memory.p50, "", {}, value_at_most(15)});
  report.add({"in memory, from another thread, p99", "us", memory.p99});
}

}  // namespace tenuto::bench
