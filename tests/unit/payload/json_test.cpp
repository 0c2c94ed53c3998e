#include "core/payload/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "core/base/limits.h"

namespace tenuto::json {
namespace {

Document parse(ByteView text, Duplicates duplicates = Duplicates::reject) {
  Result<Document> document = Document::parse(text, duplicates);
  EXPECT_TRUE(document.ok()) << document.status().message();
  return *std::move(document);
}

Bytes message(ByteView text) {
  const Result<Document> document = Document::parse(text);
  return document.ok() ? Bytes("ok") : document.status().message();
}

TEST(Json, ScalarsHaveTheirKindAndValue) {
  EXPECT_TRUE(parse("null").root().is_null());
  EXPECT_TRUE(parse(" true ").root().as_bool());
  EXPECT_FALSE(parse("false").root().as_bool());
  EXPECT_EQ(parse("-12").root().as_integer(), -12);
  EXPECT_EQ(parse("0.5").root().as_double(), 0.5);
  EXPECT_EQ(parse("1E2").root().as_double(), 100.0);
  EXPECT_EQ(parse("\"a b\"").root().as_string(), "a b");
}

TEST(Json, NumbersAreIntegersOnlyWithoutPointAndExponent) {
  EXPECT_EQ(parse("1.0").root().kind(), Kind::number);
  EXPECT_EQ(parse("1e0").root().kind(), Kind::number);
  EXPECT_EQ(parse("9223372036854775807").root().as_integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse("-9223372036854775808").root().as_integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse("-0").root().as_integer(), 0);
}

TEST(Json, NumbersOutsideTheRangesKeepTheirText) {
  for (const ByteView big : {"9223372036854775808", "-9223372036854775809", "18446744073709551617",
                             "100000000000000000000", "1e400", "-1.5e999"}) {
    const Document document = parse(big);
    EXPECT_EQ(document.root().kind(), Kind::big);
    EXPECT_EQ(document.root().raw(), big);
  }
  EXPECT_EQ(parse("1e-400").root().as_double(), 0.0);
}

TEST(Json, StringsAreUnescaped) {
  EXPECT_EQ(parse(R"("\"\\\/\b\f\n\r\t")").root().as_string(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(parse(R"("a\u0041\u00e4\u20AC\ud83d\ude00z")").root().as_string(),
            "aA\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z");
  EXPECT_EQ(parse(R"("\u0000")").root().as_string(), Bytes(1, '\0'));
  EXPECT_EQ(parse("\"\xC3\xA4 and more than eight\"").root().as_string(), "\xC3\xA4 and more than eight");
}

TEST(Json, ContainersKeepTheOrderOfTheSource) {
  const Document document = parse(R"({"b": [1, [2, 3], {"x": 4}], "a": {}, "c": []})");
  Bytes keys;
  for (const Member m : document.root().members()) keys += m.key();
  EXPECT_EQ(keys, "bac");
  EXPECT_EQ(document.root().size(), 3u);
  const Value* b = document.root().find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->size(), 3u);
  EXPECT_EQ(b->at(0).as_integer(), 1);
  EXPECT_EQ(b->at(1).at(1).as_integer(), 3);
  EXPECT_EQ(b->at(2).find("x")->as_integer(), 4);
  EXPECT_EQ(document.root().find("d"), nullptr);
  EXPECT_EQ(document.root().find("c")->size(), 0u);
  std::int64_t sum = 0;
  for (const Value& v : b->elements()) sum += v.is_integer() ? v.as_integer() : 10;
  EXPECT_EQ(sum, 21);
}

TEST(Json, RawIsTheExactSource) {
  const Document document = parse("{\"a\" : [ 1.50 , \"\\u0041\" ] , \"b\":2}");
  EXPECT_EQ(document.root().find("a")->raw(), "[ 1.50 , \"\\u0041\" ]");
  EXPECT_EQ(document.root().find("a")->at(0).raw(), "1.50");
  EXPECT_EQ(document.root().find("a")->at(1).raw(), "\"\\u0041\"");
  EXPECT_EQ(document.root().raw(), document.text());
}

TEST(Json, ValuesKnowTheirPlace) {
  const Document document = parse("{\n  \"a\": 1,\n  \"\xC3\xA4\": [true]}");
  EXPECT_EQ(document.location(*document.root().find("a")), (LineColumn{2, 8}));
  EXPECT_EQ(document.location(document.root().find("\xC3\xA4")->at(0)), (LineColumn{3, 9}));
}

TEST(Json, RepeatedKeysAreRefusedInDefinitions) {
  EXPECT_EQ(message("{\"a\":1,\n \"b\":2, \"a\":3}"),
            "line 2, column 9: the key `a` stands twice in one object");
  EXPECT_EQ(message(R"({"a":1,"\u0061":3})"), "line 1, column 8: the key `a` stands twice in one object");
  EXPECT_EQ(message(R"({"a":{"a":1},"b":{"a":1}})"), "ok") << "in different objects a key is another one";
}

TEST(Json, OfRepeatedKeysInValuesTheLastWins) {
  const Document document = parse(R"({"a":1,"b":2,"a":{"c":3},"a":[4]})", Duplicates::last_wins);
  EXPECT_EQ(document.root().size(), 2u);
  EXPECT_EQ(document.root().find("a")->raw(), "[4]");
  Bytes keys;
  for (const Member m : document.root().members()) keys += m.key();
  EXPECT_EQ(keys, "ba");
}

TEST(Json, RepeatedKeysAreFoundInLargeObjectsToo) {
  Bytes text = "{";
  for (int i = 0; i < 5000; ++i) text += "\"key" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  EXPECT_EQ(message(text + "\"last\":0}"), "ok");
  EXPECT_NE(message(text + "\"key4711\":0}").find("`key4711` stands twice"), Bytes::npos);
  const Document document = parse(text + "\"key4711\":0,\"key0\":-1,\"key4711\":-2}", Duplicates::last_wins);
  EXPECT_EQ(document.root().size(), 5000u);
  EXPECT_EQ(document.root().find("key4711")->as_integer(), -2);
  EXPECT_EQ(document.root().find("key0")->as_integer(), -1);
}

TEST(Json, ErrorsNameThePlace) {
  EXPECT_EQ(message(""), "line 1, column 1: the text ends where a value is expected");
  EXPECT_EQ(message("[1,\n2"), "line 2, column 2: the text ends where `,` or `]` is expected");
  EXPECT_EQ(message("[1 2]"), "line 1, column 4: expected `,` or `]`, found `2`");
  EXPECT_EQ(message("[1,]"), "line 1, column 4: expected a value, found `]`");
  EXPECT_EQ(message("{a:1}"), "line 1, column 2: expected a key in double quotes, found `a`");
  EXPECT_EQ(message("{\"a\" 1}"), "line 1, column 6: expected `:`, found `1`");
  EXPECT_EQ(message("{\"a\":1,}"), "line 1, column 8: expected a key in double quotes, found `}`");
  EXPECT_EQ(message("1 x"), "line 1, column 3: expected the end of the text, found `x`");
  EXPECT_EQ(message("tru"), "line 1, column 1: expected a value, found `t`");
  EXPECT_EQ(message("\"abc"), "line 1, column 1: a string without its closing quote");
  EXPECT_EQ(message("\"abc\\"), "line 1, column 1: a string without its closing quote");
  EXPECT_EQ(message("\"a\nb\""), "line 1, column 3: a control character in a string; write it as an escape");
  EXPECT_EQ(message("\"\\x\""), "line 1, column 2: an unknown escape in a string");
  EXPECT_EQ(message("\"\\u12\""), "line 1, column 2: an unfinished escape in a string");
  EXPECT_EQ(message("\"\\u12g4\""), "line 1, column 2: `\\u` needs four hexadecimal digits");
  EXPECT_EQ(message("01"), "line 1, column 1: a number with a leading zero");
  EXPECT_EQ(message("-"), "line 1, column 2: the text ends where a digit is expected");
  EXPECT_EQ(message("1."), "line 1, column 3: the text ends where a digit is expected");
  EXPECT_EQ(message("1e+"), "line 1, column 4: the text ends where a digit is expected");
  EXPECT_EQ(message("[\x01]"), "line 1, column 2: expected a value, found a control character");
  EXPECT_EQ(message("NaN"), "line 1, column 1: expected a value, found `N`");
}

TEST(Json, TextThatIsNotUtf8IsRefused) {
  for (const ByteView bad :
       {"\"\xFF\"", "\"ok \xC3\"", "\"\\n\xED\xA0\x80\"", "\"\xC0\x80 overlong\"", "\xC3\xA4\xFF"}) {
    EXPECT_NE(message(bad), "ok") << testing::PrintToString(bad);
  }
  EXPECT_EQ(message("[\"\xC3\xA4\",\"b\xFF\"]"), "line 1, column 8: the text is not UTF-8");
}

TEST(Json, HalvesOfSurrogatePairsAreRefused) {
  for (const ByteView bad :
       {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud800x")", R"("\ud800\n")"}) {
    EXPECT_EQ(message(bad), "line 1, column 2: half of a surrogate pair in a string") << bad;
  }
}

TEST(Json, DepthIsBounded) {
  const auto nested = [](std::size_t depth) { return Bytes(depth, '[') + Bytes(depth, ']'); };
  EXPECT_EQ(message(nested(limits::kDepthMax)), "ok");
  const Result<Document> deep = Document::parse(nested(limits::kDepthMax + 1));
  EXPECT_EQ(deep.code(), Code::too_large);
  EXPECT_EQ(deep.status().message(), "line 1, column 65: nested deeper than 64 levels");
}

TEST(Json, ErrorPlacesAreFieldsToo) {
  LineColumn at;
  EXPECT_FALSE(Document::parse("{\n\"a\":?}", Duplicates::reject, &at).ok());
  EXPECT_EQ(at, (LineColumn{2, 5}));
}

TEST(Json, AParserIsUsedAgainAfterSuccessAndFailure) {
  Parser parser;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(parser.parse("[1,").ok());
    const Result<const Value*> root = parser.parse(R"({"a":"\n"})");
    ASSERT_TRUE(root.ok());
    EXPECT_EQ((*root)->find("a")->as_string(), "\n");
  }
}

TEST(Json, ADocumentStaysValidWhenItMoves) {
  Document first = parse(R"({"a":"x","b":"\t"})");
  const Document second = std::move(first);
  EXPECT_EQ(second.root().find("a")->as_string(), "x");
  EXPECT_EQ(second.root().find("b")->as_string(), "\t");
}

TEST(Json, ValidateTellsWhatMayComeIn) {
  EXPECT_TRUE(validate(R"({"a":1,"a":2})").ok()) << "repeated keys are the users' business";
  EXPECT_EQ(validate("{").code(), Code::invalid_argument);
  EXPECT_EQ(validate(Bytes(100, '[')).code(), Code::too_large);
}

}  // namespace
}  // namespace tenuto::json
