#include "core/base/check.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace tenuto {
namespace {

TEST(CheckDeathTest, ABrokenInvariantEndsTheProcess) {
  const int one = 1;
  TN_CHECK(one == 1);
  EXPECT_EXIT(TN_CHECK(one == 2), testing::KilledBySignal(SIGABRT), "");
}

TEST(CheckDeathTest, TheHandlerHearsWhatIsBrokenAndWhere) {
  const auto in_child = [] {
    set_fatal_handler([](const char* message) {
      std::fputs(message, stderr);
      std::_Exit(3);
    });
    const int one = 1;
    TN_CHECK(one == 2);
  };
  EXPECT_EXIT(in_child(), testing::ExitedWithCode(3),
              "broken invariant at .*check_test.cpp:[0-9]+: one == 2");
}

TEST(CheckDeathTest, AHandlerThatReturnsChangesNothing) {
  const auto in_child = [] {
    set_fatal_handler([](const char*) {});
    TN_CHECK(false);
  };
  EXPECT_EXIT(in_child(), testing::KilledBySignal(SIGABRT), "");
}

TEST(CheckDeathTest, WithoutAHandlerItAbortsAgain) {
  const auto in_child = [] {
    set_fatal_handler([](const char*) { std::_Exit(3); });
    set_fatal_handler(nullptr);
    TN_CHECK(false);
  };
  EXPECT_EXIT(in_child(), testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace tenuto
