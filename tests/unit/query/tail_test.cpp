#include "core/query/tail.h"

#include <gtest/gtest.h>

#include "tests/support/query_world.h"

namespace tenuto {
namespace {

using testing::HistoryMaker;
using testing::QueryWorld;

std::vector<EventType> poll_all(Tail& tail, Position durable) {
  std::vector<EventType> types;
  const Status status =
      tail.poll(durable, [&](const Event& event, Position) { types.push_back(event.type()); });
  EXPECT_TRUE(status.ok()) << status.message();
  return types;
}

TEST(Tail, FollowsWhatBecomesDurable) {
  QueryWorld world;
  auto read = world.journal.state().begin_read();
  auto tail = Tail::from_watermark(world.journal.log(), **read);
  ASSERT_TRUE(tail.ok());
  EXPECT_EQ(poll_all(*tail, world.journal.committer().durable()), std::vector{EventType::engine_opened});
  HistoryMaker maker(1);
  const RunNumber run = maker.start(maker.define(testing::kLine));
  world.take(maker);
  EXPECT_EQ(poll_all(*tail, world.journal.committer().durable()),
            (std::vector{EventType::workflow_stored, EventType::run_started}));
  EXPECT_EQ(tail->position(), world.journal.committer().durable());
  maker.done(run, 0);
  for (const Event& event : {maker.events().back()}) world.journal.append({event});
  EXPECT_TRUE(poll_all(*tail, world.journal.committer().durable()).empty()) << "not durable yet";
}

TEST(Tail, BeginsBehindTheTables) {
  QueryWorld world;
  HistoryMaker maker(2);
  const RunNumber run = maker.start(maker.define(testing::kLine));
  world.take(maker);
  world.journal.materialise();
  maker.done(run, 0);
  world.take(maker);
  auto read = world.journal.state().begin_read();
  auto tail = Tail::from_watermark(world.journal.log(), **read);
  ASSERT_TRUE(tail.ok());
  EXPECT_EQ(poll_all(*tail, world.journal.committer().durable()), std::vector{EventType::task_done});
}

TEST(Tail, SaysWhenItsSegmentIsGone) {
  QueryWorld world{testing::JournalSizes{}};
  HistoryMaker maker(3);
  const PlanRef line = maker.define(testing::kLine);
  world.take(maker);
  auto read = world.journal.state().begin_read();
  auto tail = Tail::from_watermark(world.journal.log(), **read);
  ASSERT_TRUE(tail.ok());
  for (int i = 0; i < 3000; ++i) {
    maker.start(line);
    world.take(maker);
    if (i % 50 == 0) world.journal.materialise();
  }
  const Status status = tail->poll(world.journal.committer().durable(), [](const Event&, Position) {});
  EXPECT_TRUE(status.code() == Code::not_found || status.code() == Code::damaged) << status.message();
}

}  // namespace
}  // namespace tenuto
