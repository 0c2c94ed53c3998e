#include "core/expr/parse.h"

#include <initializer_list>
#include <limits>
#include <string>
#include <utility>

#include "core/base/limits.h"
#include "core/expr/lexer.h"
#include "core/payload/json.h"
#include "core/payload/text.h"

namespace tenuto::expr {
namespace {

constexpr int kLowest = 1;  // of the precedences below

struct Infix {
  ByteView text;
  BinaryOp op;
  int precedence;
};
constexpr Infix kInfixes[] = {
    {"||", BinaryOp::logical_or, 1}, {"&&", BinaryOp::logical_and, 2},   {"==", BinaryOp::equal, 3},
    {"!=", BinaryOp::not_equal, 3},  {"<", BinaryOp::less, 3},           {"<=", BinaryOp::less_equal, 3},
    {">", BinaryOp::greater, 3},     {">=", BinaryOp::greater_equal, 3}, {"in", BinaryOp::in, 3},
    {"+", BinaryOp::add, 4},         {"-", BinaryOp::subtract, 4},       {"*", BinaryOp::multiply, 5},
    {"/", BinaryOp::divide, 5},      {"%", BinaryOp::modulo, 5},
};

const Infix* infix_of(const Token& token) {
  if (token.kind != TokenKind::punctuation && !token.is_word("in")) return nullptr;
  for (const Infix& infix : kInfixes) {
    if (infix.text == token.text) return &infix;
  }
  return nullptr;
}

bool is_literal_word(ByteView word) {
  return word == "true" || word == "false" || word == "null" || word == "in";
}

// Words that CEL keeps for itself: no names of values, but fine behind a dot.
bool is_reserved(ByteView word) {
  for (const ByteView reserved :
       {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
        "package", "namespace", "return", "var", "void", "while"}) {
    if (word == reserved) return true;
  }
  return false;
}

// What other languages' words are called here; empty if there is nothing to say.
ByteView translation(ByteView word) {
  constexpr std::pair<ByteView, ByteView> kWords[] = {
      {"and", "`&&`"},
      {"or", "`||`"},
      {"not", "`!`"},
      {"True", "`true`"},
      {"False", "`false`"},
      {"None", "`null`"},
      {"nil", "`null`"},
      {"undefined", "`null`"},
      {"is", "`==`"},
      {"if", "`condition ? a : b`"},
      {"else", "`condition ? a : b`"},
      {"len", "`size`"},
  };
  for (const auto& [foreign, ours] : kWords) {
    if (word == foreign) return ours;
  }
  return {};
}

class ExpressionParser {
 public:
  ExpressionParser(ByteView whole, std::uint32_t begin) : lexer_(whole, begin) { ast_.source = Bytes(whole); }

  Result<Ast> run() {
    advance();
    ast_.root = expression();
    if (ok() && token_.kind != TokenKind::end) fail_unexpected("an operator or the end");
    if (ok()) return std::move(ast_);
    return Status(code_, describe(line_column(ast_.source, error_offset_)) + ": " + error_);
  }

 private:
  [[nodiscard]] bool ok() const { return error_.empty(); }

  NodeIndex fail(std::uint32_t offset, Bytes message, Code code = Code::invalid_argument) {
    if (ok()) {
      error_ = std::move(message);
      error_offset_ = offset;
      code_ = code;
    }
    token_ = Token();  // nothing more is read
    return kNoNode;
  }
  NodeIndex fail_unexpected(ByteView expected) {
    if (token_.kind == TokenKind::end) {
      return fail(token_.begin, "the expression ends where " + Bytes(expected) + " is expected");
    }
    const ByteView found = ByteView(ast_.source).substr(token_.begin, token_.end - token_.begin);
    const ByteView ours = token_.kind == TokenKind::identifier ? translation(found) : ByteView();
    if (!ours.empty())
      return fail(token_.begin, "`" + Bytes(found) + "` is written " + Bytes(ours) + " here");
    return fail(token_.begin, "expected " + Bytes(expected) + ", found `" + Bytes(found) + "`");
  }

  void advance() {
    last_end_ = token_.end;
    if (!ok()) return;
    token_ = lexer_.next();
    if (token_.kind == TokenKind::error) fail(lexer_.error_offset(), lexer_.error());
  }
  bool accept(ByteView punctuation) {
    if (!token_.is(punctuation)) return false;
    advance();
    return true;
  }
  void expect(ByteView punctuation) {
    if (ok() && !accept(punctuation)) fail_unexpected("`" + Bytes(punctuation) + "`");
  }

