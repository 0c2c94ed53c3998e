#include "core/store/owner_lock.h"

#include <gtest/gtest.h>

#include "tests/unit/store/child.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto::testing {
namespace {

class OwnerLockTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<OwnerLock>> acquire() { return OwnerLock::acquire("/my/store", file()); }
  std::string file() { return directory_ / "owner.lock"; }

 private:
  TempDir directory_;
};

TEST_F(OwnerLockTest, TheSecondProcessIsToldWhoOwnsTheStore) {
  const auto lock = acquire();
  ASSERT_TRUE(lock.ok());
  const std::string me = "process " + std::to_string(::getpid()) + " (unit_store";
  EXPECT_EQ(in_child([&] {
              const auto second = acquire();
              if (second.code() != Code::owned) return 1;
              const std::string& message = second.status().message();
              if (message.find("the store /my/store is owned by " + me) == std::string::npos) return 2;
              return message.find("reading only") == std::string::npos ? 3 : 0;
            }),
            0);
}

TEST_F(OwnerLockTest, AlsoTheSecondOfOneProcessIsRefused) {
  const auto lock = acquire();
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(acquire().code(), Code::owned);
}

TEST_F(OwnerLockTest, DestructionReleases) {
  EXPECT_TRUE(acquire().ok());
  EXPECT_EQ(in_child([&] { return acquire().ok() ? 0 : 1; }), 0);
  EXPECT_TRUE(acquire().ok());
}

TEST_F(OwnerLockTest, AKilledOwnerOwnsNothing) {
  Child owner([&](const auto& tell, const auto& wait) {
    const auto lock = acquire();
    tell(lock.ok() ? 'y' : 'n');
    wait();
    return 0;
  });
  ASSERT_EQ(owner.wait(), 'y');
  EXPECT_EQ(acquire().code(), Code::owned);
  EXPECT_EQ(*owner_of(file()), owner.pid());
  owner.kill();
  EXPECT_TRUE(acquire().ok());
}

TEST_F(OwnerLockTest, AForkedChildHoldsNothingAndKeepsNothingLocked) {
  auto lock = *acquire();
  Child child([&](const auto& tell, const auto& wait) {
    const bool held = lock->held();
    tell(held ? 'y' : 'n');
    wait();
    return 0;
  });
  EXPECT_EQ(child.wait(), 'n');
  EXPECT_TRUE(lock->held());
  // The child lives on while its parent's engine closes: it must not keep the store locked.
  lock.reset();
  EXPECT_TRUE(acquire().ok());
  child.tell('g');
  EXPECT_EQ(child.finish(), 0);
}

TEST_F(OwnerLockTest, DestructionInAForkedChildLeavesTheLockToTheParent) {
  auto lock = *acquire();
  EXPECT_EQ(in_child([&] {
              lock.reset();
              return 0;
            }),
            0);
  EXPECT_EQ(in_child([&] { return acquire().code() == Code::owned ? 0 : 1; }), 0);
}

TEST_F(OwnerLockTest, OwnerOfTellsWhoOwnsItNow) {
  EXPECT_EQ(*owner_of(file()), 0);
  {
    const auto lock = acquire();
    EXPECT_EQ(*owner_of(file()), ::getpid());
  }
  EXPECT_EQ(*owner_of(file()), 0);
}

TEST_F(OwnerLockTest, ALockFileThatCannotBeMadeIsNamed) {
  const auto lock = OwnerLock::acquire("/my/store", file() + "/none/owner.lock");
  ASSERT_FALSE(lock.ok());
  EXPECT_NE(lock.status().message().find("/none/owner.lock"), std::string::npos);
}

}  // namespace
}  // namespace tenuto::testing
