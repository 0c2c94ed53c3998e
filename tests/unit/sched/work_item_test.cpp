#include "core/sched/work_item.h"

#include <gtest/gtest.h>

namespace tenuto {
namespace {

TEST(WorkItem, KeepsItsPartsApart) {
  const WorkItem item(WorkKind::body, 0xABCDEF, 0xFFFF'FFFFu);
  EXPECT_EQ(item.kind(), WorkKind::body);
  EXPECT_EQ(item.generation(), 0xABCDEFu);
  EXPECT_EQ(item.slot(), 0xFFFF'FFFFu);
  EXPECT_EQ(WorkItem(item.word), item);
}

TEST(WorkItem, CutsTheGenerationTo24BitsAndNothingElse) {
  const WorkItem item(WorkKind::run, 0xFF00'0001u, 0);
  EXPECT_EQ(item.kind(), WorkKind::run);
  EXPECT_EQ(item.generation(), 1u);
}

TEST(WorkItem, TheZeroWordIsNone) {
  EXPECT_TRUE(WorkItem().is_none());
  EXPECT_EQ(WorkItem().kind(), WorkKind::none);
  EXPECT_FALSE(WorkItem(WorkKind::run, 0, 0).is_none());
}

}  // namespace
}  // namespace tenuto
