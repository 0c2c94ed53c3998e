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
    number = core.actions().register_native(action, std::move(body), released);
  }
  if (!number.ok()) world_.trace().violation("an action is not registered: " + number.status().message());
  served_.insert(action);
  world_.trace().line("serve %s released=%zu", action.c_str(), released.size());
  core.wake_parked(released);
}

void Bodies::register_again() {
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
  return world_.oracle().on_begin({call.token, call.ticket, core.idempotency_key_of(*call.ticket),
                                   core.run_id_of(*call.ticket), world_.clock.wall()});
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
  if (world_.setting().window_segments == 0 && random.chance(1, 4)) {
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
  if (BodyEntry* entry = begin(call)) decide(*entry, report);
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
    world_.trace().line("withdrawn");
    return true;
  }
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

void Bodies::report(std::size_t index) {
  const Out out = out_[index];
  out_.erase(out_.begin() + static_cast<std::ptrdiff_t>(index));
  RunRecord& record = *world_.oracle().find(out.run);
  BodyEntry& entry = *record.bodies.in_life(out.node, out.attempt, world_.oracle().life());
  BodyReport report;
  decide(entry, report);
  Contexts::Lease lease(world_.core().contexts());
  const bool current = world_.core().report(out.token, std::move(report), *lease);
  entry.late = !current;
  returned_.push_back(out.token);
  world_.trace().line("report run=%llu node=%d outcome=%d bytes=%zu current=%d",
                      static_cast<unsigned long long>(out.run.value), out.node,
                      static_cast<int>(entry.outcome), entry.result.text.size(), current ? 1 : 0);
  const bool may_be_late = out.timeout > 0 && world_.clock.mono_ns - out.began.ns >= out.timeout;
  if (!current && !may_be_late) world_.trace().violation("an outcome that came in time counts as late");
}

bool Bodies::run_thread_body() {
  std::vector<TicketToken> tokens;
  if (!world_.core().native_pool().poll(1, 0, tokens).ok()) return false;
  Contexts::Lease lease(world_.core().contexts());
  world_.core().run_body(tokens[0], *lease);
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
  if (core.report(token, std::move(report), *lease))
    world_.trace().violation("an outcome without a body counts");
}

void Bodies::forget() {
  polled_.clear();
  out_.clear();
  returned_.clear();
}

}  // namespace tenuto::testing
