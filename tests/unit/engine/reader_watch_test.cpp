#include "core/engine/reader_watch.h"

#include <gtest/gtest.h>

namespace tenuto::testing {
namespace {

constexpr Nanos kSoon = kReaderHeldNs - 1;

class Watch : public ::testing::Test {
 protected:
  // A look at `readers` so long after the last one.
  void look(Nanos later, const std::vector<StateReader>& readers, std::uint64_t used_bytes = 0) {
    now_.ns += later;
    watch_.look(readers, used_bytes, WallTime{1000 + now_.ns}, now_);
  }
  std::vector<std::int64_t> named() const {
    std::vector<std::int64_t> pids;
    for (const HeldReader& reader : watch_.held()) pids.push_back(reader.pid);
    return pids;
  }
  MonoTime now_;
  ReaderWatch watch_;
};

using Pids = std::vector<std::int64_t>;

TEST_F(Watch, WhoStaysBehindIsNamedWithTheTimeAndTheGrowth) {
  const StateReader stuck{7, true, 100, 1};
  look(0, {stuck}, 5000);
  EXPECT_EQ(named(), Pids());
  look(kSoon, {stuck}, 6000);
  EXPECT_EQ(named(), Pids());
  look(1, {stuck}, 9000);
  ASSERT_EQ(named(), Pids({7}));
  EXPECT_EQ(watch_.held()[0], (HeldReader{7, 100, WallTime{1000}, 4000}));
  look(1, {}, 9000);
  EXPECT_EQ(named(), Pids());
}

TEST_F(Watch, ItIsNamedWithinAMinute) {
  static_assert(kReaderHeldNs <= 30 * kSecond, "two looks, a second apart while the tables are written");
}

TEST_F(Watch, WhoReadsTheNewestOrNothingHoldsNothing) {
  look(0, {{7, true, 100, 0}, {8, false, 0, 0}});
  look(2 * kReaderHeldNs, {{7, true, 100, 0}, {8, false, 0, 0}});
  EXPECT_EQ(named(), Pids());
  // Its time counts from when it is behind.
  look(0, {{7, true, 100, 1}});
  EXPECT_EQ(named(), Pids());
  look(kReaderHeldNs, {{7, true, 100, 1}});
  EXPECT_EQ(named(), Pids({7}));
}

TEST_F(Watch, WhoRefreshesIsNotNamed) {
  look(0, {{7, true, 100, 1}});
  look(kSoon, {{7, true, 101, 1}});
  look(kSoon, {{7, true, 102, 1}});
  EXPECT_EQ(named(), Pids());
}

TEST_F(Watch, TheOldestAreKept) {
  std::vector<StateReader> readers;
  for (std::uint32_t i = 0; i < SharedPage::kHeldReaders; ++i) readers.push_back({i + 1, true, 100 + i, 1});
  look(0, readers);
  readers.insert(readers.begin(), {99, true, 500, 1});
  look(kReaderHeldNs, readers);
  look(kReaderHeldNs, readers);
  EXPECT_EQ(named().size(), SharedPage::kHeldReaders);
  EXPECT_EQ(named()[0], 1);
}

}  // namespace
}  // namespace tenuto::testing
