// CEL text -> syntax tree. The grammar is that of the CEL specification without messages, `uint` and bytes.
//
// The tree is flat: nodes in one array, children by index, so that neither size nor shape of a text costs stack.
// Chains of operators (`a + b + c …`, `a && b && …`, `c ? x : d ? y : …`) nest without bound; brackets, calls, lists
// and maps nest up to limits::kDepthMax.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"

namespace tenuto::expr {

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = 0xFFFF'FFFFu;

enum class NodeType : std::uint8_t {
  null_literal,
  bool_literal,    // integer: 0 or 1
  int_literal,     // integer
  double_literal,  // number
  string_literal,  // text
  identifier,      // text
  select,          // children[0] "." text
  index,           // children[0] "[" children[1] "]"
  has,             // has(children[0] "." text)
  call,            // text "(" children ")"
  method,          // children[0] "." text "(" children[1 …] ")"
  list,            // "[" children "]"
  map,             // "{" children "}": key, value, key, value …
  negate,          // "-" children[0]
  logical_not,     // "!" children[0]
  binary,          // children[0] op children[1]
  conditional,     // children[0] "?" children[1] ":" children[2]
};

enum class BinaryOp : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  logical_and,
  logical_or,
};

struct Node {
  NodeType type;
  BinaryOp op{};            // binary
  std::uint32_t begin = 0;  // the source of this node: bytes [begin, end) of the text
  std::uint32_t end = 0;
  std::uint32_t at = 0;  // where messages about this node point to: its operator, member or first byte
  std::uint32_t first_child = 0;  // children are Ast::children[first_child … first_child + child_count)
  std::uint32_t child_count = 0;
  std::uint32_t text = 0;  // texts[text]
  std::int64_t integer = 0;
  double number = 0;
};

struct Ast {
  Bytes source;  // up to the end of the expression
  std::vector<Node> nodes;
  std::vector<NodeIndex> children;
  std::vector<Bytes> texts;  // names and unescaped strings
  NodeIndex root = kNoNode;

  [[nodiscard]] NodeIndex child(const Node& node, std::uint32_t i) const {
    return children[node.first_child + i];
  }
};

// invalid_argument: "line 1, column 5: expected an operand, found `)`"; too_large: limits::kExpressionBytesMax or
// kDepthMax.
[[nodiscard]] Result<Ast> parse(ByteView text);
// The same for the bytes [begin, end) of a longer text: places in messages and nodes are those of the whole.
[[nodiscard]] Result<Ast> parse_within(ByteView whole, std::size_t begin, std::size_t end);

}  // namespace tenuto::expr
