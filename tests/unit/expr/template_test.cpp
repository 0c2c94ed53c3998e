#include "core/expr/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "core/base/limits.h"

namespace tenuto::expr {
namespace {

using testing::ElementsAre;

Result<Template> compile_text(ByteView pattern) {
  const Result<json::Document> document = json::Document::parse(pattern);
  EXPECT_TRUE(document.ok()) << document.status().message();
  return compile_template(document->root());
}

Bytes run(ByteView pattern, Skipped skipped = Skipped::spreads) {
  const Result<Template> compiled = compile_text(pattern);
  if (!compiled.ok()) return "refused: " + compiled.status().message();
  const std::map<std::string, Bytes> values = {{"build", R"({"image": "a/b:1", "n": [1, 2.50]})"},
                                               {"ref", "\"v\\\"1\""},
                                               {"big", "99999999999999999999"}};
  std::vector<Operand> operands;
  for (const std::string& name : compiled->names()) {
    const auto found = values.find(name);
    if (found != values.end()) {
      operands.push_back(Operand{Operand::Kind::value, found->second});
    } else {
      operands.push_back(Operand{name == "skip" ? Operand::Kind::skipped : Operand::Kind::missing});
    }
  }
  Evaluator evaluator;
  Bytes out = "before ";
  const Result<Rendered> rendered = render(*compiled, operands, evaluator, out, skipped);
  if (rendered.ok() && *rendered == Rendered::value) {
    const Bytes text = out.substr(7);
    EXPECT_TRUE(json::validate(text).ok()) << text;
    return text;
  }
  EXPECT_EQ(out, "before ") << "nothing stays behind";
  return rendered.ok() ? "skipped" : "error: " + rendered.status().message();
}

TEST(Template, WithoutExpressionsItIsAConstant) {
  const Result<Template> compiled = compile_text(R"({"a": [1, null, "x\n", {}], "b": []})");
  ASSERT_TRUE(compiled.ok());
  EXPECT_TRUE(compiled->is_constant());
  EXPECT_EQ(run(R"({"a": [1, 1.50, null, "x\n$ {", {}], "b": []})"),
            R"({"a":[1,1.50,null,"x\n$ {",{}],"b":[]})");
}

TEST(Template, AWholeStringBecomesTheValueItself) {
  EXPECT_EQ(run(R"({"all": "${build}", "image": "${build.image}", "n": "${build.n}"})"),
            R"({"all":{"image": "a/b:1", "n": [1, 2.50]},"image":"a/b:1","n":[1, 2.50]})");
  EXPECT_EQ(run(R"("${ 1 + 2 }")"), "3");
  EXPECT_EQ(run(R"(["${big}", "${ref}"])"), R"([99999999999999999999,"v\"1"])");
  EXPECT_EQ(run(R"("${{'a': {'b': '}'}}}")"), R"({"a":{"b":"}"}})")
      << "braces within the expression do not end it";
}

TEST(Template, WithinTextValuesBecomeText) {
  EXPECT_EQ(run(R"("ship ${ref} as ${build.image}!")"), R"("ship v\"1 as a/b:1!")");
  EXPECT_EQ(run(R"("${build.n}${1 == 1}${null}${2.0}")"), R"("[1, 2.50]truenull2.0")");
  EXPECT_EQ(run(R"("${ref} ")"), R"("v\"1 ")");
  EXPECT_EQ(run(R"(" ${ {'a': 'x'} }")"), R"(" {\"a\":\"x\"}")");
}

TEST(Template, DollarsEscapeDollars) {
  EXPECT_EQ(run(R"("$${ref} ${ref} $$ $ {} $${")"), R"("${ref} v\"1 $$ $ {} ${")");
  EXPECT_EQ(run(R"("$${ref}")"), R"("${ref}")");
  EXPECT_EQ(run(R"("a$$${ref}")"), R"("a$${ref}")") << "the dollar directly before is the escape";
}

TEST(Template, KeysAreLiteral) {
  EXPECT_EQ(run(R"({"${ref}": "${ref}"})"), R"({"${ref}":"v\"1"})");
}

TEST(Template, NamesAreThoseOfAllExpressions) {
  const Result<Template> compiled =
      compile_text(R"({"x": "${b.x} ${a}", "y": ["${a + c}", "${tasks['d-e']}"]})");
  ASSERT_TRUE(compiled.ok());
  const std::vector<std::string> names(compiled->names().begin(), compiled->names().end());
  EXPECT_THAT(names, ElementsAre("b", "a", "c", "d-e"));
}

TEST(Template, MistakesNameTheStringAndThePlaceInIt) {
  EXPECT_EQ(
      run(R"({"env": {"A": ["x", "say ${ref"]}})"),
      "refused: `env.A[1]`, line 1, column 5: `${` without its closing `}`; a literal `${` is written `$${`");
  EXPECT_EQ(run(R"("${1 +}")"),
            "refused: line 1, column 6: the expression ends where an operand is expected");
  EXPECT_EQ(run(R"(["a\n ${f(1)}"])"),
            "refused: `[0]`, line 2, column 4: unknown function `f` with 1 argument");
  EXPECT_EQ(run(R"("${'a}")"), "refused: line 1, column 3: a string without its closing quote");
  EXPECT_EQ(run(R"("${}")"), "refused: line 1, column 3: the expression ends where an operand is expected");
}

TEST(Template, FailuresNameTheStringToo) {
  EXPECT_EQ(run(R"({"a": "x ${build.tag}"})"), "error: `a`, line 1, column 11: no such key `tag` in `build`");
  EXPECT_EQ(run(R"({"a": "${who}"})"), "error: `a`, line 1, column 3: no value by the name `who`");
  EXPECT_EQ(run(R"({"a": "${1.0 / 0.0}"})"),
            "error: `a`, a number that is infinite or not a number cannot be written as JSON");
}

TEST(Template, ASkippedValueSpreads) {
  EXPECT_EQ(run(R"({"a": "${ref}", "b": "${skip}"})"), "skipped");
  EXPECT_EQ(run(R"("text ${skip.x}")"), "skipped");
  EXPECT_EQ(run(R"(["${skip}", "${who}"])"), "skipped");
  EXPECT_EQ(run(R"(["${who}", "${skip}"])"), "skipped") << "in either order";
  EXPECT_EQ(run(R"({"a": "${skip}", "b": "x ${skip}"})", Skipped::as_null), R"({"a":null,"b":"x null"})");
}

TEST(Template, ResultsAreBounded) {
  const Result<Template> compiled = compile_text(R"(["${a}", "${a}"])");
  ASSERT_TRUE(compiled.ok());
  const Bytes half = "\"" + Bytes(limits::kValueBytesMax / 2, 'x') + "\"";
  const Operand operands[] = {{Operand::Kind::value, half}};
  Evaluator evaluator;
  Bytes out;
  EXPECT_EQ(render(*compiled, operands, evaluator, out).code(), Code::too_large);
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace tenuto::expr
