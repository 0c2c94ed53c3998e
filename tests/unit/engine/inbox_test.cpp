#include "core/engine/inbox.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/store/faulty_calls.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto {
namespace {

using testing::FaultyCalls;
using testing::TempDir;

constexpr CommandId kId{1, 2};
const Command kCancel = CancelCommand{"order-7", "enough", "ann"};

std::size_t files_in(const std::string& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) count += entry.exists() ? 1 : 0;
  return count;
}

TEST(Inbox, ACommandIsReadAsItWasAccepted) {
  const TempDir folder;
  const Inbox inbox(folder / "");
  ASSERT_TRUE(inbox.submit(kId, kCancel).ok());
  const auto files = inbox.list();
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(files->size(), 1u);
  const auto text = inbox.read(files->front());
  ASSERT_TRUE(text.ok());
  const auto command = decode_command(*text);
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(std::get<CancelCommand>(*command).reason, "enough");
  inbox.remove(files->front());
  EXPECT_FALSE(inbox.contains(kId));
}

// A sender was killed before its command was accepted.
TEST(Inbox, AFileThatNeverBecameACommandGoesInTime) {
  const TempDir folder;
  const Inbox inbox(folder / "");
  const std::string left = folder / (command_file_name(kId) + ".new");
  const std::string other = folder / "notes.new";
  std::ofstream(left) << "{";
  std::ofstream(other) << "{";
  ASSERT_TRUE(inbox.submit(CommandId{3, 4}, kCancel).ok());
  const WallTime now = SystemClock().wall();
  inbox.remove_abandoned(now);
  EXPECT_TRUE(std::filesystem::exists(left));  // it may be written right now
  inbox.remove_abandoned(WallTime{now.ns + kAbandonedAfter + kSecond});
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_TRUE(std::filesystem::exists(other));
  EXPECT_TRUE(inbox.contains(CommandId{3, 4}));
}

// Whatever call fails: either nothing is left, or, when only the folder's sync failed, the whole command.
TEST(Inbox, AFailureLeavesNothingHalf) {
  for (std::uint64_t nth = 1;; ++nth) {
    const TempDir folder;
    FaultyCalls calls;
    const Inbox inbox(folder / "", calls);
    calls.fail(nth, ENOSPC, true);
    const Status status = inbox.submit(kId, kCancel);
    if (calls.hit().empty()) {
      EXPECT_TRUE(status.ok());
      EXPECT_GE(nth, 6u);
      break;
    }
    EXPECT_FALSE(status.ok()) << calls.hit();
    if (status.code() == Code::poisoned) {
      EXPECT_EQ(calls.hit(), "fsync");
      EXPECT_TRUE(inbox.contains(kId));
    } else {
      EXPECT_EQ(status.code(), Code::full);
      EXPECT_EQ(files_in(folder / ""), 0u) << calls.hit();
    }
  }
}

}  // namespace
}  // namespace tenuto
