// What a model test says of its scenarios: that they hold, that a planted mistake is found, and that no memory order in the code
// is stronger than it must be, nor any wake-up left out, without a scenario that notices.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/model/explorer.h"

namespace tenuto::testing {

struct Case {
  std::string name;
  MakeScenario make;
  ExploreOptions options;
  bool is_large = false;  // too large to be explored once for each weakening
};
using Cases = std::vector<Case>;

// S is made from copies of `args`.
template <class S, class... Args>
Case holds(std::string name, const ExploreOptions& options, const Args&... args) {
  return {std::move(name), [=] { return std::make_unique<S>(args...); }, options};
}
template <class S, class... Args>
Case holds(std::string name, const Args&... args) {
  return holds<S>(std::move(name), ExploreOptions(), args...);
}

inline Case large(Case one) {
  one.is_large = true;
  return one;
}

// A place whose weakening no scenario can notice, and why it is as it is.
struct Exempt {
  std::string file;
  std::string text;  // a part of the line of code
  std::string why;
  std::string which = "";  // a part of the weakening's description, "-> acquire"; all of the line's
};

// A model of the code in `files`: the tests SUITE.CASE and SUITE.EachWeakeningIsNoticed. The latter explores the cases, but large ones, once for
// every atomic access in `files` and each order that is one step weaker than the access's own, and once without
// each wake-up: some case must fail, or the place is exempt. Accesses that no case comes by fail it, too.
class Model {
 public:
  Model(std::string suite, std::vector<std::string> files, Cases cases, std::vector<Exempt> exempt = {});
};

void expect_each_weakening_is_noticed(const std::vector<std::string>& files, const Cases& cases,
                                      const std::vector<Exempt>& exempt);

template <class S, class... Args>
void expect_holds(const Args&... args) {
  const Exploration result = explore([&] { return std::make_unique<S>(args...); });
  EXPECT_FALSE(result.failed) << result.failure << "\nschedule: " << result.schedule;
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
