#include "core/query/load.h"

#include <gtest/gtest.h>

#include "tests/support/query_world.h"

namespace tenuto {
namespace {

using testing::HistoryMaker;
using testing::QueryWorld;
using testing::StartWish;

class Load : public ::testing::Test {
 protected:
  std::unique_ptr<StateRead> tables() {
    world.take(maker);
    world.journal.materialise();
    return *world.journal.state().begin_read();
  }
  QueryWorld world;
  HistoryMaker maker{1};
};

TEST_F(Load, StartEndAndId) {
  const PlanRef line = maker.define(testing::kLine);
  const RunNumber run = maker.start(line, StartWish{.id = "one", .by = "ann"});
  maker.fail(run, 0);
  maker.retry(run, 0);
  maker.done(run, 0, "4");
  maker.fail(run, 1, FailureKind::stop, "no");
  const auto state = tables();
  EXPECT_EQ(*find_chosen_id(*state, "one"), run);
  EXPECT_EQ(*find_chosen_id(*state, "two"), std::nullopt);
  EXPECT_EQ(load_started(*state, run)->by, "ann");
  PlanCache plans;
  const auto ended = load_ended(*state, run, plans);
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ(ended->event.state, RunState::failed);
  EXPECT_EQ(ended->event.failure.message, "no");
  EXPECT_EQ(ended->culprit, "b");
  EXPECT_EQ(ended->culprit_attempt, 1u) << "of the culprit, not of another node";
}

TEST_F(Load, WhatIsNotThere) {
  const RunNumber live = maker.start(maker.define(testing::kLine));
  const auto state = tables();
  PlanCache plans;
  EXPECT_EQ(load_ended(*state, live, plans).code(), Code::not_found);
  EXPECT_EQ(load_started(*state, RunNumber{9}).code(), Code::not_found);
  EXPECT_TRUE(load_events(*state, RunNumber{9})->empty());
  EXPECT_FALSE(load_command(*state, CommandId{1, 2})->has_value());
  EXPECT_EQ(plans.get(*state, WorkflowHash{1, 2}).code(), Code::not_found);
}

TEST_F(Load, PlansAreCompiledOnce) {
  const PlanRef line = maker.define(testing::kLine);
  const auto state = tables();
  PlanCache plans;
  EXPECT_EQ(plans.find(line->hash()), nullptr);
  const auto first = plans.get(*state, line->hash());
  ASSERT_TRUE(first.ok());
  EXPECT_EQ((*first)->hash(), line->hash());
  EXPECT_EQ(*plans.get(*state, line->hash()), *first);
  EXPECT_EQ(*plans.add(line->hash(), "not read any more"), *first);
}

}  // namespace
}  // namespace tenuto
