// The two things a model test says of a scenario.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "tests/model/explorer.h"

namespace tenuto::testing {

// All runs hold.
template <class S, class... Args>
void expect_holds(const ExploreOptions& options, const Args&... args) {
  const Exploration result = explore([&] { return std::make_unique<S>(args...); }, options);
  EXPECT_FALSE(result.failed) << result.failure << "\nschedule: " << result.schedule;
  ::testing::Test::RecordProperty("runs", std::to_string(result.runs));
}

template <class S, class... Args>
void expect_holds(const Args&... args) {
  expect_holds<S>(ExploreOptions(), args...);
}

// A canary: the planted bug is found, and its schedule shows it again.
template <class S, class... Args>
void expect_found(const Args&... args) {
  const MakeScenario make = [&] { return std::make_unique<S>(args...); };
  const Exploration result = explore(make);
  ASSERT_TRUE(result.failed) << "the planted bug was not found in " << result.runs << " runs";
  const Exploration again = replay(make, result.schedule);
  EXPECT_EQ(again.failure, result.failure);
}

}  // namespace tenuto::testing
