// Random expressions over random operands. A failure prints its seed.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/expr/eval.h"
#include "core/expr/template.h"

namespace tenuto::expr {
namespace {

enum class Type { boolean, integer, number, text, list, map, any };

template <std::size_t N>
Bytes pick(Random& random, const ByteView (&choices)[N]) {
  return Bytes(choices[random.below(N)]);
}

Bytes leaf(Random& random, Type type) {
  switch (type) {
    case Type::boolean:
      return pick(random, {"true", "false", "t", "m.t"});
    case Type::integer:
      return pick(random, {"0", "1", "-7", "i", "m.i", "9223372036854775807"});
    case Type::number:
      return pick(random, {"2.5", "1e300", "-0.0", "d"});
    case Type::text:
      return pick(random, {"'x'", "\"\"", "s", "m.s", "'\\u00e4'"});
    case Type::list:
      return pick(random, {"[]", "[1, 2.0]", "l", "m.l"});
    case Type::map:
      return pick(random, {"{}", "m", "tasks['q-r']", "{'k': 1, true: 'x'}"});
    case Type::any:
      break;
  }
  return pick(random, {"null", "skip", "missing", "a", "b.k", "a.k.k", "b['k']", "has(a.k)"});
}

// Mostly of the type asked for, so that most operators have something to do; sometimes of any, for the errors.
Bytes random_expression(Random& random, int depth, Type type) {
  if (random.chance(1, 25)) type = Type::any;
  if (depth == 0) return leaf(random, type);
  if (type == Type::any && random.chance(2, 3)) type = static_cast<Type>(random.below(6));
  const auto sub = [&](Type t) { return random_expression(random, depth - 1, t); };
  const auto scalar = [&] { return static_cast<Type>(random.below(4)); };
  if (random.chance(1, 8)) return "(" + sub(Type::boolean) + " ? " + sub(type) + " : " + sub(type) + ")";
  if (random.chance(1, 8)) return "[" + sub(Type::any) + ", " + sub(type) + "][1]";
  if (random.chance(1, 8)) return "{'k': " + sub(type) + ", 'j': " + sub(Type::integer) + "}.k";
  switch (type) {
    case Type::boolean: {
      const Type t = scalar();
      switch (random.below(5)) {
        case 0:
          return "!" + sub(Type::boolean);
        case 1:
          return "(" + sub(t) + pick(random, {"<", "<=", ">", ">="}) + sub(t) + ")";
        case 2:
          return "(" + sub(scalar()) + pick(random, {"==", "!="}) + sub(scalar()) + ")";
        case 3:
          return "(" + sub(Type::any) + " in " + sub(random.chance(1, 2) ? Type::list : Type::map) + ")";
        default:
          return "(" + sub(Type::boolean) + pick(random, {"&&", "||"}) + sub(Type::boolean) + ")";
      }
    }
    case Type::integer:
      if (random.chance(1, 4)) return pick(random, {"int", "size"}) + "(" + sub(Type::text) + ")";
      return "(" + sub(type) + pick(random, {"+", "-", "*", "/", "%"}) + sub(type) + ")";
    case Type::number:
      if (random.chance(1, 4)) return "double(" + sub(Type::integer) + ")";
      return "(" + sub(type) + pick(random, {"+", "-", "*", "/"}) +
             sub(random.chance(1, 2) ? type : Type::integer) + ")";
    case Type::text:
      return random.chance(1, 4) ? "string(" + sub(scalar()) + ")" : "(" + sub(type) + "+" + sub(type) + ")";
    case Type::list:
      return random.chance(1, 2) ? "[" + sub(scalar()) + ", " + sub(Type::any) + "]"
                                 : "(" + sub(type) + "+" + sub(type) + ")";
    case Type::map:
      return "{'k': " + sub(scalar()) + ", 'j': " + sub(Type::any) + "}";
    case Type::any:
      return leaf(random, type);
  }
  return "";
}

Bytes random_expression(Random& random, int depth) {
  return random_expression(random, depth, static_cast<Type>(random.below(6)));
}

Bytes random_json(Random& random, int depth) {
  constexpr ByteView kLeaves[] = {"null", "true", "false", "0",           "3",
                                  "-1",   "2.5",  "\"x\"", "\"\\u00e4\"", "12345678901234567890"};
  if (depth == 0 || random.chance(1, 3)) return Bytes(kLeaves[random.below(std::size(kLeaves))]);
  if (random.chance(1, 3))
    return "[" + random_json(random, depth - 1) + "," + random_json(random, depth - 1) + "]";
  return "{\"k\":" + random_json(random, depth - 1) + ",\"j\" : " + random_json(random, depth - 1) + "}";
}

// Operands for a program: the same name has the same value in every program of one seed.
class World {
 public:
  explicit World(std::uint64_t seed) : seed_(seed) {}
  std::vector<Operand> operands(std::span<const std::string> names) {
    texts_.clear();
    texts_.reserve(names.size());
    std::vector<Operand> all;
    for (const std::string& name : names) {
      if (name == "skip" || name == "missing") {
        all.push_back(Operand{name == "skip" ? Operand::Kind::skipped : Operand::Kind::missing});
      } else {
        texts_.push_back(text_of(name));
        all.push_back(Operand{Operand::Kind::value, texts_.back()});
      }
    }
    return all;
  }