  NodeIndex add(NodeType type, std::uint32_t begin, std::uint32_t at,
                std::initializer_list<NodeIndex> children = {}) {
    return add_list(type, begin, at, std::vector<NodeIndex>(children));
  }
  NodeIndex add_list(NodeType type, std::uint32_t begin, std::uint32_t at,
                     const std::vector<NodeIndex>& children) {
    if (!ok()) return kNoNode;
    Node node{};
    node.type = type;
    node.begin = begin;
    node.end = last_end_;
    node.at = at;
    node.first_child = static_cast<std::uint32_t>(ast_.children.size());
    node.child_count = static_cast<std::uint32_t>(children.size());
    ast_.children.insert(ast_.children.end(), children.begin(), children.end());
    ast_.nodes.push_back(node);
    return static_cast<NodeIndex>(ast_.nodes.size() - 1);
  }
  std::uint32_t add_text(Bytes text) {
    ast_.texts.push_back(std::move(text));
    return static_cast<std::uint32_t>(ast_.texts.size() - 1);
  }
  NodeIndex with_text(NodeIndex index, Bytes text) {
    if (index != kNoNode) ast_.nodes[index].text = add_text(std::move(text));
    return index;
  }
  [[nodiscard]] std::uint32_t begin_of(NodeIndex index) const {
    return index == kNoNode ? 0 : ast_.nodes[index].begin;
  }

  // c1 ? a1 : c2 ? a2 : … : last, read in a loop and built from its end.
  NodeIndex expression() {
    if (++depth_ > limits::kDepthMax) {
      return fail(token_.begin, "nested deeper than " + std::to_string(limits::kDepthMax) + " levels",
                  Code::too_large);
    }
    struct Arm {
      NodeIndex condition;
      NodeIndex value;
      std::uint32_t at;
    };
    std::vector<Arm> arms;
    NodeIndex last = binary(kLowest);
    while (ok() && token_.is("?")) {
      const std::uint32_t at = token_.begin;
      advance();
      const NodeIndex value = expression();
      expect(":");
      arms.push_back(Arm{last, value, at});
      last = binary(kLowest);
    }
    for (; !arms.empty(); arms.pop_back()) {
      const Arm& arm = arms.back();
      last = add(NodeType::conditional, begin_of(arm.condition), arm.at, {arm.condition, arm.value, last});
    }
    --depth_;
    return last;
  }

  NodeIndex binary(int lowest) {
    NodeIndex left = unary();
    while (ok()) {
      const Infix* infix = infix_of(token_);
      if (infix == nullptr || infix->precedence < lowest) break;
      const std::uint32_t at = token_.begin;
      advance();
      const NodeIndex right = binary(infix->precedence + 1);
      left = add(NodeType::binary, begin_of(left), at, {left, right});
      if (left != kNoNode) ast_.nodes[left].op = infix->op;
    }
    return left;
  }

  NodeIndex unary() {
    std::vector<std::pair<NodeType, std::uint32_t>> signs;
    while (token_.is("!") || token_.is("-")) {
      signs.emplace_back(token_.is("!") ? NodeType::logical_not : NodeType::negate, token_.begin);
      advance();
    }
    NodeIndex node = kNoNode;
    const bool number = token_.kind == TokenKind::int_literal || token_.kind == TokenKind::double_literal;
    if (number && !signs.empty() && signs.back().first == NodeType::negate) {
      const std::uint32_t begin = signs.back().second;
      signs.pop_back();
      node = members(literal_number(begin, true));
    } else {
      node = members(primary());
    }
    for (; !signs.empty(); signs.pop_back())
      node = add(signs.back().first, signs.back().second, signs.back().second, {node});
    return node;
  }

  NodeIndex literal_number(std::uint32_t begin, bool negative) {
    const Token literal = std::move(token_);
    constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;
    if (literal.kind == TokenKind::int_literal && literal.integer == kLimit && !negative) {
      return fail(literal.begin, "an integer that does not fit 64 bits");
    }
    token_ = Token();
    token_.end = literal.end;
    advance();
    const bool is_int = literal.kind == TokenKind::int_literal;
    const NodeIndex node = add(is_int ? NodeType::int_literal : NodeType::double_literal, begin, begin);
    if (node == kNoNode) return node;
    ast_.nodes[node].integer =
        static_cast<std::int64_t>(negative ? std::uint64_t{0} - literal.integer : literal.integer);
    ast_.nodes[node].number = negative ? -literal.number : literal.number;
    return node;
  }

  // What follows an operand: .name, .name(…), […].
  NodeIndex members(NodeIndex node) {
    while (ok()) {
      const std::uint32_t begin = begin_of(node);
      if (accept(".")) {
        node = member(node, begin);
      } else if (token_.is("[")) {
        const std::uint32_t at = token_.begin;
        advance();
        const NodeIndex key = expression();
        expect("]");
        node = add(NodeType::index, begin, at, {node, key});
      } else {
        break;
      }
    }
    return node;
  }

  NodeIndex member(NodeIndex target, std::uint32_t begin) {
    const std::uint32_t at = token_.begin;
    const bool quoted = token_.kind == TokenKind::quoted_name;
    if (!quoted && (token_.kind != TokenKind::identifier || is_literal_word(token_.text))) {
      return fail_unexpected("a name");
    }
    Bytes name = std::move(token_.text);
    advance();
    if (quoted || !token_.is("("))
      return with_text(add(NodeType::select, begin, at, {target}), std::move(name));
    std::vector<NodeIndex> children = {target};
    arguments(")", children);
    return with_text(add_list(NodeType::method, begin, at, children), std::move(name));
  }

