#include "core/store/store_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "core/store/owner_lock.h"
#include "tests/unit/store/child.h"
#include "tests/unit/store/faulty_calls.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto::testing {
namespace {

constexpr StoreUuid kUuid{0x0123456789abcdef, 0xfedcba9876543210};

Bytes read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, ByteView text) {
  std::ofstream(path, std::ios::binary) << text;
}

bool contains(const Status& status, ByteView part) {
  return status.message().find(part) != std::string::npos;
}

TEST(StoreDir, CreateMakesTheFoldersAndAReadableMarker) {
  TempDir directory;
  const std::string path = directory / "store";
  const auto store = StoreDir::create(path, kUuid);
  ASSERT_TRUE(store.ok()) << store.status().message();
  EXPECT_EQ(read(path + "/tenuto.store"), "tenuto store\nformat 3\nuuid 0123456789abcdeffedcba9876543210\n");
  for (const std::string& folder : {path, store->journal(), store->state(), store->inbox()}) {
    struct stat facts {};
    ASSERT_EQ(::stat(folder.c_str(), &facts), 0) << folder;
    EXPECT_EQ(facts.st_mode & 07777, 0700u) << folder;
  }
}

TEST(StoreDir, OpenFindsWhatCreateMade) {
  TempDir directory;
  ASSERT_TRUE(StoreDir::create(directory / "store", kUuid).ok());
  const auto store = StoreDir::open(directory / "store");
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(store->uuid(), kUuid);
  EXPECT_EQ(store->format(), kStoreFormat);
  EXPECT_EQ(store->path(), directory / "store");
  EXPECT_EQ(StoreDir::create(directory / "store", StoreUuid{1, 1}).code(), Code::conflict);
  EXPECT_EQ(StoreDir::open(directory / "store")->uuid(), kUuid);
}

TEST(StoreDir, AnEmptyDirectoryBecomesAStoreAndAFullOneStays) {
  TempDir directory;
  write(directory / "thesis.tex", "years of work");
  const auto refused = StoreDir::create(directory.path(), kUuid);
  ASSERT_EQ(refused.code(), Code::invalid_argument);
  EXPECT_TRUE(contains(refused.status(), "thesis.tex"));
  EXPECT_FALSE(std::filesystem::exists(directory / "journal"));
  std::filesystem::remove(directory / "thesis.tex");
  EXPECT_TRUE(StoreDir::create(directory.path(), kUuid).ok());
}

TEST(StoreDir, WhatIsNoStoreIsNamedWithWhatIsMissing) {
  TempDir directory;
  for (const std::string& path : {directory.path(), directory / "none"}) {
    const auto store = StoreDir::open(path);
    ASSERT_EQ(store.code(), Code::not_found);
    EXPECT_TRUE(contains(store.status(), path + " is not a Tenuto store (it has no tenuto.store)"));
  }
}

TEST(StoreDir, ANewerFormatNamesBothVersions) {
  TempDir directory;
  write(directory / "tenuto.store",
        "tenuto store\nformat 7\nuuid 0123456789abcdeffedcba9876543210\nsomething new\n");
  const auto store = StoreDir::open(directory.path());
  ASSERT_EQ(store.code(), Code::newer_format);
  EXPECT_TRUE(contains(store.status(), "format 7"));
  EXPECT_TRUE(contains(store.status(), "up to " + std::to_string(kStoreFormat)));
}

TEST(StoreDir, AMarkerThatCannotBeReadIsDamage) {
  const std::vector<Bytes> texts = {
      "",
      "tenuto store\n",
      "another store\nformat 1\nuuid 0123456789abcdeffedcba9876543210\n",
      "tenuto store\nformat one\nuuid 0123456789abcdeffedcba9876543210\n",
      "tenuto store\nformat 0\nuuid 0123456789abcdeffedcba9876543210\n",
      "tenuto store\nformat 99999999999\nuuid 0123456789abcdeffedcba9876543210\n",
      "tenuto store\nformat 1\nuuid 0123\n",
      "tenuto store\nformat 1\nuuid 0123456789abcdeffedcba987654321g\n",
      Bytes(5000, 'x'),
  };
  for (const Bytes& text : texts) {
    TempDir directory;
    write(directory / "tenuto.store", text);
    EXPECT_EQ(StoreDir::open(directory.path()).code(), Code::damaged) << text;
    EXPECT_EQ(StoreDir::open_or_create(directory.path()).code(), Code::damaged) << text;
  }
}

