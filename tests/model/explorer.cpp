#include "tests/model/explorer.h"

#include <bit>
#include <sstream>

#include "core/base/check.h"
#include "tests/model/stepper.h"

namespace tenuto::testing {
namespace {

constexpr StepSet kBufferSteps = ((1u << kThreadsMax) - 1) << kThreadsMax;

// One choice on the way from the beginning of a run.
struct Choice {
  StepSet possible = 0;
  StepSet wanted = 0;  // to be tried: all that is possible, or less under a bound on preemptions
  StepSet asleep = 0;  // lead only to runs that were seen from an earlier choice
  StepSet done = 0;    // tried
  Step chosen = 0;
  Step running = 0;               // the thread that made the last step of a thread
  std::uint32_t preemptions = 0;  // before this choice

  [[nodiscard]] StepSet open() const { return wanted & ~(asleep | done); }
  [[nodiscard]] bool is_preemption() const {
    return chosen < kThreadsMax && chosen != running && (possible >> running & 1u) != 0;
  }
};

class Explorer {
 public:
  Explorer(const MakeScenario& make, ExploreOptions options)
      : make_(make), options_(options), stepper_(options.memory) {}

  Exploration explore() {
    do {
      run();
      if (result_.runs > options_.runs_max) {
        stepper_.fail("not all runs were tried: " + std::to_string(options_.runs_max) + " are the limit");
      }
      if (stepper_.failure()) return failed();
    } while (next_path());
    return result_;
  }

  Exploration replay(const std::string& schedule) {
    std::istringstream words(schedule);
    for (std::string word; words >> word;) {
      const bool is_from_buffer = word[0] == '~';
      const auto thread = static_cast<Step>(std::stoul(word.substr(is_from_buffer ? 1 : 0)));
      path_.emplace_back();
      path_.back().chosen = is_from_buffer ? kThreadsMax + thread : thread;
    }
    run();
    return stepper_.failure() ? failed() : result_;
  }

 private:
  // Follows path_, then goes on to an end with the first open step each time.
  void run() {
    const std::unique_ptr<Scenario> scenario = make_();
    stepper_.begin(*scenario);
    StepSet asleep = 0;
    for (std::size_t depth = 0; !stepper_.failure(); ++depth) {
      const StepSet possible = stepper_.possible_steps();
      if (possible == 0) {
        ++result_.runs;
        stepper_.check_end();
        break;
      }
      if (depth == path_.size() && !append_choice(possible, asleep)) break;
      // A scenario that isn't deterministic, or a schedule of another one.
      TN_CHECK((possible >> path_[depth].chosen & 1u) != 0);
      if (depth >= options_.steps_max) stepper_.fail("the run does not end");
      asleep = options_.preemptions_max ? 0 : still_asleep(path_[depth]);
      stepper_.perform(path_[depth].chosen);
      ++result_.steps;
    }
    stepper_.abandon();
  }

  // False: every end that can be reached from here was seen.
  bool append_choice(StepSet possible, StepSet asleep) {
    Choice choice;
    choice.possible = possible;
    choice.asleep = asleep;
    if (!path_.empty()) {
      const Choice& before = path_.back();
      choice.running = before.chosen < kThreadsMax ? before.chosen : before.running;
      choice.preemptions = before.preemptions + (before.is_preemption() ? 1 : 0);
    }
    const StepSet go_on = possible & 1u << choice.running;
    const bool may_preempt = !options_.preemptions_max || choice.preemptions < *options_.preemptions_max;
    choice.wanted = go_on == 0 || may_preempt ? possible : go_on | (possible & kBufferSteps);
    if (choice.open() == 0) return false;
    // Going on with the same thread makes the schedules of failures easy to read.
    choice.chosen = first((choice.open() & go_on) != 0 ? go_on : choice.open());
    path_.push_back(choice);
    return true;
  }

  // What sleeps after the choice: what slept or was tried before it and doesn't depend on it.
  [[nodiscard]] StepSet still_asleep(const Choice& choice) const {
    const Effect chosen = stepper_.effect_of(choice.chosen);
    StepSet result = 0;
    for (StepSet rest = choice.asleep | choice.done; rest != 0; rest &= rest - 1) {
      if (are_independent(stepper_.effect_of(first(rest)), chosen)) result |= 1u << first(rest);
    }
    return result;
  }

  // Depth first: the deepest choice with something untried. False: there is none.
  bool next_path() {
    while (!path_.empty()) {
      Choice& choice = path_.back();
      choice.done |= 1u << choice.chosen;
      if (choice.open() != 0) {
        choice.chosen = first(choice.open());
        return true;
      }
      path_.pop_back();
    }
    return false;
  }

  Exploration failed() {
    result_.failed = true;
    result_.failure = *stepper_.failure();
    for (const Choice& choice : path_) {
      if (choice.chosen >= kThreadsMax) result_.schedule += '~';
      result_.schedule += std::to_string(choice.chosen % kThreadsMax) + ' ';
    }
    return result_;
  }

  static Step first(StepSet steps) { return static_cast<Step>(std::countr_zero(steps)); }

  const MakeScenario& make_;
  const ExploreOptions options_;
  Stepper stepper_;
  std::vector<Choice> path_;
  Exploration result_;
};

}  // namespace

Exploration explore(const MakeScenario& make, ExploreOptions options) {
  return Explorer(make, options).explore();
}

Exploration replay(const MakeScenario& make, const std::string& schedule, ExploreOptions options) {
  return Explorer(make, options).replay(schedule);
}

}  // namespace tenuto::testing
