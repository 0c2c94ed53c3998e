// Nobody is told what follows from an event that is not durable.
#include <gtest/gtest.h>

#include "tests/unit/engine/core_harness.h"

namespace tenuto {
namespace {

using testing::CoreHarness;

constexpr const char* kOne = R"({"tenuto": 1, "name": "one", "tasks": {"a": {"use": "hosted"}}})";

TEST(Answers, ARefusalForTheSakeOfARunThatIsNotDurableWaitsForIt) {
  CoreHarness h;
  const PlanRef plan = h.compile(kOne);
  h.log.set_fault({LogFault::Call::write, 1, Code::full, 1000});
  (void)h.start(plan, "1", "order-7");
  const auto waiter = std::make_shared<Waiter>();
  const auto refused =
      h.core->start({plan, "order-7", Payload::json("2"), "", "", false}, CommandId{}, waiter);
  EXPECT_EQ(refused.code(), Code::conflict);
  h.settle();
  EXPECT_FALSE(waiter->wait(0)) << "a crash now would undo the reason";
  h.log.clear_faults();
  h.settle();
  EXPECT_TRUE(waiter->wait(0));
}

}  // namespace
}  // namespace tenuto
