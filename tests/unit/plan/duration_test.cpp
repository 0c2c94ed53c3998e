#include "core/plan/duration.h"

#include <gtest/gtest.h>

#include "core/plan/parse.h"

namespace tenuto {
namespace {

TEST(Duration, ReadsUnitsAndSequences) {
  EXPECT_EQ(*parse_duration("10ms"), 10 * kMillisecond);
  EXPECT_EQ(*parse_duration("90s"), 90 * kSecond);
  EXPECT_EQ(*parse_duration("1h30m"), 5400 * kSecond);
  EXPECT_EQ(*parse_duration("2d"), 2 * 86400 * kSecond);
  EXPECT_EQ(*parse_duration("1d2h3m4s5ms"), 93784 * kSecond + 5 * kMillisecond);
  EXPECT_EQ(*parse_duration("36500d"), kDurationMax);
}

std::string problem(ByteView text) {
  const Result<Nanos> duration = parse_duration(text);
  return duration.ok() ? "" : duration.status().message();
}

TEST(Duration, SaysWhatIsWrong) {
  EXPECT_EQ(problem(""), "`` is no duration: it is empty; write for example \"30s\"");
  EXPECT_EQ(problem("10"), "`10` is no duration: a number has no unit (ms s m h d)");
  EXPECT_EQ(problem("s"), "`s` is no duration: expected a whole number, then a unit (ms s m h d)");
  EXPECT_EQ(problem("1.5h"), "`1.5h` is no duration: unknown unit `.`, use ms s m h d");
  EXPECT_EQ(problem("-1s"), "`-1s` is no duration: expected a whole number, then a unit (ms s m h d)");
  EXPECT_EQ(problem("3w"), "`3w` is no duration: unknown unit `w`, use ms s m h d");
  EXPECT_EQ(problem("5m1h"), "`5m1h` is no duration: larger units come first, each once");
  EXPECT_EQ(problem("5m5m"), "`5m5m` is no duration: larger units come first, each once");
  EXPECT_EQ(problem("0s"), "`0s` is no duration: it must be longer than 0");
  EXPECT_EQ(problem("36500d1ms"), "`36500d1ms` is no duration: longer than the limit of 36500d");
  EXPECT_EQ(problem("99999999999999999999999d"),
            "`99999999999999999999999d` is no duration: longer than the limit of 36500d");
}

TEST(Duration, HasOneText) {
  EXPECT_EQ(duration_text(90 * kSecond), "90s");
  EXPECT_EQ(duration_text(120 * kSecond), "2m");
  EXPECT_EQ(duration_text(48 * 3600 * kSecond), "2d");
  EXPECT_EQ(duration_text(1001 * kMillisecond), "1001ms");
  EXPECT_EQ(*parse_duration(duration_text(kDurationMax)), kDurationMax);
}

TEST(Duration, OfProgramsIsChecked) {
  EXPECT_EQ(duration_problem(kMillisecond), "");
  EXPECT_EQ(duration_problem(0), "it must be longer than 0");
  EXPECT_EQ(duration_problem(kMillisecond + 1), "it is not a whole number of milliseconds");
  EXPECT_EQ(duration_problem(kDurationMax + kMillisecond), "it is longer than the limit of 36500d");
}

}  // namespace
}  // namespace tenuto
