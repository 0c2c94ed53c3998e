// The state machine and its surroundings, one operation at a time.
#include <benchmark/benchmark.h>

#include "core/journal/batch_writer.h"
#include "core/journal/record.h"
#include "core/journal/ring.h"
#include "core/machine/apply.h"
#include "core/machine/decide.h"
#include "core/machine/outstanding.h"
#include "core/plan/compile.h"
#include "core/sched/deque.h"
#include "core/timer/wheel.h"

namespace tenuto {
namespace {

PlanRef chain(int tasks) {
  std::string text = R"({"tenuto": 1, "name": "chain", "tasks": {"t0": {"use": "f"})";
  for (int i = 1; i < tasks; ++i) {
    text += ", \"t" + std::to_string(i) + R"(": {"use": "f", "needs": ["t)" + std::to_string(i - 1) + "\"]}";
  }
  return *compile_workflow_text(text + "}}");
}

void BM_PlanCompileChain(benchmark::State& state) {
  const int tasks = static_cast<int>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(chain(tasks));
  state.SetItemsProcessed(state.iterations() * tasks);
}
BENCHMARK(BM_PlanCompileChain)->Arg(1000)->Unit(benchmark::kMillisecond);

void BM_MachineRunsAChain(benchmark::State& state) {
  const PlanRef plan = chain(1000);
  Changes changes;
  Evaluation evaluation;
  for (auto _ : state) {
    Run run = begin_run(RunNumber{1}, plan, RunStarted{});
    leave_order(run);
    outstanding(run, changes);
    while (!changes.ended) {
      const TaskIndex task = changes.ready.back();
      changes.ready.pop_back();
      auto event = decide(run, BodyDone{task, Attempt{1}, Payload(), WallTime{1}}, WallTime{2}, 3);
      benchmark::DoNotOptimize(apply(run, *event, changes));
      while (auto next = follow_up(run, changes, 0, WallTime{2}, evaluation))
        (void)apply(run, *next, changes);
    }
    changes.clear();
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_MachineRunsAChain)->Unit(benchmark::kMicrosecond);

Event task_done() {
  return Event{WallTime{1'700'000'000'000'000'000},
               RunNumber{123456},
               kRootScope,
               TaskIndex{3},
               Attempt{1},
               TaskDone{Payload(), WallTime{1'699'999'999'999'990'000}}};
}

void BM_RecordEncode(benchmark::State& state) {
  const Event event = task_done();
  Bytes out;
  for (auto _ : state) {
    out.clear();
    encode(event, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(BM_RecordEncode);

void BM_RecordDecode(benchmark::State& state) {
  Bytes record;
  encode(task_done(), record);
  Event event;
  for (auto _ : state) benchmark::DoNotOptimize(decode(ByteView(record), event).ok());
}
BENCHMARK(BM_RecordDecode);

class Roomy final : public FullWaiter {
 public:
  bool wait() override { return false; }
};

void BM_RingAppend(benchmark::State& state) {
  Bytes record;
  encode(task_done(), record);
  Ring ring;
  Roomy never_full;
  std::size_t used = 0;
  for (auto _ : state) {
    const Position end = ring.append(record, never_full);
    if (++used % 4096 == 0) ring.release(end);
  }
}
BENCHMARK(BM_RingAppend);

void BM_DequePushPop(benchmark::State& state) {
  Deque deque;
  const WorkItem item(WorkKind::run, 1, 2);
  for (auto _ : state) {
    deque.push(item);
    benchmark::DoNotOptimize(deque.pop());
  }
}
BENCHMARK(BM_DequePushPop);

void BM_WheelArmCancel(benchmark::State& state) {
  TimerWheel wheel(0);
  Nanos at = kSecond;
  for (auto _ : state) benchmark::DoNotOptimize(wheel.cancel(wheel.add(at += 1000, {})));
}
BENCHMARK(BM_WheelArmCancel);

void BM_Condition(benchmark::State& state) {
  const expr::Program program = *expr::compile("input.person.role == \"engineer\"");
  const expr::Operand operand{expr::Operand::Kind::value, R"({"person":{"name":"Ada","role":"engineer"}})"};
  expr::Evaluator evaluator;
  for (auto _ : state)
    benchmark::DoNotOptimize(evaluator.evaluate(program, std::span(&operand, 1)).is_true());
}
BENCHMARK(BM_Condition);

}  // namespace
}  // namespace tenuto
