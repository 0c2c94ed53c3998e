#include "core/expr/compile.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "core/expr/bytecode.h"
#include "core/payload/text.h"

namespace tenuto::expr {
namespace {

// Recursion follows brackets only, which parse() bounds; chains of operators and members are walked in loops.
class Compiler {
 public:
  Compiler(Ast ast, std::size_t begin, std::vector<std::string>& names)
      : ast_(std::move(ast)), names_(names) {
    code_->begin = static_cast<std::uint32_t>(begin);
  }

  Result<Program> run() {
    emit(ast_.root);
    if (!error_.empty()) {
      return Status(Code::invalid_argument,
                    describe(line_column(ast_.source, error_offset_)) + ": " + error_);
    }
    code_->names = names_;
    code_->source = std::move(ast_.source);
    code_->texts = std::move(ast_.texts);
    for (const auto& [constant, text] : text_constants_)
      code_->constants[constant] = Value::of(ByteView(code_->texts[text]));
    return Program(std::shared_ptr<const Bytecode>(std::move(code_)));
  }

 private:
  [[nodiscard]] const Node& node(NodeIndex i) const { return ast_.nodes[i]; }
  [[nodiscard]] const Node& child(const Node& n, std::uint32_t i) const { return node(ast_.child(n, i)); }

  void fail(std::uint32_t offset, Bytes message) {
    if (!error_.empty()) return;
    error_ = std::move(message);
    error_offset_ = offset;
  }

  // Appends an instruction that changes the height of the stack by `effect`.
  std::uint32_t add(Op op, const Node& n, int effect, std::uint32_t argument = 0, std::uint16_t small = 0) {
    code_->instructions.push_back(Instruction{op, small, argument});
    Site site;
    site.at = n.at;
    if (n.type == NodeType::select || n.type == NodeType::index || n.type == NodeType::has) {
      site.target_begin = child(n, 0).begin;
      site.target_end = child(n, 0).end;
    }
    code_->sites.push_back(site);
    height_ += effect;
    code_->stack_size = std::max(code_->stack_size, static_cast<std::uint32_t>(height_));
    return here() - 1;
  }
  [[nodiscard]] std::uint32_t here() const { return static_cast<std::uint32_t>(code_->instructions.size()); }
  // Lets the jump at `index` go to the next instruction.
  void land(std::uint32_t index) { code_->instructions[index].argument = here(); }

  std::uint32_t constant(Value v) {
    code_->constants.push_back(v);
    return static_cast<std::uint32_t>(code_->constants.size() - 1);
  }
  std::uint32_t text_constant(std::uint32_t text) {
    const std::uint32_t index = constant(Value::null());
    text_constants_.emplace_back(index, text);
    return index;
  }
  std::uint32_t slot_of(const Bytes& name) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) {
      names_.push_back(name);
      return static_cast<std::uint32_t>(names_.size() - 1);
    }
    return static_cast<std::uint32_t>(found - names_.begin());
  }

  // The name of tasks["name"], else nullptr.
  [[nodiscard]] const Bytes* quoted_task(const Node& n) const {
    if (n.type != NodeType::index || child(n, 0).type != NodeType::identifier) return nullptr;
    if (ast_.texts[child(n, 0).text] != "tasks" || child(n, 1).type != NodeType::string_literal)
      return nullptr;
    return &ast_.texts[child(n, 1).text];
  }

  // Follows first operands down to the one that is computed first, then applies what stands around it.
  void emit(NodeIndex index) {
    std::vector<NodeIndex> spine;
    for (; continues_below(node(index)); index = ast_.child(node(index), 0)) spine.push_back(index);
    emit_operand(node(index));
    for (; !spine.empty(); spine.pop_back()) emit_around(node(spine.back()));
  }

  [[nodiscard]] bool continues_below(const Node& n) const {
    switch (n.type) {
      case NodeType::select:
      case NodeType::has:
      case NodeType::negate:
      case NodeType::logical_not:
      case NodeType::binary:
      case NodeType::method:
        return true;
      case NodeType::index:
        return quoted_task(n) == nullptr;
      default:
        return false;
    }
  }

  void emit_operand(const Node& n) {
    switch (n.type) {
      case NodeType::null_literal:
        add(Op::push, n, +1, constant(Value::null()));
        return;
      case NodeType::bool_literal:
        add(Op::push, n, +1, constant(Value::of(n.integer != 0)));
        return;
      case NodeType::int_literal:
        add(Op::push, n, +1, constant(Value::of(n.integer)));
        return;
      case NodeType::double_literal:
        add(Op::push, n, +1, constant(Value::of(n.number)));
        return;
      case NodeType::string_literal:
        add(Op::push, n, +1, text_constant(n.text));
        return;
      case NodeType::identifier:
        add(Op::load, n, +1, slot_of(ast_.texts[n.text]));
        return;
      case NodeType::index:
        add(Op::load, n, +1, slot_of(*quoted_task(n)));
        return;
      case NodeType::conditional:
        emit_conditional(n);
        return;
      case NodeType::call:
        emit_call(n, 0);
        return;
      default:
        break;
    }
    for (std::uint32_t i = 0; i < n.child_count; ++i) emit(ast_.child(n, i));
    const bool is_map = n.type == NodeType::map;
    add(is_map ? Op::map : Op::list, n, 1 - static_cast<int>(n.child_count), n.child_count);
  }

