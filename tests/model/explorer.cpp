#include "tests/model/explorer.h"

#include <algorithm>
#include <bit>
#include <sstream>

#include "core/base/check.h"
#include "tests/model/stepper.h"

namespace tenuto::testing {
namespace {

bool is_empty(const StepSet& steps) {
  return std::all_of(steps.begin(), steps.end(), [](MessageSet messages) { return messages == 0; });
}
bool contains(const StepSet& steps, Step step) {
  return (steps[step.thread] >> step.message & 1u) != 0;
}
void add(StepSet& steps, Step step) {
  steps[step.thread] |= MessageSet{1} << step.message;
}
// The newest message first: schedules of failures then are like those of sequential memory, as far as possible.
MessageId newest(MessageSet messages) {
  return static_cast<MessageId>(63 - std::countl_zero(messages));
}

// One choice on the way from the beginning of a run.
struct Choice {
  StepSet possible{};
  StepSet wanted{};  // to be tried: all that is possible, or less under a bound on preemptions
  StepSet asleep{};  // lead only to runs that were seen from an earlier choice
  StepSet done{};    // tried
  Step chosen;
  std::uint32_t running = 0;      // the thread that made the last step
  std::uint32_t preemptions = 0;  // before this choice

  [[nodiscard]] StepSet open() const {
    StepSet result{};
    for (std::uint32_t t = 0; t < kThreadsMax; ++t) result[t] = wanted[t] & ~(asleep[t] | done[t]);
    return result;
  }
  [[nodiscard]] bool is_preemption() const { return chosen.thread != running && possible[running] != 0; }
  // Going on with the same thread makes the schedules of failures easy to read.
  void choose(const StepSet& from) {
    std::uint32_t thread = running;
    for (std::uint32_t t = 0; from[thread] == 0; ++t) thread = t;
    chosen = {thread, newest(from[thread])};
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
      const std::size_t colon = word.find(':');
      path_.emplace_back();
      path_.back().chosen = {static_cast<std::uint32_t>(std::stoul(word.substr(0, colon))),
                             static_cast<MessageId>(std::stoul(word.substr(colon + 1)))};
    }
    run();
    return stepper_.failure() ? failed() : result_;
  }

 private:
  // Follows path_, then goes on to an end with the first open step each time.
  void run() {
    const std::unique_ptr<Scenario> scenario = make_();
    stepper_.begin(*scenario);
    StepSet asleep{};
    for (std::size_t depth = 0; !stepper_.failure(); ++depth) {
      const StepSet possible = stepper_.possible_steps();
      if (is_empty(possible)) {
        ++result_.runs;
        stepper_.check_end();
        break;
      }
      if (depth == path_.size() && !append_choice(possible, asleep)) break;
      // A scenario that isn't deterministic, or a schedule of another one.
      TN_CHECK(contains(possible, path_[depth].chosen));
      if (depth >= options_.steps_max) stepper_.fail_as_endless();
      asleep = options_.preemptions_max ? StepSet() : still_asleep(path_[depth]);
      stepper_.perform(path_[depth].chosen);
      ++result_.steps;
    }
    stepper_.abandon();
  }

  // False: every end that can be reached from here was seen.
  bool append_choice(const StepSet& possible, const StepSet& asleep) {
    Choice choice;
    choice.possible = choice.wanted = possible;
    choice.asleep = asleep;
    if (!path_.empty()) {
      const Choice& before = path_.back();
      choice.running = before.chosen.thread;
      choice.preemptions = before.preemptions + (before.is_preemption() ? 1 : 0);
    }
    const MessageSet go_on = possible[choice.running];
    const bool may_preempt = !options_.preemptions_max || choice.preemptions < *options_.preemptions_max;
    if (go_on != 0 && !may_preempt) {
      choice.wanted = {};
      choice.wanted[choice.running] = go_on;
    }
    const StepSet open = choice.open();
    if (is_empty(open)) return false;
    choice.choose(open);
    path_.push_back(choice);
    return true;
  }

  // What sleeps after the choice: what slept or was tried before it and doesn't depend on it.
  [[nodiscard]] StepSet still_asleep(const Choice& choice) const {
    StepSet result{};
    for (std::uint32_t t = 0; t < kThreadsMax; ++t) {
      for (MessageSet rest = choice.asleep[t] | choice.done[t]; rest != 0; rest &= rest - 1) {
        const Step step{t, static_cast<MessageId>(std::countr_zero(rest))};
        if (stepper_.are_independent(step, choice.chosen)) add(result, step);
      }
    }
    return result;
  }

  // Depth first: the deepest choice with something untried. False: there is none.
  bool next_path() {
    while (!path_.empty()) {
      Choice& choice = path_.back();
      add(choice.done, choice.chosen);
      if (const StepSet open = choice.open(); !is_empty(open)) {
        choice.choose(open);
        return true;
      }
      path_.pop_back();
    }
    return false;
  }

  Exploration failed() {
    result_.failed = true;
    result_.endless = stepper_.is_endless();
    result_.failure = *stepper_.failure();
    if (result_.endless) path_.resize(std::min<std::size_t>(path_.size(), 100));
    for (const Choice& choice : path_) {
      result_.schedule +=
          std::to_string(choice.chosen.thread) + ':' + std::to_string(choice.chosen.message) + ' ';
    }
    return result_;
  }

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
