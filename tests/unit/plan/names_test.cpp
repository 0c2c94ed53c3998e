#include "core/plan/names.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/plan/name_table.h"

namespace tenuto {
namespace {

TEST(Names, AreBounded) {
  EXPECT_EQ(name_problem("deploy-prod"), "");
  EXPECT_EQ(name_problem("größe 1"), "");
  EXPECT_EQ(name_problem(std::string(255, 'x')), "");
  EXPECT_EQ(name_problem(""), "it is empty");
  EXPECT_EQ(name_problem(std::string(256, 'x')), "it has 256 bytes, more than 255");
  EXPECT_EQ(name_problem("a/b"), "it holds a `/`, which separates the parts of a path");
  EXPECT_EQ(name_problem("a\nb"), "it holds a control character");
  EXPECT_EQ(name_problem("a\x7F"), "it holds a control character");
  EXPECT_EQ(name_problem("a\xC2\x85z"), "it holds a control character");
  EXPECT_EQ(name_problem("a\xFF"), "it is not valid UTF-8");
  EXPECT_EQ(name_problem("a\xC2"), "it is not valid UTF-8");
  EXPECT_EQ(label_problem("a/b"), "");
}

std::string question(ByteView wanted, std::vector<ByteView> names) {
  NearestName nearest(wanted);
  for (const ByteView name : names) nearest.offer(name);
  return nearest.question();
}

TEST(Names, NearestIsOffered) {
  EXPECT_EQ(question("tets", {"build", "tests", "text"}), "; did you mean `tests`?");
  EXPECT_EQ(question("deplyo", {"deploy"}), "; did you mean `deploy`?");
  EXPECT_EQ(question("retries", {"retry", "timeout"}), "; did you mean `retry`?");
  EXPECT_EQ(question("build", {"deploy"}), "");
  EXPECT_EQ(question("a", {"b"}), "");
  EXPECT_EQ(question(std::string(300, 'x'), {"b"}), "");
  EXPECT_EQ(question("b", {std::string(300, 'x')}), "");
}

TEST(Names, AreQuotedForPeople) {
  EXPECT_EQ(backquoted("a\nb"), "`a?b`");
  EXPECT_EQ(backquoted(std::string(79, 'x') + "ää"), "`" + std::string(79, 'x') + "…`");
}

TEST(NameTable, KeepsTheFirst) {
  NameTable table;
  EXPECT_EQ(table.find("a"), kNoNode);
  EXPECT_EQ(table.put("a", 7), 7u);
  EXPECT_EQ(table.put("a", 8), 7u);
  EXPECT_EQ(table.find("a"), 7u);
  EXPECT_EQ(table.find("b"), kNoNode);
}

TEST(NameTable, FindsAllAfterGrowing) {
  std::vector<std::string> names;
  for (int i = 0; i < 5000; ++i) names.push_back("name_" + std::to_string(i));
  NameTable table;
  for (std::uint32_t i = 0; i < names.size(); ++i) EXPECT_EQ(table.put(names[i], i), i);
  for (std::uint32_t i = 0; i < names.size(); ++i) EXPECT_EQ(table.find(names[i]), i);
}

}  // namespace
}  // namespace tenuto
