// What the single operations are measured on.
#pragma once

#include <string>

#include "core/machine/event.h"
#include "core/plan/compile.h"

namespace tenuto::bench {

// A definition of `tasks` tasks, one after the other.
inline std::string chain_text(int tasks) {
  std::string text = R"({"tenuto": 1, "name": "chain", "tasks": {"t0": {"use": "f"})";
  for (int i = 1; i < tasks; ++i) {
    text += ", \"t" + std::to_string(i) + R"(": {"use": "f", "needs": ["t)" + std::to_string(i - 1) + "\"]}";
  }
  return text + "}}";
}

inline PlanRef chain_plan(int tasks) {
  return *compile_workflow_text(chain_text(tasks));
}

// The commonest event: a task without a value is done.
inline Event task_done(RunNumber run = RunNumber{123456}) {
  return Event{WallTime{1'700'000'000'000'000'000},
               run,
               kRootScope,
               TaskIndex{3},
               Attempt{1},
               TaskDone{Payload(), WallTime{1'699'999'999'999'990'000}}};
}

}  // namespace tenuto::bench