 private:
  Bytes text_of(const std::string& name) {
    Random random(seed_ * 31 + std::hash<std::string>{}(name));
    if (name == "t") return random.chance(1, 2) ? "true" : "false";
    if (name == "i") return std::to_string(static_cast<std::int64_t>(random.next()) >> random.below(64));
    if (name == "d") return "-1.25e" + std::to_string(random.below(10));
    if (name == "s") return pick(random, {"\"\"", "\"12\"", "\"a\\u00e4\\n\""});
    if (name == "l") return "[" + random_json(random, 1) + "]";
    if (name == "m") return R"({"k": 1, "t": true, "i" : 3, "s":"y", "l":[2,"x"]})";
    return random_json(random, 3);
  }

  std::uint64_t seed_;
  std::vector<Bytes> texts_;
};

// "error", "skipped", or the value as text.
Bytes result(World& world, Evaluator& evaluator, const Bytes& text) {
  const Result<Program> program = compile(text);
  EXPECT_TRUE(program.ok()) << text << ": " << program.status().message();
  const std::vector<Operand> operands = world.operands(program->names());
  const Outcome outcome = evaluator.evaluate(*program, operands);
  if (outcome.kind == Outcome::Kind::skipped) return "skipped";
  if (outcome.kind == Outcome::Kind::error) {
    EXPECT_EQ(outcome.error.substr(0, 5), "line ") << text;
    return "error";
  }
  Bytes out(describe(outcome.value.kind));
  if (!outcome.append_json(out).ok()) out = "not JSON";
  return out;
}

TEST(ExprProperty, EvaluationIsTotalAndRepeatable) {
  Evaluator shared;
  int values = 0;
  for (std::uint64_t seed = 1; seed <= 6000; ++seed) {
    Random random(seed);
    World world(seed);
    const Bytes text = random_expression(random, 4);
    const Bytes first = result(world, shared, text);
    Evaluator fresh;
    ASSERT_EQ(first, result(world, fresh, text)) << "seed=" << seed << " " << text;
    values += first != "error" && first != "skipped";
  }
  EXPECT_GT(values, 500) << "or the expressions are too odd to tell much";
}

TEST(ExprProperty, LogicCommutes) {
  Evaluator evaluator;
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    Random random(seed * 7919);
    World world(seed);
    const Bytes x = random_expression(random, 2);
    const Bytes y = random_expression(random, 2);
    for (const Bytes& op : {Bytes("&&"), Bytes("||")}) {
      ASSERT_EQ(result(world, evaluator, "(" + x + ")" + op + "(" + y + ")"),
                result(world, evaluator, "(" + y + ")" + op + "(" + x + ")"))
          << "seed=" << seed << " " << x << " " << op << " " << y;
    }
  }
}

TEST(ExprProperty, LawsOfLogicAndComparisonHold) {
  Evaluator evaluator;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Random random(seed * 104'729);
    World world(seed);
    const Bytes x = "(" + random_expression(random, 2) + ")";
    const Bytes y = "(" + random_expression(random, 2) + ")";
    const auto same = [&](const Bytes& a, const Bytes& b) {
      ASSERT_EQ(result(world, evaluator, a), result(world, evaluator, b))
          << "seed=" << seed << " " << a << " / " << b;
    };
    same("!(" + x + "&&" + y + ")", "!" + x + "||!" + y);
    same("!(" + x + "||" + y + ")", "!" + x + "&&!" + y);
    same(x + "==" + y, y + "==" + x);
    same(x + "!=" + y, "!(" + x + "==" + y + ")");
    same(x + "<" + y, y + ">" + x);
    same(x + "<=" + y, y + ">=" + x);
    same("false&&" + x, "false");
    same(x + "||true", "true");
    same(x + "?1:2", "!" + x + "?2:1");
    same("[" + x + "][0]", x);
    same("dyn(" + x + ")", x);
  }
}

TEST(ExprProperty, AMemberIsTheSameHoweverItIsReached) {
  Evaluator evaluator;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    World world(seed);
    for (const Bytes& path : {Bytes("a"), Bytes("b"), Bytes("tasks['q-r']")}) {
      const Bytes scanned = result(world, evaluator, path + ".k");
      // The first use makes the second one go through the tree.
      ASSERT_EQ(scanned, result(world, evaluator, "[has(" + path + ".j) || true, " + path + ".k][1]"))
          << "seed=" << seed;
      ASSERT_EQ(scanned, result(world, evaluator, path + "['k']")) << "seed=" << seed;
    }
  }
}

