// What the world outside knows of the engine, across all lives of its process, and what it may rightly expect.
//
// The oracle learns what is durable from the disk itself (disk.h), what began from the bodies, and what was answered from
// the clients; it holds each against the others. It asks the engine nothing.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/engine/inbox.h"
#include "core/engine/waiter.h"
#include "tests/sim/disk.h"
#include "tests/sim/run_model.h"
#include "tests/sim/setting.h"
#include "tests/sim/trace.h"

namespace tenuto::testing {

// One run that was asked for. It is durable when `history` is not empty.
struct RunRecord {
  RunNumber number;
  const SimWorkflow* workflow = nullptr;
  SimValue input;
  std::string id;
  bool id_chosen = false;
  RunModel model;
  std::vector<Event> history = {};
  BodyLog bodies = {};
  bool acknowledged = false;
  // Told before it was durable, where that may be; the process that told it still lives.
  std::optional<RunAnswer> told_end = {};
  bool told_cancel = false;
  WallTime ended_at = {};
  bool forgotten = false;  // by retention

  [[nodiscard]] bool is_durable() const { return !history.empty(); }
};

// One command that a sender gave, or tried to give, to the folder.
struct CommandRecord {
  Command command;
  const SimWorkflow* workflow = nullptr;  // of a start
  SimValue input = {};
  bool is_well_formed = true;
  bool is_accepted = false;          // its sender was told so
  bool is_read = false;              // by this process
  bool cancels = false;              // a cancel has its id
  std::optional<Code> outcome = {};  // durable; ok: applied
  RunNumber subject = {};
};

class Oracle {
 public:
  Oracle(Trace& trace, const SimSetting& setting) : trace_(trace), setting_(setting) {}

  // A call of start goes in, and comes back. In between it may run bodies, though nobody knows the run's number.
  void asking(const SimWorkflow& workflow, const SimValue& input, bool id_chosen) {
    asking_ = Asking{&workflow, input, id_chosen};
  }
  void answered() { asking_->is_over = true; }
  // A run that the engine gave a number.
  RunRecord& asked_for(RunNumber number, const SimWorkflow& workflow, const SimValue& input,
                       const std::string& id, bool id_chosen);
  [[nodiscard]] RunRecord* find(RunNumber number);
  [[nodiscard]] RunRecord* find_chosen(const std::string& id);
  [[nodiscard]] std::map<RunNumber, RunRecord>& runs() { return runs_; }

  // The disk has it. It is looked at by catch_up(), for the engine may commit before it has told the number of a run.
  void on_durable(const Event& event) { arrived_.push_back(event); }
  void catch_up();
  // A new process found these events in the store, by run.
  void on_reopened(std::map<RunNumber, std::vector<Event>>& found, const SimDisk::Doubt& doubt);
  // The process wrote everything before it ended: nothing that was told may be missing.
  void on_closed();
  // A store in memory is gone.
  void forget_all();
  // The end of a run was told. What is wrong with it, or "".
  std::string told_end(RunRecord& record, const RunAnswer& answer);
  // The store has nothing of the run any more. Why that must not be, or "".
  std::string on_forgotten(RunRecord& record);
  // Runs that ended and are kept.
  [[nodiscard]] std::size_t ended_and_kept() const;

  // A body begins; its entry in the log, or null after a violation.
  struct Beginning {
    TicketToken token;
    const Ticket* ticket;
    std::string argument;
    std::string key;  // for idempotency
    std::string run_id;
    WorkflowHash workflow;
    WallTime at;
  };
  BodyEntry* on_begin(const Beginning& beginning);

  void acknowledged(RunNumber number);
  // A call of start is out.
  [[nodiscard]] bool is_asking() const { return asking_.has_value() && !asking_->is_over; }

  // Commands: see oracle_commands.cpp.
  CommandRecord& command(CommandId id) { return commands_[id]; }
  [[nodiscard]] const std::map<CommandId, CommandRecord>& commands() const { return commands_; }
  void command_is_read(CommandId id);
  void command_is_removed(CommandId id);
  // A start under this id was sent and has no outcome.
  [[nodiscard]] bool has_open_start(const std::string& id) const;
  // Why the outcome that somebody was told is not the one that is durable, or "".
  std::string check_told_outcome(CommandId id, bool is_there, Code code) const;
  std::string check_all_settled() const;
  // The disk or the tables gave trouble: some refusals are right then.
  void saw_trouble() { had_trouble_ = true; }
  [[nodiscard]] bool has_had_trouble() const { return had_trouble_; }
  // The wall clock shows this.
  void saw_clock(WallTime now) {
    clock_went_back_ |= now < latest_;
    clock_went_far_ |= now.ns - latest_.ns > 5 * 24 * 3600 * kSecond && latest_.ns != 0;
    latest_ = std::max(latest_, now);
  }

  std::uint64_t forgotten_count = 0;
  std::uint64_t lost_count = 0;  // runs that nobody was told of, or that were told ahead of the disk
  [[nodiscard]] std::uint32_t life() const { return life_; }
  // A number that nobody else gets.
  [[nodiscard]] std::uint64_t nonce() { return ++nonce_; }

 private:
  RunRecord* find_begun(RunNumber number, const std::string& run_id, const WorkflowHash& workflow);
  RunRecord* find_begun_by_command(RunNumber number, const std::string& run_id, const WorkflowHash& workflow);
  RunRecord* on_started_by_command(const Event& event, const RunStarted& started);
  void on_cancelled_by_command(RunRecord& record, const CancelRequested& cancel);
  void on_outcome(const Event& event);
  void on_found_outcome(const Event& event);
  std::string check_applied(const CommandRecord& record, RunNumber subject);
  std::string check_refused(const CommandRecord& record, Code code);
  void settle(CommandId id, Code code, RunNumber subject);
  void follow(RunRecord& record, const Event& event);
  std::string check_begin(RunRecord& record, int node, const Beginning& beginning);
  std::string check_key(const RunRecord& record, int node, const std::string& key);
  void check_doubt(std::map<RunNumber, std::vector<Event>>& found, const SimDisk::Doubt& doubt);
  void check_forgotten(const std::map<RunNumber, std::vector<Event>>& found);
  [[nodiscard]] bool is_too_old(const RunRecord& record) const;

  struct Asking {
    const SimWorkflow* workflow;
    SimValue input;
    bool id_chosen;
    std::optional<RunNumber> begun = {};
    bool is_over = false;
  };
  std::optional<Asking> asking_;
  Trace& trace_;
  const SimSetting setting_;
  std::map<RunNumber, RunRecord> runs_;
  std::set<RunNumber> given_;  // every number that a start ever got, also of runs that were lost
  std::vector<Event> arrived_;
  std::map<std::string, std::pair<RunNumber, int>> keys_;
  std::map<CommandId, CommandRecord> commands_;
  bool had_trouble_ = false;
  std::uint32_t life_ = 0;
  WallTime latest_;
  bool clock_went_back_ = false;
  bool clock_went_far_ = false;  // outcomes of commands are kept for days only
  std::uint64_t nonce_ = 0;
};

}  // namespace tenuto::testing
