#include "core/base/run_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <vector>

#include "core/base/limits.h"

namespace tenuto {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kStore = 0x1234'5678'9ABC'DEF0u;
constexpr WallTime kStarted{1'790'000'000 * kSecond};

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

TEST(RunId, HoldsTheNumberWhateverTheTime) {
  const std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t number :
       {std::uint64_t{1}, std::uint64_t{31}, std::uint64_t{32}, largest >> 4, largest}) {
    for (const Nanos started : {Nanos{0}, kStarted.ns, std::numeric_limits<Nanos>::max()}) {
      const std::string id = make_run_id({started}, RunNumber{number}, kStore);
      EXPECT_EQ(id.size(), 26u);
      EXPECT_EQ(parse_run_id(id, kStore), RunNumber{number}) << id;
      EXPECT_EQ(parse_run_id(in_lower_case(id), kStore), RunNumber{number}) << id;
    }
  }
}

TEST(RunId, IdsSortByTimeThenByNumber) {
  const std::vector<std::string> ids = {
      make_run_id({kStarted.ns}, RunNumber{9}, kStore),
      make_run_id({kStarted.ns}, RunNumber{10}, kStore),
      make_run_id({kStarted.ns + kMillisecond}, RunNumber{1}, kStore),
      make_run_id({kStarted.ns + 40 * kMillisecond}, RunNumber{1}, kStore),
  };
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(ids[0].substr(0, 10), ids[1].substr(0, 10));
}

TEST(RunId, ATimeBefore1970CountsAsItsBeginning) {
  EXPECT_EQ(make_run_id({-kSecond}, RunNumber{1}, kStore), make_run_id({0}, RunNumber{1}, kStore));
}

TEST(RunId, IsFixedForEver) {
  EXPECT_EQ(make_run_id({1'000 * kMillisecond}, RunNumber{33}, 0).substr(0, 23), "00000000Z80000000000011");
}

// The check has 15 bits: one wrong character in any place is found here, and an id of another store, too.
TEST(RunId, AnIdThatWasNotMadeForThisStoreIsNone) {
  const std::string id = make_run_id(kStarted, RunNumber{77}, kStore);
  EXPECT_EQ(parse_run_id(id, kStore + 1), std::nullopt);
  EXPECT_EQ(parse_run_id("", kStore), std::nullopt);
  EXPECT_EQ(parse_run_id(id.substr(1), kStore), std::nullopt);
  EXPECT_EQ(parse_run_id(id + "0", kStore), std::nullopt);
  for (std::size_t i = 0; i < id.size(); ++i) {
    for (const char wrong : {'U', '-', '\0', '{', '@', id[i] == '7' ? '8' : '7'}) {
      std::string other = id;
      other[i] = wrong;
      EXPECT_EQ(parse_run_id(other, kStore), std::nullopt) << i << " " << wrong;
    }
  }
}

TEST(RunId, ANumberOfMoreThan64BitsIsNone) {
  std::string id = make_run_id(kStarted, RunNumber{std::numeric_limits<std::uint64_t>::max()}, kStore);
  EXPECT_EQ(id[10], 'F') << "13 characters have a bit more than the number";
  id[10] = 'Z';
  EXPECT_EQ(parse_run_id(id, kStore), std::nullopt);
}

TEST(RunId, PeopleSeeTheChosenIdOrTheGeneratedOne) {
  EXPECT_EQ(shown_run_id("mine", kStarted, RunNumber{7}, kStore), "mine");
  EXPECT_EQ(shown_run_id("", kStarted, RunNumber{7}, kStore), make_run_id(kStarted, RunNumber{7}, kStore));
}

TEST(ChosenId, LettersDigitsAndFourSigns) {
  const std::string longest(limits::kRunIdBytesMax, 'a');
  for (const std::string& id :
       {std::string("a"), std::string("9"), std::string("Az09._:-"), std::string("Z"), longest}) {
    EXPECT_TRUE(check_chosen_id(id).ok()) << id;
  }
  for (int c = 0; c <= 255; ++c) {
    const std::string id{'a', static_cast<char>(c)};
    const bool good = c < 128 && (std::isalnum(c) != 0 ||
                                  std::string("._:-").find(static_cast<char>(c)) != std::string::npos);
    EXPECT_EQ(check_chosen_id(id).ok(), good) << c;
  }
}

TEST(ChosenId, BeginsWithALetterOrADigitAndHasAnEnd) {
  for (const std::string& id :
       {std::string(), std::string("-a"), std::string(".a"), std::string(limits::kRunIdBytesMax + 1, 'a')}) {
    const Status status = check_chosen_id(id);
    EXPECT_EQ(status.code(), Code::invalid_argument) << id;
    EXPECT_THAT(status.message(), HasSubstr("`" + id + "` can't be a run id"));
  }
}

TEST(ChosenId, AMessageDoesNotRepeatAnEndlessId) {
  EXPECT_LT(check_chosen_id(std::string(1'000'000, 'a')).message().size(), 400u);
}

}  // namespace
}  // namespace tenuto
