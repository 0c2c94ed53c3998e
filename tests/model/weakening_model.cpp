// The search for orders that nobody needs proves itself: it finds one that is stronger than needed, one that no case comes by, and a
// wake-up that nobody waits for.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "core/base/sync.h"
#include "core/sched/parker.h"
#include "tests/model/expect.h"

namespace tenuto::testing {
namespace {

class Flag {
 public:
  void raise() { raised_.store(true, std::memory_order_seq_cst); }  // release would do
  [[nodiscard]] bool is_raised() const { return raised_.load(std::memory_order_acquire); }
  void lower() { raised_.store(false, std::memory_order_release); }  // no case comes by

 private:
  Atomic<bool> raised_{false};
};

struct Raise final : Scenario {
  Raise() : Scenario(2) {}
  void run(std::uint32_t thread) override {
    if (thread == 0) {
      data_ = 1;
      flag_.raise();
      parker_.unpark();  // nobody sleeps
    } else if (flag_.is_raised()) {
      model_check(data_ == 1, "no data");
    }
  }

 private:
  Plain<int> data_{0};
  Flag flag_;
  Parker parker_;
};

const std::vector<std::string> kFiles = {"tests/model/weakening_model.cpp"};
const std::string kHere = kFiles[0];

TEST(Weakenings, FindsAnOrderThatNothingNeeds) {
  const Cases cases = {holds<Raise>("Raise")};
  EXPECT_NONFATAL_FAILURE(
      expect_each_weakening_is_noticed(kFiles, cases,
                                       {{kHere, "release would do", ""}, {kHere, "no case comes by", ""}}),
      "wake-up left out: nothing notices");
  EXPECT_NONFATAL_FAILURE(expect_each_weakening_is_noticed(
                              kFiles, cases, {{kHere, "nobody sleeps", ""}, {kHere, "no case comes by", ""}}),
                          "store seq_cst -> release: nothing notices");
  EXPECT_NONFATAL_FAILURE(expect_each_weakening_is_noticed(
                              kFiles, cases, {{kHere, "release would do", ""}, {kHere, "nobody sleeps", ""}}),
                          "no case comes by");
}

}  // namespace
}  // namespace tenuto::testing
