// Random work on the log in memory with crashes: every byte is what was synced or, where it was written since, may be
// what was written.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/random.h"
#include "core/store/mem_log.h"

namespace tenuto::testing {
namespace {

constexpr std::size_t kSegment = 8192;

// Per byte: all values it may have after a crash, the current one last.
struct Expected {
  std::vector<std::vector<char>> may = std::vector<std::vector<char>>(kSegment, std::vector<char>{'\0'});

  void written(std::size_t offset, ByteView bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) may[offset + i].push_back(bytes[i]);
  }
  void synced() {
    for (auto& values : may) values.erase(values.begin(), values.end() - 1);
  }
  // Takes what the crash left as the only truth; false when a byte has a value that it could not have.
  bool crashed(ByteView left) {
    for (std::size_t i = 0; i < kSegment; ++i) {
      if (std::find(may[i].begin(), may[i].end(), left[i]) == may[i].end()) return false;
      may[i] = {left[i]};
    }
    return true;
  }
  [[nodiscard]] Bytes current() const {
    Bytes bytes;
    for (const auto& values : may) bytes.push_back(values.back());
    return bytes;
  }
};

TEST(MemLogProperty, ACrashLeavesWhatWasSyncedAndPerhapsWhatWasWritten) {
  int lost = 0;
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    MemLog log(kSegment);
    std::map<SegmentNumber, Expected> expected;
    std::uint64_t next = 1;
    for (int step = 0; step < 60; ++step) {
      const std::uint64_t dice = random.below(100);
      if (expected.empty() || dice < 5) {
        ASSERT_TRUE(log.create(SegmentNumber(next)).ok());
        expected[SegmentNumber(next++)];
        continue;
      }
      auto chosen = std::next(expected.begin(), static_cast<std::ptrdiff_t>(random.below(expected.size())));
      const SegmentNumber segment = chosen->first;
      if (dice < 60) {
        const Bytes bytes(1 + random.below(2000), static_cast<char>('a' + step % 26));
        const std::size_t offset = random.below(kSegment - bytes.size());
        const ByteView piece = bytes;
        ASSERT_TRUE(log.write(segment, offset, std::span(&piece, 1)).ok());
        chosen->second.written(offset, bytes);
      } else if (dice < 80) {
        ASSERT_TRUE(log.sync(segment).ok());
        chosen->second.synced();
      } else if (dice < 85) {
        ASSERT_TRUE(log.recycle(segment, SegmentNumber(next)).ok());
        auto node = expected.extract(chosen);
        node.key() = SegmentNumber(next++);
        expected.insert(std::move(node));
      } else if (dice < 88) {
        ASSERT_TRUE(log.remove(segment).ok());
        expected.erase(chosen);
      } else {
        log.crash(random);
      }
      std::set<SegmentNumber> names;
      for (auto& [number, bytes] : expected) {
        names.insert(number);
        Bytes left;
        ASSERT_TRUE(log.read(number, 0, kSegment, left).ok());
        if (dice >= 88) {
          (left == bytes.current() ? kept : lost) += 1;
          ASSERT_TRUE(bytes.crashed(left)) << "seed=" << seed << " step " << step;
        } else {
          ASSERT_TRUE(left == bytes.current()) << "seed=" << seed << " step " << step;
        }
      }
      const std::vector<SegmentNumber> listed = *log.list();
      ASSERT_TRUE(std::equal(listed.begin(), listed.end(), names.begin(), names.end())) << "seed=" << seed;
    }
  }
  // The log must be able to lose and to keep, or this test shows nothing.
  EXPECT_GT(lost, 100);
  EXPECT_GT(kept, 100);
}

}  // namespace
}  // namespace tenuto::testing
