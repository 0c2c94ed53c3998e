#include "tests/sim/bodies.h"

#include <algorithm>

namespace tenuto::testing {
namespace {

constexpr std::size_t kSmallPaddingMax = 64;
constexpr std::size_t kLargePaddingMax = 200u << 10;
constexpr std::size_t kHugePadding = 1200u << 10;  // more than a batch: the record travels in fragments

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

// ---- Registration ---------------------------------------------------------------------------------------------------

void Bodies::add(const std::string& action) {
  EngineCore& core = world_.core();
  std::vector<RunRef> released;
  Result<std::uint32_t> number = std::uint32_t{0};
  if (contains(kHostedActions, action)) {
    number = core.actions().register_hosted(action, released);
  } else {
    NativeBody body{[this](const BodyCall& call, BodyReport& report) { run_native(call, report); },
                    {},
                    contains(kInlineActions, action),
                    {}};
    if (body.runs_inline && world_.setting().has_spans)
      body.call_span = [this](const SpanCall& call, BodyReport& report) { return run_span(call, report); };
    number = core.actions().register_native(action, std::move(body), released);
  }
  if (!number.ok()) world_.trace().violation("an action is not registered: " + number.status().message());
  served_.insert(action);
  world_.trace().line("serve %s released=%zu", action.c_str(), released.size());
  core.wake_parked(released);
}

void Bodies::register_again() {
  for (const std::string& pool : kSimPools) world_.core().pools().get(pool).add_slots(4, world_.clock.wall());
  std::set<std::string> names = served_;
  for (const auto* actions : {&kHostedActions, &kInlineActions, &kThreadActions}) {
    for (const std::string& action : *actions) {
      if (!is_late_action(action)) names.insert(action);
    }
  }
  served_.clear();
  for (const std::string& action : names) {
    // A late one may be late again.
    if (!is_late_action(action) || world_.random().chance(1, 2)) add(action);
  }
}

void Bodies::register_one_late() {
  std::vector<std::string> missing;
  for (const auto* actions : {&kHostedActions, &kInlineActions}) {
    for (const std::string& action : *actions) {
      if (!is_served(action) && action != "last_host") missing.push_back(action);
    }
  }
  if (!missing.empty()) world_.count(Happening::actions_served_late);
  if (!missing.empty()) add(missing[world_.random().below(missing.size())]);
}

void Bodies::register_all() {
  for (const auto* actions : {&kHostedActions, &kInlineActions, &kThreadActions}) {
    for (const std::string& action : *actions) {
      if (!is_served(action)) add(action);
    }
  }
}

// ---- Bodies ---------------------------------------------------------------------------------------------------------

BodyEntry* Bodies::begin(const BodyCall& call) {
  EngineCore& core = world_.core();
  const Ticket& ticket = *call.ticket;
  Oracle::Beginning beginning{call.token,
                              &ticket,
                              std::string(ticket.argument.view()),
                              core.idempotency_key_of(ticket),
                              core.run_id_of(ticket),
                              ticket.binding->plan->hash(),
                              core.clock().wall()};
  switch (world_.plant()) {
    case Plant::aborting_body:
      std::abort();
    case Plant::body_twice:
      (void)world_.oracle().on_begin(beginning);
      break;
    case Plant::other_argument:
      beginning.argument = "{\"another\":1}";
      break;
    case Plant::other_run_id:
      beginning.run_id += "x";
      break;
    case Plant::changing_key:
      beginning.key += std::to_string(ticket.attempt.value);
      break;
    case Plant::shared_key:
      beginning.key = "key";
      break;
    default:
      break;
  }
  return world_.oracle().on_begin(beginning);
}

std::size_t Bodies::padding() {
  Random& random = world_.random();
  // Small windows are to get full.
  if (world_.setting().window_segments > 0 && random.chance(1, 6)) return random.below(kLargePaddingMax);
  if (large_left_ == 0 || !random.chance(1, 12)) return random.below(kSmallPaddingMax);
  --large_left_;
  return random.chance(1, 5) ? kHugePadding : random.below(kLargePaddingMax);
}

void Bodies::decide(BodyEntry& entry, BodyReport& report) {
  Random& random = world_.random();
  const std::uint64_t nonce = world_.oracle().nonce();
  // Bodies without a result, which may run in order. Not where large ones are to fill small windows.
  const bool may_be_in_order = entry.argument == "{}" && native_kind_ == Happening::bodies_inline;
  if (world_.setting().window_segments == 0 && random.chance(may_be_in_order ? 9 : 3, 12)) {
    entry.outcome = BodyEntry::Outcome::done;
    entry.result = SimValue();
    return;
  }
  if (random.chance(5, 6)) {
    entry.outcome = BodyEntry::Outcome::done;
    entry.result = random.chance(1, 25)
                       ? SimValue::number(nonce)
                       : SimValue::object(nonce, random.chance(2, 3),
                                          static_cast<std::int64_t>(random.below(10)), padding());
    report.result = Payload::json(entry.result.text);
    return;
  }
  entry.outcome = BodyEntry::Outcome::failed;
  entry.kind = random.chance(4, 5)   ? FailureKind::error
               : random.chance(1, 2) ? FailureKind::stop
                                     : FailureKind::cancelled;
  entry.message = "failure " + std::to_string(nonce);
  report.done = false;
  report.kind = entry.kind;
  report.failure = {"SimError", entry.message, ""};
}

void Bodies::run_native(const BodyCall& call, BodyReport& report) {
  const Ticket& ticket = *call.ticket;
  const std::uint32_t generation = call.token.generation();
  // A time-out has one that is not lent only.
  const bool can_be_late = ticket.is_running(generation);
  world_.count(world_.bodies_are_attended ? Happening::bodies_of_attendants : native_kind_);
  BodyEntry* entry = begin(call);
  if (entry == nullptr) return;
  world_.interlude(Midst::body);
  if (world_.setting().takes_time) {
    Random& random = world_.random();
    world_.clock.advance(static_cast<Nanos>(random.below(random.chance(1, 8) ? 3 * kMillisecond : 3000)));
    world_.oracle().saw_clock(world_.clock.wall());
  }
  decide(*entry, report);
  entry->late = can_be_late && !ticket.is_running(generation);
  if (entry->late) world_.count(Happening::bodies_late);
}

// As the C layer does: task after task while they are done without a result.
bool Bodies::run_span(const SpanCall& span, BodyReport& report) {
  for (TaskIndex& task = span.ticket->task; task.value < span.end; ++task.value) {
    report = BodyReport();
    run_native({span.token, span.ticket}, report);
    if (!report.done || !report.result.is_null_json()) return false;
  }
  return true;
}

bool Bodies::poll() {
  Random& random = world_.random();
  Pool& pool = world_.core().pools().get(kSimPools[random.below(kSimPools.size())]);
  const std::size_t before = polled_.size();
  (void)pool.poll(draw(random, 1, 4), 0, polled_);
  if (polled_.size() == before) return false;
  world_.trace().line("poll %s count=%zu", pool.name().c_str(), polled_.size() - before);
  return true;
}

bool Bodies::begin_one() {
  if (polled_.empty()) return false;
  Random& random = world_.random();
  const std::size_t index = random.below(polled_.size());
  const TicketToken token = polled_[index];
  polled_.erase(polled_.begin() + static_cast<std::ptrdiff_t>(index));
  BodyCall call{};
  if (!world_.core().begin_body(token, call)) {
    world_.count(Happening::tickets_withdrawn);
    world_.trace().line("withdrawn");
    return true;
  }
  world_.count(Happening::bodies_hosted);
  if (begin(call) == nullptr) return true;
  const SimWorkflow& workflow = *world_.oracle().find(call.ticket->number)->workflow;
  const int node = workflow.node_of[call.ticket->task.value];
  out_.push_back({token, call.ticket->number, node, call.ticket->attempt.value, world_.clock.monotonic(),
                  workflow.nodes[static_cast<std::size_t>(node)].timeout, random.chance(1, 15)});
  return true;
}

bool Bodies::give_back_one() {
  if (polled_.empty()) return false;
  const TicketToken token = polled_.back();
  polled_.pop_back();
  world_.core().pools().get(kSimPools[world_.random().below(kSimPools.size())]).push(std::span(&token, 1));
  return true;
}

bool Bodies::report_one() {
  if (out_.empty()) return false;
  const std::size_t index = world_.random().below(out_.size());
  if (out_[index].stuck) return false;
  report(index);
  return true;
}

bool Bodies::report_any() {
  if (out_.empty()) return false;
  report(world_.random().below(out_.size()));
  return true;
}

BodyReport Bodies::take_out(std::size_t index, Out& out, BodyEntry*& entry) {
  out = out_[index];
  out_.erase(out_.begin() + static_cast<std::ptrdiff_t>(index));
  RunRecord& record = *world_.oracle().find(out.run);
  entry = record.bodies.in_life(out.node, out.attempt, world_.oracle().life());
  BodyReport report;
  decide(*entry, report);
  returned_.push_back(out.token);
  return report;
}

void Bodies::report(std::size_t index) {
  Out out;
  BodyEntry* entry = nullptr;
  BodyReport report = take_out(index, out, entry);
  if (world_.plant() == Plant::lost_report) return;
  Contexts::Lease lease(world_.core().contexts());
  const bool current =
      world_.core().report(out.token, std::move(report), *lease) && world_.plant() != Plant::late_report;
  entry->late = !current;
  if (!current) world_.count(Happening::bodies_late);
  world_.trace().line("report run=%llu node=%d outcome=%d bytes=%zu current=%d",
                      static_cast<unsigned long long>(out.run.value), out.node,
                      static_cast<int>(entry->outcome), entry->result.text.size(), current ? 1 : 0);
  const bool may_be_late = out.timeout > 0 && world_.clock.mono_ns - out.began.ns >= out.timeout;
  if (!current && !may_be_late) world_.trace().violation("an outcome that came in time counts as late");
}

// Those whose time is not over: which of several came late is not told.
bool Bodies::report_together() {
  std::vector<PoolWorker::Report> reports;
  for (std::size_t i = 0; i < out_.size();) {
    const bool may_be_late =
        out_[i].timeout > 0 && world_.clock.mono_ns - out_[i].began.ns >= out_[i].timeout;
    if (out_[i].stuck || may_be_late || !world_.random().chance(2, 3)) {
      ++i;
      continue;
    }
    Out out;
    BodyEntry* entry = nullptr;
    BodyReport report = take_out(i, out, entry);
    reports.push_back({out.token, std::move(report)});
  }
  if (reports.empty()) return false;
  Contexts::Lease lease(world_.core().contexts());
  const std::size_t late = world_.core().report(std::span(reports), *lease);
  world_.count(Happening::reports_together);
  world_.trace().line("report together count=%zu late=%zu", reports.size(), late);
  if (late > 0) world_.trace().violation("an outcome that came in time counts as late");
  return true;
}

bool Bodies::run_thread_body() {
  std::vector<TicketToken> tokens;
  if (!world_.core().native_pool().poll(1, 0, tokens).ok()) return false;
  Contexts::Lease lease(world_.core().contexts());
  native_kind_ = Happening::bodies_on_threads;
  world_.core().run_body(tokens[0], *lease);
  native_kind_ = Happening::bodies_inline;
  return true;
}

void Bodies::misuse() {
  Random& random = world_.random();
  EngineCore& core = world_.core();
  TicketToken token(random.next());
  if (!returned_.empty() && random.chance(1, 2)) token = returned_[random.below(returned_.size())];
  if (random.chance(1, 3)) token = TicketToken(draw(random, 0, 5), draw(random, 0, 5000));
  const auto is_held = [&](const auto& held) { return held.token == token; };
  if (std::any_of(out_.begin(), out_.end(), is_held)) return;
  BodyReport report;
  report.result = Payload::json("\"nonsense\"");
  Contexts::Lease lease(core.contexts());
  world_.count(Happening::nonsense_reports);
  if (core.report(token, std::move(report), *lease) || world_.plant() == Plant::nonsense_counts)
    world_.trace().violation("an outcome without a body counts");
}

void Bodies::forget() {
  polled_.clear();
  out_.clear();
  returned_.clear();
}

}  // namespace tenuto::testing
