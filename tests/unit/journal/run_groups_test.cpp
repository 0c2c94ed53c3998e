#include "core/journal/run_groups.h"

#include <gtest/gtest.h>

namespace tenuto::testing {
namespace {

std::vector<Bytes> records_of(const RunGroups& groups, const RunGroups::Group& group) {
  std::vector<Bytes> records;
  groups.for_each_record_of(group, [&](ByteView record) { records.emplace_back(record); });
  return records;
}

TEST(RunGroups, RunsAscendAndRecordsStayInOrder) {
  RunGroups groups;
  for (std::uint64_t i = 0; i < 5000; ++i) groups.add(RunNumber(1 + i * 7 % 1000), std::to_string(i));
  const std::vector<RunGroups::Group> sorted = groups.sorted();
  ASSERT_EQ(sorted.size(), 1000u);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    ASSERT_EQ(sorted[i].run, RunNumber(i + 1));
    const std::vector<Bytes> records = records_of(groups, sorted[i]);
    ASSERT_EQ(records.size(), 5u);
    for (std::size_t k = 1; k < records.size(); ++k)
      EXPECT_LT(std::stoul(records[k - 1]), std::stoul(records[k]));
  }
}

TEST(RunGroups, AfterClearItStartsAnew) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{3} << 20}) {
    RunGroups groups;
    groups.add(RunNumber(3), Bytes(size, 'a'));
    groups.clear();
    EXPECT_TRUE(groups.empty());
    EXPECT_EQ(groups.bytes(), 0u);
    EXPECT_TRUE(groups.sorted().empty());
    groups.add(RunNumber(3), "b");
    EXPECT_EQ(records_of(groups, groups.sorted().front()), std::vector<Bytes>{"b"});
  }
}

}  // namespace
}  // namespace tenuto::testing
