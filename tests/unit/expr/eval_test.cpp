#include "core/expr/eval.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/base/limits.h"

namespace tenuto::expr {
namespace {

const std::map<std::string, Bytes>& values() {
  static const std::map<std::string, Bytes> all = {
      {"person",
       R"({"name":"Ann","role":"engineer","age":41,"tags":["a","b"],"home":{"city":"Graz"},"none":null})"},
      {"list", "[10, 20.5, \"x\", [1], {\"k\": true}]"},
      {"n", "7"},
      {"d", "2.5"},
      {"s", "\"h\\u00e4\""},
      {"yes", "true"},
      {"no", "false"},
      {"big", "123456789012345678901234567890"},
      {"deep-name", "1"},
      {"broken", "{\"a\":"},
  };
  return all;
}

// The outcome as text: JSON, "skipped" or "error: …". The names `skip…` are skipped, unknown ones missing.
Bytes run(ByteView text) {
  const Result<Program> program = compile(text);
  if (!program.ok()) return "refused: " + program.status().message();
  std::vector<Operand> operands;
  for (const std::string& name : program->names()) {
    const auto found = values().find(name);
    if (name.substr(0, 4) == "skip") {
      operands.push_back(Operand{Operand::Kind::skipped});
    } else {
      operands.push_back(found == values().end() ? Operand{} : Operand{Operand::Kind::value, found->second});
    }
  }
  Evaluator evaluator;
  const Outcome outcome = evaluator.evaluate(*program, operands);
  if (outcome.kind == Outcome::Kind::skipped) return "skipped";
  if (outcome.kind == Outcome::Kind::error) return "error: " + outcome.error;
  Bytes out;
  const Status status = outcome.append_json(out);
  return status.ok() ? out : "not JSON: " + status.message();
}

TEST(Eval, LiteralsAndOperands) {
  EXPECT_EQ(run("null"), "null");
  EXPECT_EQ(run("[1, 2.0, 'a', {'k': []}]"), R"([1,2.0,"a",{"k":[]}])");
  EXPECT_EQ(run("n"), "7");
  EXPECT_EQ(run("list"), values().at("list")) << "an operand comes out as it came in";
  EXPECT_EQ(run("big"), values().at("big"));
  EXPECT_EQ(run("[s, big]"), "[\"h\xC3\xA4\"," + values().at("big") + "]");
  EXPECT_EQ(run("tasks['deep-name'] + 1"), "2");
}

TEST(Eval, Members) {
  EXPECT_EQ(run("person.role == \"engineer\""), "true");
  EXPECT_EQ(run("person.home.city"), "\"Graz\"");
  EXPECT_EQ(run("person['na' + 'me']"), "\"Ann\"");
  EXPECT_EQ(run("person.tags[1] + person.name"), "\"bAnn\"");
  EXPECT_EQ(run("list[3][0]"), "1");
  EXPECT_EQ(run("list[4].k"), "true");
  EXPECT_EQ(run("{1: 'a', true: 'b'}[1.0]"), "\"a\"");
  EXPECT_EQ(run("[1, 2][1.0]"), "2");
}

TEST(Eval, MissingMembersAreErrorsWithAPlace) {
  EXPECT_EQ(run("person.rank == 1"), "error: line 1, column 8: no such key `rank` in `person`");
  EXPECT_EQ(run("person.home.zip"), "error: line 1, column 13: no such key `zip` in `person.home`");
  EXPECT_EQ(run("person['x']"), "error: line 1, column 7: no such key `x` in `person`");
  EXPECT_EQ(run("person.name.first"),
            "error: line 1, column 13: no member `first` in `person.name`: it is a string");
  EXPECT_EQ(run("n.x"), "error: line 1, column 3: no member `x` in `n`: it is an integer");
  EXPECT_EQ(run("list[5]"), "error: line 1, column 5: no item `5` in `list`, which has 5");
  EXPECT_EQ(run("list[-1]"), "error: line 1, column 5: no item `-1` in `list`, which has 5");
  EXPECT_EQ(run("list['a']"),
            "error: line 1, column 5: the position in a list is an integer, this is a string");
  EXPECT_EQ(run("n[0]"), "error: line 1, column 2: an integer has no items: `[ ]` needs a list or a map");
  EXPECT_EQ(run("who.x"), "error: line 1, column 1: no value by the name `who`");
  EXPECT_EQ(run("1 + who"), "error: line 1, column 5: no value by the name `who`");
  EXPECT_EQ(run("broken.b"), "error: line 1, column 1: the value of `broken` is not JSON");
}

TEST(Eval, Has) {
  EXPECT_EQ(run("has(person.name)"), "true");
  EXPECT_EQ(run("has(person.none)"), "true") << "present, although null";
  EXPECT_EQ(run("has(person.rank)"), "false");
  EXPECT_EQ(run("has(person.home.zip)"), "false");
  EXPECT_EQ(run("has(person.rank.x)"), "error: line 1, column 12: no such key `rank` in `person`");
  EXPECT_EQ(run("has(skip.x)"), "skipped");
  EXPECT_EQ(run("has(person.rank) ? person.rank : 'none'"), "\"none\"");
}

TEST(Eval, Arithmetic) {
  EXPECT_EQ(run("7 / 2 + -7 % 4"), "0");
  EXPECT_EQ(run("n / 2.0"), "3.5");
  EXPECT_EQ(run("n * d - 1"), "16.5") << "int with double promotes";
  EXPECT_EQ(run("1.0 / 4"), "0.25");
  EXPECT_EQ(run("'a' + 'b' + 'c' + s"), "\"abch\xC3\xA4\"");
  EXPECT_EQ(run("[1] + list + [2] + []"), R"([1,10,20.5,"x",[1],{"k": true},2])");
  EXPECT_EQ(run("9223372036854775807 + 1"),
            "error: line 1, column 21: the result of `+` does not fit 64 bits");
  EXPECT_EQ(run("-9223372036854775808 / -1"),
            "error: line 1, column 22: the result of `/` does not fit 64 bits");
  EXPECT_EQ(run("-9223372036854775808 % -1"),
            "error: line 1, column 22: the result of `%` does not fit 64 bits");
  EXPECT_EQ(run("n / 0"), "error: line 1, column 3: `/` by zero");
  EXPECT_EQ(run("n % 0"), "error: line 1, column 3: `%` by zero");
  EXPECT_EQ(run("d % 2"), "error: line 1, column 3: `%` does not work with a double and an integer");
  EXPECT_EQ(run("'a' + 1"), "error: line 1, column 5: `+` does not work with a string and an integer");
  EXPECT_EQ(run("-'a'"), "error: line 1, column 1: `-` does not work with a string");
  EXPECT_EQ(run("big + 1"),
            "error: line 1, column 5: the number `123456789012345678901234567890` does not fit 64 bits");
  EXPECT_EQ(run("big == big").substr(0, 6), "error:");
  EXPECT_EQ(run("1.0 / 0.0"),
            "not JSON: a number that is infinite or not a number cannot be written as JSON");
}

TEST(Eval, Comparison) {
  EXPECT_EQ(run("1 == 1.0 && 1 < 1.5 && 2.0 >= 2"), "true");
  EXPECT_EQ(run("'a' == 1 || null == 0 || [] == {}"), "false") << "different kinds are just not equal";
  EXPECT_EQ(run("'abc' < 'abd' && 'Z' < 'a' && '' < 'a'"), "true");
  EXPECT_EQ(run("false < true"), "true");
  EXPECT_EQ(run("0.0 / 0.0 == 0.0 / 0.0"), "false");
  EXPECT_EQ(run("[1, [2, {'a': 3}]] == [1.0, [2.0, {'a': 3.0}]]"), "true");
  EXPECT_EQ(run("{'a': 1, 'b': 2} == {'b': 2, 'a': 1}"), "true");
  EXPECT_EQ(run("{'a': 1, 'b': 2} == {'b': 2, 'c': 1}"), "false");
  EXPECT_EQ(run("person == person && list != person"), "true");
  EXPECT_EQ(run("person.home == {'city': 'Graz'}"), "true");
  EXPECT_EQ(run("'a' < 1"), "error: line 1, column 5: `<` cannot compare a string with an integer");
  EXPECT_EQ(run("null < null"), "error: line 1, column 6: `<` cannot compare null with null");
}

TEST(Eval, In) {
  EXPECT_EQ(run("10 in list && 'x' in list && [1] in list && !(3 in list)"), "true");
  EXPECT_EQ(run("'name' in person && !('x' in person)"), "true");
  EXPECT_EQ(run("1.0 in [3, 2, 1] && 2.0 in {2: 'x'}"), "true");
  EXPECT_EQ(run("'a' in 'abc'"),
            "error: line 1, column 5: `in` needs a list or a map behind it, this is a string");
}

TEST(Eval, LogicAbsorbsErrorsInEitherOrder) {
  EXPECT_EQ(run("false && 1 / 0 > 0"), "false");
  EXPECT_EQ(run("1 / 0 > 0 && false"), "false");
  EXPECT_EQ(run("true || who"), "true");
  EXPECT_EQ(run("who || true"), "true");
  EXPECT_EQ(run("'text' || true"), "true");
  EXPECT_EQ(run("1 / 0 > 0 || false"), "error: line 1, column 3: `/` by zero");
  EXPECT_EQ(run("true && 1"), "error: line 1, column 6: this must be true or false, but is an integer");
  EXPECT_EQ(run("!n"), "error: line 1, column 1: this must be true or false, but is an integer");
  EXPECT_EQ(run("yes && yes && no && who && who"), "false");
}

TEST(Eval, Conditional) {
  EXPECT_EQ(run("yes ? 1 : 1 / 0"), "1");
  EXPECT_EQ(run("no ? 1 / 0 : no ? 2 : 3"), "3");
  EXPECT_EQ(run("(yes ? person : list).name"), "\"Ann\"");
  EXPECT_EQ(run("n ? 1 : 2"), "error: line 1, column 3: this must be true or false, but is an integer");
  EXPECT_EQ(run("no ? 1 : n ? 2 : 3"),
            "error: line 1, column 12: this must be true or false, but is an integer");
  EXPECT_EQ(run("skip ? 1 : 2"), "skipped");
  EXPECT_EQ(run("1 + (1 / 0 > 0 ? 2 : 3)"), "error: line 1, column 8: `/` by zero");
}

TEST(Eval, SkippedValuesSpreadLikeErrors) {
  EXPECT_EQ(run("skip"), "skipped");
  EXPECT_EQ(run("skip.x[1] + 1"), "skipped");
  EXPECT_EQ(run("true || skip"), "true");
  EXPECT_EQ(run("skip || true"), "true");
  EXPECT_EQ(run("false && skip"), "false");
  EXPECT_EQ(run("skip && false"), "false");
  EXPECT_EQ(run("skip || false"), "skipped");
  EXPECT_EQ(run("!skip"), "skipped");
  EXPECT_EQ(run("[1, skip]"), "skipped");
  EXPECT_EQ(run("size(skip)"), "skipped");
  EXPECT_EQ(run("yes ? 1 : skip"), "1");
}

TEST(Eval, AnErrorBeatsASkippedValueInEitherOrder) {
  for (const ByteView text :
       {"skip + who", "who + skip", "skip && who", "who && skip", "skip || who", "[skip, who]", "skip == who",
        "{'a': skip, 'b': who}", "skip && 1", "1 && skip"}) {
    EXPECT_EQ(run(text).substr(0, 6), "error:") << text;
  }
}

TEST(Eval, Maps) {
  EXPECT_EQ(run("{'a': 1, 'a': 2}"), "error: line 1, column 1: the key `\"a\"` stands twice in a map");
  EXPECT_EQ(run("{1: 1, 1: 2}"), "error: line 1, column 1: the key `1` stands twice in a map");
  EXPECT_EQ(run("{1.5: 1}"),
            "error: line 1, column 1: a key of a map is a string, an integer or a boolean, not a double");
  EXPECT_EQ(run("{1: 1}"), "not JSON: a map whose keys are not strings cannot be written as JSON");
}

TEST(Eval, WhatAnEvaluationCreatesIsBounded) {
  const Bytes half(limits::kEvaluationBytesMax / 2, 'x');
  const Bytes text = "\"" + half + "\"";
  const Program program = *compile("a + b + a");
  const Operand operands[] = {{Operand::Kind::value, text}, {Operand::Kind::value, text}};
  Evaluator evaluator;
  const Outcome outcome = evaluator.evaluate(program, operands);
  EXPECT_EQ(outcome.kind, Outcome::Kind::error);
  EXPECT_EQ(outcome.error, "line 1, column 3: the expression creates more than 32 MiB");
  EXPECT_TRUE(evaluator.evaluate(*compile("1 == 1"), {}).is_true()) << "the evaluator goes on";
}

TEST(Eval, TheWorkOfAnEvaluationIsBounded) {
  Bytes list = "[0";
  for (int i = 0; i < 200'000; ++i) list += ",0";
  list += "]";
  Bytes text = "1 in a";
  for (int i = 0; i < 3000; ++i) text += " || 1 in a";
  const Operand operands[] = {{Operand::Kind::value, list}};
  Evaluator evaluator;
  const Outcome outcome = evaluator.evaluate(*compile(text), operands);
  EXPECT_EQ(outcome.kind, Outcome::Kind::error);
  EXPECT_NE(outcome.error.find("too many steps"), Bytes::npos) << outcome.error;
}

TEST(Eval, LongChainsTakeLinearTimeAndNoStack) {
  Bytes sum = "''";
  for (int i = 0; i < 10'000; ++i) sum += "+'x'";
  EXPECT_EQ(run("size(" + sum + ")"), "10000");
  Bytes lists = "[]";
  for (int i = 0; i < 10'000; ++i) lists += "+[1]";
  EXPECT_EQ(run("size(" + lists + ")"), "10000");
  Bytes choice;
  for (int i = 0; i < 5000; ++i) choice += "no?1:";
  EXPECT_EQ(run(choice + "2"), "2");
  EXPECT_EQ(run(Bytes(10'000, '!') + "yes"), "true");
}

TEST(Eval, AnEvaluatorParsesAnOperandOnceForSeveralPrograms) {
  std::vector<std::string> names;
  const Program first = *compile_within("a.x + a.y", 0, 9, names);
  const Program second = *compile_within("[a.x, a]", 0, 8, names);
  const Operand operands[] = {{Operand::Kind::value, R"({"x":1,"y":2})"}};
  Evaluator evaluator;
  evaluator.begin(operands);
  const Outcome a = evaluator.run(first);
  const Outcome b = evaluator.run(second);
  EXPECT_EQ(a.value.integer, 3);
  Bytes out;
  ASSERT_TRUE(b.append_json(out).ok());
  EXPECT_EQ(out, R"([1,{"x":1,"y":2}])");
}

TEST(Eval, ConditionsMustBeBoolean) {
  Evaluator evaluator;
  const Operand skipped[] = {{Operand::Kind::skipped}};
  const Operand text[] = {{Operand::Kind::value, "\"true\""}};
  const Operand yes[] = {{Operand::Kind::value, "true"}};
  const Program program = *compile("a");
  EXPECT_TRUE(*evaluate_condition(program, yes, evaluator));
  EXPECT_FALSE(*evaluate_condition(program, skipped, evaluator));
  EXPECT_EQ(evaluate_condition(program, text, evaluator).status().message(),
            "a condition must be true or false, this is a string");
  EXPECT_EQ(evaluate_condition(program, {}, evaluator).status().message(),
            "line 1, column 1: no value by the name `a`");
}

}  // namespace
}  // namespace tenuto::expr
