// The log in files on a file system that loses power at any system call: this tests durability, for what was not
// synced is dropped. Two planted lies must be found.
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "core/store/file_log.h"
#include "tests/property/store/crash_files.h"

namespace tenuto::testing {
namespace {

constexpr std::size_t kSegment = 3u << 19;  // so that it grows
constexpr std::uint64_t kSeeds = 60;

// What the log promised, and the one change that was under way when the power went.
struct Promised {
  std::map<SegmentNumber, Bytes> synced;  // each begins with these bytes
  std::optional<SegmentNumber> may_be_there;
  // The segment of the first number may have the second one.
  std::optional<std::pair<SegmentNumber, SegmentNumber>> may_be_renamed;
};

// Random work until the power goes.
class Work {
 public:
  Work(FileLog& log, Random& random, Promised& promised) : log_(log), random_(random), promised_(promised) {}

  void run() {
    while (step()) continue;
  }

 private:
  bool step() {
    const std::uint64_t dice = random_.below(10);
    auto& synced = promised_.synced;
    if (synced.empty() || dice == 0) return create();
    const auto chosen = std::next(synced.begin(), static_cast<std::ptrdiff_t>(random_.below(synced.size())));
    if (dice == 1) return recycle(chosen->first);
    if (dice == 2) return remove(chosen->first);
    return append(chosen->first, chosen->second);
  }
  bool create() {
    const SegmentNumber segment = next();
    promised_.may_be_there = segment;
    if (!log_.create(segment).ok()) return false;
    promised_.may_be_there.reset();
    promised_.synced[segment];
    return true;
  }
  bool recycle(SegmentNumber from) {
    const SegmentNumber to = next();
    promised_.may_be_renamed = {from, to};
    if (!log_.recycle(from, to).ok()) return false;
    promised_.may_be_renamed.reset();
    auto node = promised_.synced.extract(from);
    node.key() = to;
    promised_.synced.insert(std::move(node));
    return true;
  }
  bool remove(SegmentNumber segment) {
    promised_.synced.erase(segment);
    promised_.may_be_there = segment;
    if (!log_.remove(segment).ok()) return false;
    promised_.may_be_there.reset();
    return true;
  }
  bool append(SegmentNumber segment, Bytes& synced) {
    const Bytes bytes(1 + random_.below(300'000), static_cast<char>('a' + random_.below(26)));
    if (synced.size() + bytes.size() > kSegment) return true;
    const ByteView piece = bytes;
    if (!log_.write(segment, synced.size(), std::span(&piece, 1)).ok()) return false;
    if (!log_.sync(segment).ok()) return false;
    synced += bytes;
    return true;
  }
  SegmentNumber next() { return SegmentNumber(++last_ + first_); }

  FileLog& log_;
  Random& random_;
  Promised& promised_;
  std::uint64_t last_ = 0;
  const std::uint64_t first_ = random_.below(1u << 20) << 20;  // far from the numbers of an earlier round
};

// Whether the log keeps its promises; makes what was uncertain certain.
bool keeps(const FileLog& log, Promised& promised) {
  auto& synced = promised.synced;
  Bytes out;
  if (const auto renamed = promised.may_be_renamed; renamed && !log.read(renamed->first, 0, 0, out).ok()) {
    auto node = synced.extract(renamed->first);
    node.key() = renamed->second;
    synced.insert(std::move(node));
  }
  for (const auto& [segment, bytes] : synced) {
    if (!log.read(segment, 0, bytes.size(), out).ok() || out != bytes) return false;
  }
  const std::vector<SegmentNumber> listed = *log.list();
  for (const SegmentNumber segment : listed) {
    if (!synced.contains(segment) && promised.may_be_there != segment) return false;
    synced[segment];
  }
  promised.may_be_there.reset();
  promised.may_be_renamed.reset();
  return listed.size() == synced.size();
}

// Some rounds of work and power cuts on one file system; the number of broken promises.
int broken_promises(std::uint64_t seed, bool ignore_file_syncs, bool ignore_name_syncs) {
  Random random(seed);
  CrashFiles files;
  files.ignore_file_syncs = ignore_file_syncs;
  files.ignore_name_syncs = ignore_name_syncs;
  Promised promised;
  for (int round = 0; round < 3; ++round) {
    files.cut_power_at(5 + random.below(120));
    if (auto log = FileLog::open("/", false, kSegment, files); log.ok()) Work(**log, random, promised).run();
    EXPECT_TRUE(files.is_dead()) << "seed=" << seed;
    files.crash(random);
    auto log = FileLog::open("/", false, kSegment, files);
    EXPECT_TRUE(log.ok()) << "seed=" << seed;
    if (!keeps(**log, promised)) return 1;
  }
  return 0;
}

int count_broken(bool ignore_file_syncs, bool ignore_name_syncs) {
  int broken = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    broken += broken_promises(seed, ignore_file_syncs, ignore_name_syncs);
  }
  return broken;
}

TEST(FileLogProperty, APowerCutAtAnyCallBreaksNoPromise) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ASSERT_EQ(broken_promises(seed, false, false), 0) << "seed=" << seed;
  }
}

TEST(FileLogProperty, TheHarnessFindsFileSyncsThatDoNothing) {
  EXPECT_GE(count_broken(true, false), static_cast<int>(kSeeds * 9 / 10));
}

TEST(FileLogProperty, TheHarnessFindsNameSyncsThatDoNothing) {
  EXPECT_GE(count_broken(false, true), static_cast<int>(kSeeds / 2));
}

}  // namespace
}  // namespace tenuto::testing
