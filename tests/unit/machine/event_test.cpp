#include "core/machine/event.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace tenuto {
namespace {

// Written once more, since the numbers are in stores: a change here breaks every one of them.
const std::map<std::string, int> kNumbers = {
    {"engine_opened", 1},     {"workflow_stored", 2},  {"command_applied", 3}, {"command_refused", 4},
    {"pool_used", 5},         {"numbers_reserved", 6}, {"run_started", 16},    {"task_done", 17},
    {"attempt_failed", 18},   {"task_skipped", 19},    {"switch_chosen", 20},  {"timer_fired", 21},
    {"cancel_requested", 22}, {"run_ended", 23},       {"tasks_done", 31},
};

TEST(Event, NumbersAreForEver) {
  std::map<std::string, int> found;
  for (int number = 0; number <= 255; ++number) {
    const auto name = std::string(to_text(static_cast<EventType>(number)));
    if (name != "unknown") found[name] = number;
  }
  EXPECT_EQ(found, kNumbers);
}

template <std::size_t... I>
std::vector<EventBody> one_of_each(std::index_sequence<I...>) {
  return {EventBody(std::in_place_index<I>)...};
}

TEST(Event, EveryBodyHasItsOwnType) {
  std::set<std::string> names;
  Event event;
  for (EventBody& body : one_of_each(std::make_index_sequence<std::variant_size_v<EventBody>>())) {
    event.body = std::move(body);
    names.insert(std::string(to_text(event.type())));
  }
  EXPECT_EQ(names.size(), kNumbers.size());
  EXPECT_EQ(names.count("unknown"), 0u);
}

TEST(Event, TheTypeIsThatOfTheBody) {
  const auto type_of = [](EventBody body) {
    Event event;
    event.body = std::move(body);
    return event.type();
  };
  EXPECT_EQ(type_of(EngineOpened{}), EventType::engine_opened);
  EXPECT_EQ(type_of(WorkflowStored{}), EventType::workflow_stored);
  EXPECT_EQ(type_of(CommandApplied{}), EventType::command_applied);
  EXPECT_EQ(type_of(CommandRefused{}), EventType::command_refused);
  EXPECT_EQ(type_of(PoolUsed{}), EventType::pool_used);
  EXPECT_EQ(type_of(NumbersReserved{}), EventType::numbers_reserved);
  EXPECT_EQ(type_of(RunStarted{}), EventType::run_started);
  EXPECT_EQ(type_of(TaskDone{}), EventType::task_done);
  EXPECT_EQ(type_of(AttemptFailed{}), EventType::attempt_failed);
  EXPECT_EQ(type_of(TaskSkipped{}), EventType::task_skipped);
  EXPECT_EQ(type_of(SwitchChosen{}), EventType::switch_chosen);
  EXPECT_EQ(type_of(TimerFired{}), EventType::timer_fired);
  EXPECT_EQ(type_of(CancelRequested{}), EventType::cancel_requested);
  EXPECT_EQ(type_of(RunEnded{}), EventType::run_ended);
  EXPECT_EQ(type_of(TasksDone{}), EventType::tasks_done);
}

// The names of an enumeration with the numbers 1, 2 …; and nothing outside them.
template <class Enum>
std::string names_of() {
  std::string names;
  for (int number = 0; number <= 255; ++number) {
    const std::string_view name = to_text(static_cast<Enum>(number));
    if (name != "unknown")
      names += (names.empty() ? "" : " ") + std::to_string(number) + ":" + std::string(name);
  }
  return names;
}

TEST(Event, StatesAndKindsHaveFixedNumbersAndNames) {
  EXPECT_EQ(names_of<RunState>(),
            "1:queued 2:running 3:waiting 4:paused 5:cancelling 6:completed 7:failed 8:timed_out 9:rejected "
            "10:cancelled");
  EXPECT_EQ(names_of<TaskState>(),
            "1:pending 2:ready 3:running 4:waiting 5:done 6:skipped 7:failed 8:timed_out 9:cancelled "
            "10:not_reached");
  EXPECT_EQ(names_of<FailureKind>(), "1:error 2:stop 3:timed_out 4:cancelled 5:expression");
  EXPECT_EQ(names_of<SkipReason>(), "1:arm_not_taken 2:value_skipped");
}

TEST(Event, EqualityLooksAtEveryField) {
  const Event event{WallTime{1},  RunNumber{2}, kRootScope,
                    TaskIndex{3}, Attempt{4},   TaskDone{Payload::json("5"), {6}}};
  EXPECT_EQ(event, event);
  Event other = event;
  other.attempt = Attempt{5};
  EXPECT_FALSE(other == event);
  other = event;
  std::get<TaskDone>(other.body).result = Payload::json("6");
  EXPECT_FALSE(other == event);
}

}  // namespace
}  // namespace tenuto
