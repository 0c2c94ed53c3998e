// A client's handle of a run that no owner has begun yet is of that run, whatever begins with its name.
#include <gtest/gtest.h>

#include "tests/process/engine.h"

namespace tenuto::testing {
namespace {

constexpr const char* kWaits = R"({"tenuto": 1, "name": "waits", "tasks": {"a": {"use": "nobody"}}})";
constexpr const char* kEnds = R"({"tenuto": 1, "name": "ends", "tasks": {"a": {"use": "body"}}})";

void nothing(void*, const tenuto_task*, tenuto_completion*) {}

TEST(Names, AnAcceptedRunIsNoOtherThatBeginsWithItsName) {
  const Folder folder;
  const Workflow waits(kWaits);
  const Workflow ends(kEnds);
  {
    Engine owner(folder / "store");
    owner.must_be_open();
    owner.native("body", nothing, TENUTO_NATIVE_INLINE);
    ASSERT_EQ(owner.run(ends, "order-10").status, TENUTO_OK);
    tenuto_run* live = nullptr;
    ASSERT_EQ(owner.start(waits, "bill-10", &live), TENUTO_OK);
    tenuto_run_destroy(&live);
  }
  Engine client(folder / "store", TENUTO_OPEN_CLIENT);
  client.must_be_open();
  tenuto_run* order = nullptr;
  tenuto_run* bill = nullptr;
  ASSERT_EQ(client.start(ends, "order-1", &order), TENUTO_OK);
  ASSERT_EQ(client.start(waits, "bill-1", &bill), TENUTO_OK);
  std::int32_t state = 0;
  EXPECT_EQ(tenuto_run_state(order, &state), TENUTO_OK);
  EXPECT_EQ(state, TENUTO_RUN_QUEUED);
  EXPECT_EQ(tenuto_run_result(order, 0, nullptr), TENUTO_STATUS_TIMED_OUT);
  tenuto_buffer* text = nullptr;
  EXPECT_EQ(tenuto_run_describe(order, &text), TENUTO_STATUS_NOT_FOUND);
  // The start is taken back by hand: then there is nothing that the cancel could mean.
  for (const auto& file : std::filesystem::directory_iterator(folder / "store/inbox"))
    std::filesystem::remove(file);
  EXPECT_EQ(tenuto_run_cancel(bill, nullptr, 0, nullptr, 0), TENUTO_OK) << "accepted";
  const pid_t child = ::fork();
  if (child == 0) {
    end_soon();
    Engine owner(folder / "store");
    owner.must_be_open();
    while (!std::filesystem::is_empty(folder / "store/inbox")) ::usleep(1000);
    tenuto_run* other = nullptr;
    TN_MUST(tenuto_engine_find(owner.get(), "bill-10", 7, &other) == TENUTO_OK);
    TN_MUST(tenuto_run_state(other, &state) == TENUTO_OK);
    TN_MUST(state != TENUTO_RUN_CANCELLED);
    ::_exit(0);
  }
  EXPECT_EQ(wait_for(child), 0);
  tenuto_run_destroy(&order);
  tenuto_run_destroy(&bill);
}

}  // namespace
}  // namespace tenuto::testing