TEST(StoreDir, OpenOrCreateDoesTheOneAndThenTheOther) {
  TempDir directory;
  const auto made = StoreDir::open_or_create(directory / "store");
  ASSERT_TRUE(made.ok());
  const auto found = StoreDir::open_or_create(directory / "store");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->uuid(), made->uuid());
  EXPECT_NE(StoreDir::open_or_create(directory / "other")->uuid(), made->uuid());
}

TEST(StoreDir, CreateWaitsForNobodyWhoHoldsTheLock) {
  TempDir directory;
  const auto lock = OwnerLock::acquire(directory.path(), directory / "owner.lock");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(StoreDir::create(directory.path(), kUuid).code(), Code::owned);
}

TEST(StoreDir, EveryFailedCallOfCreateLeavesAStoreOrNoneAndTheNextTryWorks) {
  for (const int error : {EIO, ENOSPC, EINTR}) {
    int failures = 0;
    for (std::uint64_t nth = 1;; ++nth) {
      TempDir directory;
      const std::string path = directory / "store";
      FaultyCalls calls;
      calls.fail(nth, error);
      const auto made = StoreDir::create(path, kUuid, calls);
      if (calls.hit().empty()) break;
      failures += made.ok() ? 0 : 1;
      EXPECT_TRUE(made.ok() || error != EINTR) << "call " << nth << ": " << calls.hit();
      EXPECT_TRUE(!made.ok() || StoreDir::open(path).ok());
      calls.heal();
      EXPECT_TRUE(StoreDir::open_or_create(path, calls).ok()) << "call " << nth << ": " << calls.hit();
    }
    EXPECT_TRUE(error == EINTR || failures >= 8) << failures;
  }
}

TEST(StoreDir, AnUpgradeNotesEachStepInTheMarker) {
  TempDir directory;
  auto store = *StoreDir::create(directory / "store", kUuid);
  int ran = 0;
  const std::vector<UpgradeStep> steps = {{kStoreFormat, kStoreFormat + 1, [&](const std::string& path) {
                                             EXPECT_EQ(path, directory / "store");
                                             ++ran;
                                             return Status();
                                           }}};
  ASSERT_TRUE(store.upgrade(steps, kStoreFormat + 1).ok());
  ASSERT_TRUE(store.upgrade(steps, kStoreFormat + 1).ok());
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(store.format(), kStoreFormat + 1);
  EXPECT_EQ(read(directory / "store/tenuto.store"),
            "tenuto store\nformat 4\nuuid 0123456789abcdeffedcba9876543210\n");
  EXPECT_EQ(StoreDir::open(directory / "store").code(), Code::newer_format);
}

TEST(StoreDir, TwoProcessesThatMakeAStoreAtOnceGetTheSame) {
  for (int round = 0; round < 10; ++round) {
    TempDir directory;
    const std::string path = directory / "store";
    // owned: the other one is making it at this moment, and a caller tries again.
    const auto make = [&]() -> StoreUuid {
      for (;;) {
        const auto store = StoreDir::open_or_create(path);
        if (store.ok()) return store->uuid();
        if (store.code() != Code::owned) return {};
      }
    };
    Child child([&](const auto& tell, const auto& wait) {
      tell('r');
      wait();
      const StoreUuid made = make();
      return made == StoreDir::open(path)->uuid() ? 0 : 1;
    });
    child.wait();
    child.tell('g');
    const StoreUuid made = make();
    EXPECT_EQ(child.finish(), 0);
    EXPECT_EQ(made, StoreDir::open(path)->uuid());
    EXPECT_NE(made, StoreUuid{});
  }
}

}  // namespace
}  // namespace tenuto::testing