  // The opening bracket is token_. Reads up to and including `close`; a comma may stand before it.
  void arguments(ByteView close, std::vector<NodeIndex>& to, bool pairs = false) {
    advance();
    while (ok() && !token_.is(close)) {
      to.push_back(expression());
      if (pairs) {
        expect(":");
        to.push_back(expression());
      }
      if (!accept(",")) break;
      if (close == ")" && token_.is(close)) fail_unexpected("an argument");
    }
    if (ok() && !accept(close)) fail_unexpected("`,` or `" + Bytes(close) + "`");
  }

  NodeIndex primary() {
    const std::uint32_t begin = token_.begin;
    switch (token_.kind) {
      case TokenKind::int_literal:
      case TokenKind::double_literal:
        return literal_number(begin, false);
      case TokenKind::string_literal: {
        Bytes text = std::move(token_.text);
        advance();
        return with_text(add(NodeType::string_literal, begin, begin), std::move(text));
      }
      case TokenKind::identifier:
        return word();
      case TokenKind::quoted_name:
        return fail(begin, "a name in backquotes only stands behind a dot");
      default:
        break;
    }
    if (token_.is("(")) {
      advance();
      const NodeIndex inner = expression();
      expect(")");
      if (ok()) {
        ast_.nodes[inner].begin = begin;
        ast_.nodes[inner].end = last_end_;
      }
      return inner;
    }
    if (token_.is("[") || token_.is("{")) {
      const bool is_map = token_.is("{");
      std::vector<NodeIndex> children;
      arguments(is_map ? "}" : "]", children, is_map);
      return add_list(is_map ? NodeType::map : NodeType::list, begin, begin, children);
    }
    if (token_.is(".")) {
      advance();
      if (token_.kind == TokenKind::identifier) return word();
      return fail_unexpected("a name");
    }
    return fail_unexpected("an operand");
  }

  NodeIndex word() {
    const std::uint32_t begin = token_.begin;
    if (token_.is_word("in")) return fail_unexpected("an operand");
    Bytes name = std::move(token_.text);
    token_.text.clear();
    advance();
    if (name == "null") return add(NodeType::null_literal, begin, begin);
    if (name == "true" || name == "false") {
      const NodeIndex node = add(NodeType::bool_literal, begin, begin);
      if (node != kNoNode) ast_.nodes[node].integer = name == "true" ? 1 : 0;
      return node;
    }
    if (is_reserved(name))
      return fail(begin, "`" + name + "` is a reserved word; name a task so with tasks[\"" + name + "\"]");
    if (const ByteView ours = foreign_meaning(name); !ours.empty()) {
      return fail(begin, "`" + name + "` is written " + Bytes(ours) + " here");
    }
    if (!token_.is("(")) return with_text(add(NodeType::identifier, begin, begin), std::move(name));
    std::vector<NodeIndex> children;
    arguments(")", children);
    if (name == "has") return has(begin, children);
    return with_text(add_list(NodeType::call, begin, begin, children), std::move(name));
  }

  // `not x` and `not(x)` are meant as an operator, `not` alone may be a name.
  ByteView foreign_meaning(ByteView name) {
    if (name == "True" || name == "False" || name == "None") return translation(name);
    if (name == "len" && token_.is("(")) return translation(name);
    const bool operand_follows = token_.kind == TokenKind::identifier ||
                                 token_.kind == TokenKind::string_literal ||
                                 token_.kind == TokenKind::int_literal || token_.is("(");
    return name == "not" && operand_follows && !token_.is_word("in") ? translation(name) : ByteView();
  }

  NodeIndex has(std::uint32_t begin, const std::vector<NodeIndex>& arguments) {
    if (!ok()) return kNoNode;
    if (arguments.size() != 1 || ast_.nodes[arguments[0]].type != NodeType::select) {
      return fail(begin, "`has` takes one member, as in has(input.name)");
    }
    Node node = ast_.nodes[arguments[0]];
    node.type = NodeType::has;
    node.begin = begin;
    node.end = last_end_;
    ast_.nodes.push_back(node);
    return static_cast<NodeIndex>(ast_.nodes.size() - 1);
  }

  Lexer lexer_;
  Token token_;
  std::uint32_t last_end_ = 0;  // of the token before token_
  std::uint32_t depth_ = 0;
  Ast ast_;
  Bytes error_;
  std::uint32_t error_offset_ = 0;
  Code code_ = Code::ok;
};

}  // namespace

Result<Ast> parse(ByteView text) {
  return parse_within(text, 0, text.size());
}

Result<Ast> parse_within(ByteView whole, std::size_t begin, std::size_t end) {
  if (end - begin > limits::kExpressionBytesMax) {
    return Status(Code::too_large,
                  "an expression of more than " + std::to_string(limits::kExpressionBytesMax) + " bytes");
  }
  const ByteView source = whole.substr(0, end);
  if (source.size() >= std::numeric_limits<std::uint32_t>::max())
    return Status(Code::too_large, "a text of 4 GiB");
  if (!json::is_utf8(source)) return Status(Code::invalid_argument, "the expression is not UTF-8");
  return ExpressionParser(source, static_cast<std::uint32_t>(begin)).run();
}

}  // namespace tenuto::expr