  void emit_around(const Node& n) {
    switch (n.type) {
      case NodeType::select:
        emit_select(n);
        return;
      case NodeType::has:
        add(Op::has, n, 0, text_constant(n.text));
        return;
      case NodeType::negate:
        add(Op::negate, n, 0);
        return;
      case NodeType::logical_not:
        add(Op::logical_not, n, 0);
        return;
      case NodeType::index:
        emit(ast_.child(n, 1));
        add(Op::index, n, -1);
        return;
      case NodeType::method:
        emit_call(n, 1);
        return;
      default:
        break;
    }
    if (n.op == BinaryOp::logical_and || n.op == BinaryOp::logical_or) {
      const bool is_and = n.op == BinaryOp::logical_and;
      const std::uint32_t jump = add(is_and ? Op::and_left : Op::or_left, n, 0);
      emit(ast_.child(n, 1));
      add(is_and ? Op::and_end : Op::or_end, n, -1);
      land(jump);
    } else {
      emit(ast_.child(n, 1));
      add(Op::binary, n, -1, 0, static_cast<std::uint16_t>(n.op));
    }
  }

  void emit_select(const Node& n) {
    const Node& target = child(n, 0);
    const std::uint32_t key = text_constant(n.text);
    // Of a name: its load is the last instruction then, and no jump leads behind it.
    const bool of_name = target.type == NodeType::identifier || quoted_task(target) != nullptr;
    const std::uint32_t slot = code_->instructions.back().argument;
    if (!of_name || slot > std::numeric_limits<std::uint16_t>::max()) {
      add(Op::select, n, 0, key);
      return;
    }
    code_->instructions.pop_back();
    code_->sites.pop_back();
    add(Op::load_member, n, 0, key, static_cast<std::uint16_t>(slot));
  }

  void emit_conditional(const Node& first) {
    std::vector<std::uint32_t> to_end;
    const Node* n = &first;
    for (; n->type == NodeType::conditional; n = &child(*n, 2)) {
      emit(ast_.child(*n, 0));
      const std::uint32_t branch = add(Op::branch, *n, -1);
      to_end.push_back(add(Op::jump, *n, 0));
      emit(ast_.child(*n, 1));
      to_end.push_back(add(Op::jump, *n, -1));
      land(branch);
    }
    emit(static_cast<NodeIndex>(n - ast_.nodes.data()));
    for (const std::uint32_t jump : to_end) land(jump);
  }

  // The first `done` children are on the stack already.
  void emit_call(const Node& n, std::uint32_t done) {
    for (std::uint32_t i = done; i < n.child_count; ++i) emit(ast_.child(n, i));
    const Bytes& name = ast_.texts[n.text];
    const bool method = n.type == NodeType::method;
    const Function* function = find_function(name, n.child_count, method);
    if (function == nullptr) {
      const std::uint32_t count = n.child_count - (method ? 1 : 0);
      fail(n.at, Bytes(is_function_name(name) ? "no form of the function `" : "unknown function `") + name +
                     "` with " + std::to_string(count) + (count == 1 ? " argument" : " arguments") +
                     (method ? " behind a dot" : ""));
      return;
    }
    code_->functions.push_back(function);
    add(Op::call, n, 1 - static_cast<int>(n.child_count),
        static_cast<std::uint32_t>(code_->functions.size() - 1), static_cast<std::uint16_t>(n.child_count));
  }

  Ast ast_;
  std::vector<std::string>& names_;
  std::shared_ptr<Bytecode> code_ = std::make_shared<Bytecode>();
  std::vector<std::pair<std::uint32_t, std::uint32_t>> text_constants_;  // constant, text
  int height_ = 0;
  Bytes error_;
  std::uint32_t error_offset_ = 0;
};

}  // namespace

std::span<const std::string> Program::names() const {
  return code_->names;
}

ByteView Program::text() const {
  return ByteView(code_->source).substr(code_->begin);
}

std::int32_t Program::single_name() const {
  const bool single = code_->instructions.size() == 1 && code_->instructions[0].op == Op::load;
  return single ? static_cast<std::int32_t>(code_->instructions[0].argument) : -1;
}

Result<Program> compile(ByteView text) {
  std::vector<std::string> names;
  return compile_within(text, 0, text.size(), names);
}

Result<Program> compile_within(ByteView whole, std::size_t begin, std::size_t end,
                               std::vector<std::string>& names) {
  TN_ASSIGN(Ast ast, parse_within(whole, begin, end));
  return Compiler(std::move(ast), begin, names).run();
}

}  // namespace tenuto::expr
