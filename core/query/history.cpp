#include "core/query/history.h"

#include "core/query/value_json.h"

namespace tenuto {
namespace {

void write_command(json::Writer& out, const CommandId& command) {
  if (!command.is_none()) out.key("command").string(to_hex(command.high, command.low));
}

// Writes the fields of one event's body; one overload each.
class BodyFields {
 public:
  BodyFields(json::Writer& out, const Plan& plan) : out_(out), plan_(plan) {}

  void operator()(const RunStarted& started) {
    out_.key("id").string(started.id);
    out_.key("workflow").string(plan_.name());
    out_.key("hash").string(to_hex(started.workflow.high, started.workflow.low));
    out_.key("input");
    write_payload(out_, started.input);
    out_.key("labels");
    write_json(out_, started.labels, "{}");
    out_.key("by");
    write_text_or_null(out_, started.by);
    out_.key("test").boolean(started.test);
    write_command(out_, started.command);
  }
  void operator()(const TaskDone& done) {
    out_.key("started");
    write_time(out_, done.started);
    out_.key("result");
    write_payload(out_, done.result);
  }
  void operator()(const AttemptFailed& failed) {
    out_.key("kind").string(to_text(failed.kind));
    out_.key("final").boolean(failed.final);
    out_.key("started");
    write_time(out_, failed.started);
    out_.key("retry_at");
    write_time(out_, failed.retry_at);
    write_error(failed.failure);
  }
  void operator()(const TaskSkipped& skipped) { out_.key("reason").string(to_text(skipped.reason)); }
  void operator()(const SwitchChosen& chosen) {
    out_.key("arm");
    if (chosen.arm == SwitchChosen::kNoArm) {
      out_.null();
    } else {
      out_.integer(chosen.arm);
    }
  }
  void operator()(const CancelRequested& cancel) {
    out_.key("reason");
    write_text_or_null(out_, cancel.reason);
    out_.key("by");
    write_text_or_null(out_, cancel.by);
    write_command(out_, cancel.command);
  }
  void operator()(const RunEnded& ended) {
    out_.key("state").string(to_text(ended.state));
    out_.key("output");
    write_payload(out_, ended.output);
    if (ended.state != RunState::completed) write_error(ended.failure);
    if (ended.culprit.value < plan_.node_count()) out_.key("culprit").string(plan_.name_of(ended.culprit));
    const RunCounts& c = ended.counts;
    out_.key("tasks").begin_object();
    out_.key("done").integer(c.done);
    out_.key("skipped").integer(c.skipped);
    out_.key("failed").integer(c.failed);
    out_.key("cancelled").integer(c.cancelled);
    out_.key("not_reached").integer(c.not_reached);
    out_.end_object();
    out_.key("retries").integer(c.retries);
    out_.key("busy_seconds").number(static_cast<double>(c.busy_ns) / static_cast<double>(kSecond));
  }
  // No more fields, and what belongs to no run.
  void operator()(const TimerFired&) {}
  void operator()(const EngineOpened&) {}
  void operator()(const WorkflowStored&) {}
  void operator()(const CommandApplied&) {}
  void operator()(const CommandRefused&) {}
  void operator()(const PoolUsed&) {}
  void operator()(const NumbersReserved&) {}
  void operator()(const TasksDone&) {}  // see append_lines

 private:
  void write_error(const Failure& failure) {
    out_.key("error").begin_object();
    out_.key("type").string(failure.type);
    out_.key("message").string(failure.message);
    out_.key("traceback");
    write_text_or_null(out_, failure.trace);
    out_.end_object();
  }

  json::Writer& out_;
  const Plan& plan_;
};

void append_line(Bytes& text, const Event& event, const Plan& plan) {
  json::Writer out(text);
  out.begin_object();
  out.key("at");
  write_time(out, event.at);
  out.key("event").string(to_text(event.type()));
  if (event.task.value < plan.node_count()) out.key("node").string(plan.name_of(event.task));
  if (event.attempt.value != 0) out.key("attempt").integer(event.attempt.value);
  std::visit(BodyFields(out, plan), event.body);
  out.end_object();
  text += '\n';
}

// What people read is one event for each node.
void append_lines(Bytes& text, const Event& event, const Plan& plan) {
  if (const auto* done = std::get_if<TasksDone>(&event.body)) {
    Event each = event;
    each.body = TaskDone{{}, done->started};
    for (std::uint32_t i = 0; i < done->count; ++i, ++each.task.value) append_line(text, each, plan);
    return;
  }
  append_line(text, event, plan);
}

}  // namespace

Result<Bytes> history_lines(const View& view, RunNumber run) {
  TN_ASSIGN(const std::vector<Event> events, view.events_of(run));
  TN_ASSIGN(const PlanRef plan, view.plan_of(std::get<RunStarted>(events.front().body).workflow));
  Bytes text;
  for (const Event& event : events) append_lines(text, event, *plan);
  return text;
}

}  // namespace tenuto
