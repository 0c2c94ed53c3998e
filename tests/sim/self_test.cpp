#include "tests/sim/self_test.h"

#include <cstdio>
#include <set>

#include "tests/sim/shrink.h"

namespace tenuto::testing {
namespace {

struct Planted {
  const char* name;
  Plant plant;
  const char* found;  // a part of the violation that must be found
};

// Each clause of the oracle.
constexpr Planted kPlanted[] = {
    {"lying sync", Plant::lying_sync, "durable events"},
    {"forgetful kill", Plant::forgetful_kill, "the end of the process took what was written"},
    {"a hole in what was written", Plant::lost_middle, "what was written before is lost"},
    {"record dropped at recovery", Plant::lost_record, "durable events"},
    {"record changed at recovery", Plant::changed_record, "a durable event has changed"},
    {"stray run", Plant::stray_run, "a run that nobody started is in the store"},
    {"no window", Plant::no_window, "more segments than its window"},
    {"roomy tables", Plant::roomy_tables, "yet they were written"},
    {"timer fired early", Plant::fast_clock, "a retry came early"},
    {"tables that forget commands", Plant::forgetful_tables, "a command is settled twice"},
    {"file of a command removed early", Plant::early_removal, "goes before its outcome is durable"},
    {"command lost", Plant::lost_command, "an accepted command is lost"},
    {"no gates: answers", Plant::no_gates, "before it is durable"},
    {"no gates: bodies", Plant::no_gates, "what it follows from is not durable"},
    {"hasty close", Plant::hasty_close, "the engine was closed"},
    {"eager retention", Plant::eager_retention, "forgotten too early"},
    {"no retention by age", Plant::no_retention, "kept for too long"},
    {"no retention by count", Plant::no_retention, "too many ended runs are kept"},
    {"dead timers", Plant::dead_timers, "was not tried again"},
    {"body twice", Plant::body_twice, "it has begun before"},
    {"another argument", Plant::other_argument, "its argument is wrong"},
    {"another argument of a pure body", Plant::other_argument, "saw another argument"},
    {"another run id", Plant::other_run_id, "it is told another run id"},
    {"changing key", Plant::changing_key, "its idempotency key has changed"},
    {"shared key", Plant::shared_key, "another task has its idempotency key"},
    {"lost report", Plant::lost_report, "was not run"},
    {"report taken for late", Plant::late_report, "in time counts as late"},
    {"nonsense counts", Plant::nonsense_counts, "an outcome without a body counts"},
    {"acknowledged before the gate", Plant::early_ack, "its start was acknowledged and is lost"},
    {"misheard end", Plant::misheard_end, "another end"},
    {"misheard state", Plant::misheard_state, "its end is told before it is durable"},
    {"misheard refusal", Plant::misheard_refusal, "a cancel is refused"},
    {"run number reused", Plant::misheard_number, "two starts got the same number"},
    {"lost answer", Plant::lost_answer, "a request is not answered"},
    {"live run gone", Plant::lost_run, "it is gone and has not ended"},
    {"short read", Plant::short_read, "events, of"},
    {"another input", Plant::other_input, "not what was asked for"},
    {"another result", Plant::other_result, "done with a result that no body gave"},
    {"done twice", Plant::done_twice, "done, but not awaited"},
    {"skipped for done", Plant::skipped_for_done, "skipped without a reason"},
    {"switch takes the wrong arm", Plant::wrong_arm, "the wrong arm"},
    {"one retry too many", Plant::retry_too_many, "tried again too often"},
    {"one retry too few", Plant::retry_missing, "not tried again"},
    {"long wait", Plant::long_wait, "the wait is not the policy's"},
    {"cancel twice", Plant::cancel_twice, "a second cancel"},
    {"unasked cancel", Plant::unasked_cancel, "a cancel that nobody asked for"},
    {"output not as the rules say", Plant::other_output, "the output is not what the results give"},
    {"another culprit", Plant::other_culprit, "another culprit"},
    {"another end", Plant::other_end, "it ended as it must not"},
    {"life after the end", Plant::life_after_end, "an event after the end"},
    {"early end: bodies", Plant::early_end, "ended while the body of"},
    {"early end: nodes", Plant::early_end, "completed with open nodes"},
    {"command applied twice", Plant::applied_twice, "a command is settled twice"},
    {"applied command refused", Plant::refused_applied, "a command is refused"},
    {"command applied to another run", Plant::wrong_subject,
     "a command is applied to a run that is not there"},
    {"uneven execution", Plant::uneven, "two executions differ"},
    {"process dies", Plant::aborting_body, "died: Aborted"},
};

bool is_found(const Planted& planted, const Verdict& verdict) {
  return verdict.kind != Verdict::Kind::fine && verdict.text.find(planted.found) != std::string::npos;
}

// The first seed that finds it; none within so many: 0.
std::uint64_t find(const Planted& planted, Totals& totals, Verdict& verdict) {
  constexpr std::uint64_t kSeedsMax = 600;
  SimOptions options;
  options.plant = planted.plant;
  std::uint64_t by = 0;
  simulate_apart(options, kSeedsMax, planted.plant == Plant::uneven,
                 [&](std::uint64_t seed, const Verdict& found) {
                   ++totals.inputs;
                   if (!is_found(planted, found)) return true;
                   by = seed;
                   verdict = found;
                   return false;
                 });
  return by;
}

}  // namespace

Totals test_plants() {
  Totals totals;
  std::set<Plant> tested;
  for (const Planted& planted : kPlanted) {
    Verdict verdict;
    const std::uint64_t seed = find(planted, totals, verdict);
    tested.insert(planted.plant);
    if (seed == 0) ++totals.violations;
    std::printf(
        "planted %s: %s\n", planted.name,
        seed == 0 ? "NOT FOUND" : ("found by seed " + std::to_string(seed) + ": " + verdict.text).c_str());
  }
  // All of them.
  if (tested.size() + 1 != static_cast<std::size_t>(Plant::count)) {
    std::printf("a planted bug is not looked for\n");
    ++totals.violations;
  }
  return totals;
}

Totals test_shrinking() {
  constexpr Planted kShrunk[] = {
      {"timer fired early", Plant::fast_clock, "a retry came early"},
      {"switch takes the wrong arm", Plant::wrong_arm, "the wrong arm"},
      {"process dies", Plant::aborting_body, "died: Aborted"},
  };
  Totals totals;
  for (const Planted& planted : kShrunk) {
    Verdict verdict;
    SimOptions options;
    options.plant = planted.plant;
    options.seed = find(planted, totals, verdict);
    const CaseSize before = size_of(options);
    const SimOptions small = shrink(options, verdict, false);
    const CaseSize after = size_of(small);
    const Verdict again = simulate_apart(small, false);
    const bool is_small = after.steps * 8 <= before.steps && after.runs <= 2 && after.nodes <= 4;
    if (!is_found(planted, again) || !is_small) ++totals.violations;
    std::printf("shrunk %s: %zu steps, %zu runs, %zu nodes; before %zu, %zu, %zu; %s\n  %s\n", planted.name,
                after.steps, after.runs, after.nodes, before.steps, before.runs, before.nodes,
                is_found(planted, again) ? again.text.c_str() : "IT DOES NOT FAIL",
                arguments_of(small).c_str());
  }
  return totals;
}

}  // namespace tenuto::testing
