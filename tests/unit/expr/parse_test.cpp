#include "core/expr/parse.h"

#include <gtest/gtest.h>

#include "core/base/limits.h"

namespace tenuto::expr {
namespace {

// The tree as text with all brackets.
Bytes shape(const Ast& ast, NodeIndex index) {
  const Node& n = ast.nodes[index];
  const auto child = [&](std::uint32_t i) { return shape(ast, ast.child(n, i)); };
  Bytes all;
  for (std::uint32_t i = 0; i < n.child_count; ++i) all += (i == 0 ? "" : ",") + child(i);
  constexpr ByteView kOps[] = {"+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"};
  switch (n.type) {
    case NodeType::null_literal:
      return "null";
    case NodeType::bool_literal:
      return n.integer != 0 ? "true" : "false";
    case NodeType::int_literal:
      return std::to_string(n.integer);
    case NodeType::double_literal:
      return "d" + std::to_string(n.number);
    case NodeType::string_literal:
      return "'" + ast.texts[n.text] + "'";
    case NodeType::identifier:
      return ast.texts[n.text];
    case NodeType::select:
      return child(0) + "." + ast.texts[n.text];
    case NodeType::index:
      return child(0) + "[" + child(1) + "]";
    case NodeType::has:
      return "has(" + child(0) + "." + ast.texts[n.text] + ")";
    case NodeType::call:
      return ast.texts[n.text] + "(" + all + ")";
    case NodeType::method:
      return "method " + ast.texts[n.text] + "(" + all + ")";
    case NodeType::list:
      return "[" + all + "]";
    case NodeType::map:
      return "{" + all + "}";
    case NodeType::negate:
      return "(-" + child(0) + ")";
    case NodeType::logical_not:
      return "(!" + child(0) + ")";
    case NodeType::binary:
      return "(" + child(0) + Bytes(kOps[static_cast<std::size_t>(n.op)]) + child(1) + ")";
    case NodeType::conditional:
      return "(" + child(0) + "?" + child(1) + ":" + child(2) + ")";
  }
  return "?";
}

Bytes tree(ByteView text) {
  const Result<Ast> ast = parse(text);
  return ast.ok() ? shape(*ast, ast->root) : ast.status().message();
}

TEST(Parse, OperatorsBindAsTheSpecificationSays) {
  EXPECT_EQ(tree("a || b && c == d + e * -f"), "(a||(b&&(c==(d+(e*(-f))))))");
  EXPECT_EQ(tree("a - b - c"), "((a-b)-c)");
  EXPECT_EQ(tree("a < b == c"), "((a<b)==c)");
  EXPECT_EQ(tree("!a && !!b"), "((!a)&&(!(!b)))");
  EXPECT_EQ(tree("a in b || c"), "((ainb)||c)");
  EXPECT_EQ(tree("a ? b : c ? d : e"), "(a?b:(c?d:e))");
  EXPECT_EQ(tree("a ? b ? c : d : e"), "(a?(b?c:d):e)");
  EXPECT_EQ(tree("(a + b) * c"), "((a+b)*c)");
  EXPECT_EQ(tree("a || b ? c : d"), "((a||b)?c:d)");
}

TEST(Parse, OperandsAndWhatFollowsThem) {
  EXPECT_EQ(tree("a.b.c[0]['x'].d"), "a.b.c[0]['x'].d");
  EXPECT_EQ(tree("a.`b-c`.if"), "a.b-c.if");
  EXPECT_EQ(tree(".a.b"), "a.b");
  EXPECT_EQ(tree("f(a, 1)"), "f(a,1)");
  EXPECT_EQ(tree("a.f(1).g()"), "method g(method f(a,1))");
  EXPECT_EQ(tree("[1, 2,]"), "[1,2]");
  EXPECT_EQ(tree("{'a': 1, 2: b,}"), "{'a',1,2,b}");
  EXPECT_EQ(tree("[] + {}.x"), "([]+{}.x)");
  EXPECT_EQ(tree("has(a.b.c)"), "has(a.b.c)");
  EXPECT_EQ(tree("a // the rest is a comment\n + b"), "(a+b)");
}

TEST(Parse, MinusBelongsToTheNumberBehindIt) {
  EXPECT_EQ(tree("-1"), "-1");
  EXPECT_EQ(tree("1 - 1"), "(1-1)");
  EXPECT_EQ(tree("1 -1"), "(1-1)");
  EXPECT_EQ(tree("--1"), "(--1)");
  EXPECT_EQ(tree("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(tree("9223372036854775808"), "line 1, column 1: an integer that does not fit 64 bits");
  EXPECT_EQ(tree("0x7F"), "127");
  EXPECT_EQ(tree("-0XfF"), "-255");
  EXPECT_EQ(tree("1.5e3"), "d1500.000000");
  EXPECT_EQ(tree(".5"), "d0.500000");
}

TEST(Parse, StringsInAllTheirForms) {
  EXPECT_EQ(tree(R"('a"b' + "a'b")"), "('a\"b'+'a'b')");
  EXPECT_EQ(tree("'''a'b\nc'''"), "'a'b\nc'");
  EXPECT_EQ(tree(R"("""a"b""")"), "'a\"b'");
  EXPECT_EQ(tree(R"(r'\n' + R"\d")"), R"(('\n'+'\d'))");
  EXPECT_EQ(tree(R"('\a\b\f\n\r\t\v\\\?\"\'\`')"), "'\a\b\f\n\r\t\v\\?\"'`'");
  EXPECT_EQ(tree(R"('\x41\101\u00e4\U0001F600')"), "'AA\xC3\xA4\xF0\x9F\x98\x80'");
  EXPECT_EQ(tree("'' + \"\""), "(''+'')");
}

TEST(Parse, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(tree(""), "line 1, column 1: the expression ends where an operand is expected");
  EXPECT_EQ(tree("(1 +)"), "line 1, column 5: expected an operand, found `)`");
  EXPECT_EQ(tree("a b"), "line 1, column 3: expected an operator or the end, found `b`");
  EXPECT_EQ(tree("(a"), "line 1, column 3: the expression ends where `)` is expected");
  EXPECT_EQ(tree("f(a b)"), "line 1, column 5: expected `,` or `)`, found `b`");
  EXPECT_EQ(tree("f(a,)"), "line 1, column 5: expected an argument, found `)`");
  EXPECT_EQ(tree("a ? b"), "line 1, column 6: the expression ends where `:` is expected");
  EXPECT_EQ(tree("a.1"), "line 1, column 2: expected an operator or the end, found `.1`");
  EXPECT_EQ(tree("a. 'x'"), "line 1, column 4: expected a name, found `'x'`");
  EXPECT_EQ(tree("a ==\n\n  ]"), "line 3, column 3: expected an operand, found `]`");
  EXPECT_EQ(tree("'\xC3\xA4' #"), "line 1, column 5: the character `#` has no meaning here");
  EXPECT_EQ(tree("'abc"), "line 1, column 1: a string without its closing quote");
  EXPECT_EQ(tree("'a\nb'"),
            "line 1, column 1: a string that does not end on its line; use three quotes for several lines");
  EXPECT_EQ(tree("'\\q'"), "line 1, column 2: an unknown escape in a string; a backslash is written `\\\\`");
  EXPECT_EQ(tree("'\\ud800'"), "line 1, column 2: an escape that is not a character");
  EXPECT_EQ(tree("'\\x4'"), "line 1, column 2: an escape with too few digits in a string");
  EXPECT_EQ(tree("'\\400'"),
            "line 1, column 2: an unknown escape in a string; a backslash is written `\\\\`");
  EXPECT_EQ(tree("1u"), "line 1, column 1: unsigned integers are not supported; leave out the `u`");
  EXPECT_EQ(tree("b'x'"), "line 1, column 1: byte strings are not supported");
  EXPECT_EQ(tree("1x"), "line 1, column 2: a letter directly behind a number");
  EXPECT_EQ(tree("1e"), "line 1, column 1: a number whose exponent has no digits");
  EXPECT_EQ(tree("has(a)"), "line 1, column 1: `has` takes one member, as in has(input.name)");
  EXPECT_EQ(tree("loop > 1"),
            "line 1, column 1: `loop` is a reserved word; name a task so with tasks[\"loop\"]");
  EXPECT_EQ(tree("a.`x"), "line 1, column 3: a name without its closing backquote");
  EXPECT_EQ(tree("`x`"), "line 1, column 1: a name in backquotes only stands behind a dot");
  EXPECT_EQ(tree("\xFF"), "the expression is not UTF-8");
}

TEST(Parse, WordsOfOtherLanguagesAreTranslated) {
  EXPECT_EQ(tree("a and b"), "line 1, column 3: `and` is written `&&` here");
  EXPECT_EQ(tree("a or b"), "line 1, column 3: `or` is written `||` here");
  EXPECT_EQ(tree("not a"), "line 1, column 1: `not` is written `!` here");
  EXPECT_EQ(tree("a == True"), "line 1, column 6: `True` is written `true` here");
  EXPECT_EQ(tree("a == None"), "line 1, column 6: `None` is written `null` here");
  EXPECT_EQ(tree("a is null"), "line 1, column 3: `is` is written `==` here");
  EXPECT_EQ(tree("a if b else c"), "line 1, column 3: `if` is written `condition ? a : b` here");
  EXPECT_EQ(tree("len(a)"), "line 1, column 1: `len` is written `size` here");
  EXPECT_EQ(tree("a & b"), "line 1, column 3: `&` is not an operator; write `&&` for and");
  EXPECT_EQ(tree("a | b"), "line 1, column 3: `|` is not an operator; write `||` for or");
  EXPECT_EQ(tree("a = b"), "line 1, column 3: `=` is not an operator; write `==` to compare");
  EXPECT_EQ(tree("not"), "not") << "alone it may be a name";
}

TEST(Parse, DepthAndSizeAreBounded) {
  const auto nested = [](std::size_t depth) { return Bytes(depth, '(') + "1" + Bytes(depth, ')'); };
  EXPECT_EQ(tree(nested(limits::kDepthMax - 1)), "1");
  EXPECT_EQ(parse(nested(limits::kDepthMax)).code(), Code::too_large);
  EXPECT_EQ(parse(Bytes(5000, '[')).code(), Code::too_large);
  EXPECT_EQ(parse(Bytes(limits::kExpressionBytesMax + 1, '1')).code(), Code::too_large);
}

TEST(Parse, ChainsMayBeLong) {
  Bytes sum = "a";
  Bytes choice;
  for (int i = 0; i < 10'000; ++i) {
    sum += "+a";
    choice += "a?b:";
  }
  EXPECT_TRUE(parse(sum).ok());
  EXPECT_TRUE(parse(choice + "c").ok());
  EXPECT_TRUE(parse(Bytes(60'000, '!') + "a").ok());
  EXPECT_TRUE(parse(Bytes(60'000, '-') + "1").ok());
}

TEST(Parse, PlacesWithinALongerTextAreItsOwn) {
  const ByteView whole = "line one\n${ 1 + }";
  const Result<Ast> ast = parse_within(whole, 11, 16);
  ASSERT_FALSE(ast.ok());
  EXPECT_EQ(ast.status().message(), "line 2, column 8: the expression ends where an operand is expected");
}

}  // namespace
}  // namespace tenuto::expr
