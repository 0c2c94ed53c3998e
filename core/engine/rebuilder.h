// Builds the run table from the tables and the journal.
#pragma once

#include <memory>
#include <vector>

#include "core/engine/core.h"
#include "core/machine/apply.h"

namespace tenuto {

class EngineCore::Rebuilder final : public RecoveryVisitor {
 public:
  // Live runs of the tables can be visited by so many threads.
  Rebuilder(EngineCore& core, std::size_t parts);

  Status on_workflow(const WorkflowHash& hash, ByteView name, ByteView definition) override;
  void on_live_runs(std::uint64_t count) override { core_.runs_.reserve(count); }
  Status on_run_event(const Event& event) override { return parts_.front()->on_run_event(event); }
  Status on_command(const CommandId&, const CommandOutcome&) override { return {}; }
  Status on_event(const Event& event, Position end) override;

  [[nodiscard]] std::span<RunVisitor* const> visitors() const { return visitors_; }

  // Afterwards: those that have ended will be forgotten; and all runs, in the order in which they lie in memory, nearly.
  void retire_ended();
  [[nodiscard]] std::vector<RunRef> take_begun();
  [[nodiscard]] std::unordered_set<CommandId> commands() const;

 private:
  // What one thread builds.
  class Part final : public RunVisitor {
   public:
    explicit Part(EngineCore& core) : core_(core), adder_(core.runs_) {}
    Status on_run_event(const Event& event) override { return on_event(event, Position{}); }
    void on_runs_end() override { adder_.flush(); }
    Status on_event(const Event& event, Position end);

    std::vector<RunRef> begun;
    std::vector<std::pair<Position, RunRef>> ended;
    std::vector<CommandId> commands;

   private:
    struct Known {
      RunNumber number;
      RunRef run;
    };
    static constexpr std::size_t kKnown = 1u << 13;  // not critical: 128 KiB, some groups of runs

    [[nodiscard]] Known& known_of(RunNumber number) { return known_[number.value % kKnown]; }
    [[nodiscard]] std::optional<RunRef> find(RunNumber number);
    void note_command(const Event& event);
    Status begin(const Event& event, const RunStarted& started, Position end);
    [[nodiscard]] const PlanBinding* binding_of(const WorkflowHash& workflow);

    EngineCore& core_;
    RunTable::Adder adder_;
    Changes changes_;
    // Runs of which an event was seen, by the end of their number: events come in a row, or of runs that were started at
    // about the same time.
    std::vector<Known> known_ = std::vector<Known>(kKnown);
    // Runs of one workflow mostly come in a row.
    const PlanBinding* last_binding_ = nullptr;
  };

  EngineCore& core_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<RunVisitor*> visitors_;
};

}  // namespace tenuto
