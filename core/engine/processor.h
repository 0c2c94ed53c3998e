// Drains the mailbox of one run: every change of every run happens here.
#pragma once

#include "core/engine/context.h"
#include "core/engine/core.h"

namespace tenuto {

// One drain or resume by one thread, which is the mailbox's processor (core/sched/mailbox.h) from construction to its end.
//
// A step is: handle messages (decide, apply, collect events and effects), then finish_step(): append the events, gate the
// effects at the end of the batch. At most limits::kMailboxBatchMax messages are handled before others get their turn.
class Processor {
 public:
  Processor(EngineCore& core, std::uint32_t slot, Context& context)
      : core_(core), number_(slot), slot_(core.runs_.at(slot)), context_(context) {}

  void drain();
  // Begins a run whose mailbox was claimed (core/sched/mailbox.h) and goes on with it as far as possible here. True: it is held, see
  // core/engine/held_runs.h. False: all of it is done.
  [[nodiscard]] bool begin_held(StartRun&& start);
  // As drain(), but a run in order that has no messages may end its step held: true. `now` may be a little ago, but not
  // before the run came to this worker; context.now becomes the time at which the step ended.
  [[nodiscard]] bool drain_held(WallTime now);
  // The run of recovery, which this processor claimed without a message, goes on; then as drain(). `now` is about now.
  void resume(std::uint32_t generation, WallTime now);

 private:
  void drain(Message* list);
  [[nodiscard]] bool may_be_held();
  [[nodiscard]] Message* take_messages();
  [[nodiscard]] bool hand_on();
  void handle(Message& message);
  void drop(Message& message);

  // Boxed bodies are unpacked; everything else is as it is.
  template <class Body>
  void on(Boxed<Body>& body) {
    on(*body);
  }
  void on(StartRun& start);
  void on(ResumeRun& resume);
  void on(Done& done);
  void on(Failed& failed);
  void on(LateReturn& late);
  void on(RetryTime& retry);
  void on(BodyCame& came);
  void on(CancelRun& cancel);
  void on(SettleCommand& settle);
  void on(AwaitEnd& await);
  void on(AskState& ask);
  void on(ForgetRun& forget);

  // The ticket's outcome is here; true when its body is still out.
  [[nodiscard]] bool take_back(TicketToken token);
  // decide, record, settle.
  Status step(Input&& input);
  void record(const Event& event);
  // What follows by itself: events, then bodies for what is ready.
  void settle();
  // See in_order.cpp. Afterwards the run has ended its bodies, goes on without a message, or has left its order.
  void run_in_order();
  enum class Stretch { done, turn_over, not_durable, reported, not_here };
  [[nodiscard]] Stretch run_stretch(TaskIndex& at, std::uint32_t end, WallTime turn_began,
                                    BodyReport& report);
  [[nodiscard]] bool may_run_here(const Action& action, TaskIndex task) const;
  [[nodiscard]] Stretch wait_or_leave(TaskIndex at) const;
  [[nodiscard]] std::uint32_t open_end(TaskIndex from, std::uint32_t end) const;
  [[nodiscard]] TicketToken lend(Ticket& ticket, TaskIndex task, Payload argument);
  [[nodiscard]] bool run_span(Action& action, const SpanCall& span, BodyReport& report);
  void note_busy(Pool& pool, Nanos busy);
  void record_in_order(std::uint32_t count, WallTime started);
  void record_report(TaskIndex task, BodyReport&& report);
  void set_onward(RunSlot::Onward onward);
  // False: an argument could not be evaluated, and that is recorded: settle again.
  [[nodiscard]] bool offer_ready();
  [[nodiscard]] bool offer(TaskIndex task, bool is_durable);
  [[nodiscard]] bool offer_backlog();
  void queue_backlog();
  void withdraw_queued();
  // See parked.cpp.
  [[nodiscard]] bool is_parked(TaskIndex task);
  void withdraw_parked();
  void issue(TaskIndex task, Payload argument, bool is_durable);
  void unlink(std::uint32_t ticket);
  void free_ticket(std::uint32_t ticket);
  // The body of an attempt of the task that is over and has not come back, or null.
  [[nodiscard]] RunExtra::Abandoned* still_out(TaskIndex task) const;
  // Records the outcome of a command with this step.
  void settle_command(CommandId command, const Status& refusal);
  void answer(const WaiterRef& waiter, RunAnswer answer);
  [[nodiscard]] RunAnswer answer_now() const;
  void arm_retry(const ArmTimer& timer);
  void cancel_retries();
  void end_run();
  void finish_step();

  EngineCore& core_;
  const std::uint32_t number_;
  RunSlot& slot_;
  Context& context_;
  WallTime now_;
  bool recorded_ = false;      // in this step, something of the run
  bool ended_ = false;         // in this step, the run
  bool backlog_grew_ = false;  // in this step
  bool settled_ = false;       // since the messages were taken
};

}  // namespace tenuto