TEST(ExprProperty, MutatedTextsAreCompiledOrRefused) {
  Evaluator evaluator;
  for (std::uint64_t seed = 1; seed <= 10'000; ++seed) {
    Random random(seed * 15'485'863);
    Bytes text = random_expression(random, 3);
    for (std::uint64_t n = 1 + random.below(4); n > 0 && !text.empty(); --n) {
      const std::size_t at = random.below(text.size());
      switch (random.below(4)) {
        case 0:
          text.erase(at, 1 + random.below(4));
          break;
        case 1:
          text.insert(at, 1, "()[]{}.,?:'\"\\r!&|=<>-+x0 `\n\xC3"[random.below(29)]);
          break;
        case 2:
          text[at] = static_cast<char>(random.next());
          break;
        default:
          text.resize(at);
      }
    }
    const std::string exact(text);
    const Result<Program> program = compile(exact);
    if (!program.ok()) {
      ASSERT_FALSE(program.status().message().empty()) << "seed=" << seed;
      continue;
    }
    World world(seed);
    const std::vector<Operand> operands = world.operands(program->names());
    static_cast<void>(evaluator.evaluate(*program, operands));
  }
}

TEST(ExprProperty, RenderedTemplatesAreJson) {
  Evaluator evaluator;
  int rendered_count = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Random random(seed * 32'452'843);
    Bytes pattern;
    json::Writer writer(pattern);
    writer.begin_object();
    writer.key("whole").string("${" + random_expression(random, 2) + "}");
    writer.key("text").begin_array();
    writer.string("a\n${" + random_expression(random, 1) + "}\xC3\xA4${a}$${b}").end_array();
    writer.end_object();
    const Result<json::Document> document = json::Document::parse(pattern);
    ASSERT_TRUE(document.ok());
    const Result<Template> compiled = compile_template(document->root());
    ASSERT_TRUE(compiled.ok()) << "seed=" << seed << " " << compiled.status().message();
    World world(seed);
    const std::vector<Operand> operands = world.operands(compiled->names());
    Bytes out;
    const Result<Rendered> rendered = render(*compiled, operands, evaluator, out);
    if (!rendered.ok() || *rendered == Rendered::skipped) {
      ASSERT_EQ(out, "") << "seed=" << seed;
      continue;
    }
    ++rendered_count;
    ASSERT_TRUE(json::validate(out).ok()) << "seed=" << seed << " " << out;
  }
  EXPECT_GT(rendered_count, 200);
}

}  // namespace
}  // namespace tenuto::expr
