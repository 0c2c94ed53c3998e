// Events of every type with random fields, from a seed.
#pragma once

#include <string>

#include "core/base/random.h"
#include "core/machine/event.h"

namespace tenuto::testing {

class RandomEvents {
 public:
  explicit RandomEvents(std::uint64_t seed) : random_(seed) {}

  static constexpr std::size_t kTypes = std::variant_size_v<EventBody>;

  Event any() { return of_kind(random_.below(kTypes)); }

  // The event of one alternative of EventBody, by its index.
  Event of_kind(std::size_t kind) {
    Event event;
    event.at = time();
    event.run = RunNumber(number());
    event.scope = ScopeNumber(number32());
    event.task = random_.chance(1, 4) ? kNoTask : TaskIndex(static_cast<std::uint32_t>(random_.below(1000)));
    event.attempt = Attempt(number32());
    event.body = body(kind);
    return event;
  }

  Random& random() { return random_; }

  std::string text(std::size_t bound = 40) {
    std::string s(random_.below(random_.chance(1, 8) ? bound * 10 : bound), '\0');
    for (char& c : s) c = static_cast<char>(random_.next());
    return s;
  }
  Payload payload() {
    switch (random_.below(4)) {
      case 0:
        return Payload();
      case 1:
        return Payload::make(ContentType::bytes, text(300));
      default:
        return Payload::json("{\"n\":" + std::to_string(random_.next()) + "}");
    }
  }

 private:
  // Small numbers, and those at the edges of their encodings.
  std::uint64_t number() {
    switch (random_.below(4)) {
      case 0:
        return random_.below(3);
      case 1:
        return (std::uint64_t{1} << random_.below(64)) - random_.below(2);
      case 2:
        return ~std::uint64_t{0} - random_.below(2);
      default:
        return random_.below(100'000);
    }
  }
  std::uint32_t number32() { return static_cast<std::uint32_t>(number()); }
  WallTime time() {
    return random_.chance(1, 4)
               ? WallTime{static_cast<Nanos>(number())}
               : WallTime{1'700'000'000 * kSecond + static_cast<Nanos>(random_.below(1u << 30))};
  }
  WorkflowHash hash() { return {random_.next(), random_.next()}; }
  CommandId command() {
    return random_.chance(1, 2) ? CommandId() : CommandId{random_.next(), random_.next()};
  }
  Failure failure() { return {text(), text(), text()}; }

  EventBody body(std::size_t kind) {
    switch (kind) {
      case 0:
        return EngineOpened{Generation(number()), number32(), text()};
      case 1:
        return WorkflowStored{hash(), text(), text(2000)};
      case 2:
        return CommandApplied{command(), RunNumber(number())};
      case 3:
        return CommandRefused{command(), static_cast<Code>(random_.below(20)), text()};
      case 4:
        return PoolUsed{text(), time(), number32(), static_cast<Nanos>(number()),
                        static_cast<Nanos>(number())};
      case 5:
        return RunStarted{hash(), text(),   random_.chance(1, 2), random_.chance(1, 2), payload(), text(),
                          text(), command()};
      case 6:
        return TaskDone{payload(), time()};
      case 7:
        return AttemptFailed{static_cast<FailureKind>(1 + random_.below(5)), failure(), time(),
                             random_.chance(1, 2), time()};
      case 8:
        return TaskSkipped{static_cast<SkipReason>(1 + random_.below(2))};
      case 9:
        return SwitchChosen{random_.chance(1, 4) ? SwitchChosen::kNoArm : number32()};
      case 10:
        return TimerFired{};
      case 11:
        return CancelRequested{text(), text(), command()};
      case 12:
        return TasksDone{number32(), time()};
      case 13:
        return NumbersReserved{RunNumber(number())};
      default:
        return ended();
    }
  }
  RunEnded ended() {
    RunEnded b;
    b.state = static_cast<RunState>(6 + random_.below(5));
    b.output = payload();
    b.failure = failure();
    b.culprit = random_.chance(1, 2) ? kNoTask : TaskIndex(number32());
    b.counts = {number32(), number32(), number32(), number32(),
                number32(), number32(), number32(), static_cast<Nanos>(number())};
    return b;
  }
  Random random_;
};

}  // namespace tenuto::testing
