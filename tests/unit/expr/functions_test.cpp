#include "core/expr/functions.h"

#include <gtest/gtest.h>

#include "core/expr/eval.h"

namespace tenuto::expr {
namespace {

Bytes run(ByteView text) {
  const Result<Program> program = compile(text);
  if (!program.ok()) return program.status().message();
  Evaluator evaluator;
  const Outcome outcome = evaluator.evaluate(*program, {});
  if (outcome.kind == Outcome::Kind::error) return outcome.error;
  Bytes out;
  const Status status = outcome.append_json(out);
  return status.ok() ? out : status.message();
}

TEST(Functions, SizeCountsCodePointsItemsAndEntries) {
  EXPECT_EQ(run("size('h\xC3\xA4\xF0\x9F\x98\x80')"), "3");
  EXPECT_EQ(run("'abc'.size() + size([1, 2]) + size({'a': 1})"), "6");
  EXPECT_EQ(run("size(1)"), "line 1, column 1: `size` does not work with an integer");
}

TEST(Functions, Int) {
  EXPECT_EQ(run("int(2.9) + int(-2.9) + int('40') + int(1)"), "41");
  EXPECT_EQ(run("int('-9223372036854775808')"), "-9223372036854775808");
  EXPECT_EQ(run("int('9223372036854775808')"),
            "line 1, column 1: `\"9223372036854775808\"` cannot be converted by `int`");
  EXPECT_EQ(run("int('1.5')"), "line 1, column 1: `\"1.5\"` cannot be converted by `int`");
  EXPECT_EQ(run("int(1e19)"), "line 1, column 1: `1e+19` cannot be converted by `int`");
  EXPECT_EQ(run("int(double('NaN'))"), "line 1, column 1: a double cannot be converted by `int`");
  EXPECT_EQ(run("int(null)"), "line 1, column 1: `int` does not work with null");
  EXPECT_EQ(run("int('')"), "line 1, column 1: `\"\"` cannot be converted by `int`");
}

TEST(Functions, Double) {
  EXPECT_EQ(run("double(3)"), "3.0");
  EXPECT_EQ(run("double('-1.5e2')"), "-150.0");
  EXPECT_EQ(run("double('+.5')"), "0.5");
  EXPECT_EQ(run("double('-Infinity') < 0.0"), "true");
  for (const ByteView bad :
       {"double('')", "double('.')", "double('1e')", "double('0x1')", "double(' 1')", "double('inf')"}) {
    EXPECT_NE(run(bad).find("cannot be converted"), Bytes::npos) << bad;
  }
}

TEST(Functions, StringAndBool) {
  EXPECT_EQ(run("string(12) + string(1.5) + string(1.0) + string(true) + string('x')"), "\"121.51truex\"");
  EXPECT_EQ(run("string(double('NaN')) + string(-1.0 / 0.0)"), "\"NaN-Infinity\"");
  EXPECT_EQ(run("string([])"), "line 1, column 1: `string` does not work with a list");
  EXPECT_EQ(run("bool('TRUE') && bool('1') && !bool('f') && bool(true)"), "true");
  EXPECT_EQ(run("bool('yes')"), "line 1, column 1: `\"yes\"` cannot be converted by `bool`");
}

TEST(Functions, AreFoundByNameArityAndForm) {
  EXPECT_NE(find_function("size", 1, false), nullptr);
  EXPECT_NE(find_function("size", 1, true), nullptr);
  EXPECT_EQ(find_function("size", 2, false), nullptr);
  EXPECT_EQ(find_function("int", 1, true), nullptr);
  EXPECT_TRUE(is_function_name("size"));
  EXPECT_FALSE(is_function_name("sizes"));
}

}  // namespace
}  // namespace tenuto::expr
