#include "core/expr/eval.h"

#include <utility>
#include <vector>

#include "core/expr/bytecode.h"
#include "core/expr/collections.h"
#include "core/expr/messages.h"
#include "core/expr/operators.h"
#include "core/expr/workspace.h"
#include "core/payload/json_scan.h"

namespace tenuto::expr {

class Machine {
 public:
  void begin(std::span<const Operand> operands) {
    operands_ = operands;
    loaded_.assign(operands.size(), Loaded{});
    parsers_used_ = 0;
    if (parsers_.size() > kParsersKept) parsers_.resize(kParsersKept);
    work_.reset();
  }

  Outcome run(const Bytecode& code) {
    const Value v = execute(code);
    Outcome outcome;
    outcome.value = v;
    if (v.kind == ValueKind::skipped) outcome.kind = Outcome::Kind::skipped;
    if (v.kind == ValueKind::error) {
      outcome.kind = Outcome::Kind::error;
      outcome.error = error_text(code, *v.error);
    }
    return outcome;
  }

 private:
  // What is known of an operand since begin().
  struct Loaded {
    enum class State : std::uint8_t { untouched, scanned, parsed, broken };
    State state = State::untouched;
    Value value;  // if parsed
  };

  Value execute(const Bytecode& code);
  Value combine(const Bytecode& code, const Instruction& i, std::span<const Value> items);
  Value load(const Bytecode& code, std::uint32_t slot);
  Value load_member(const Bytecode& code, std::uint32_t slot, const Value& key);
  Loaded parse(ByteView json);

  static constexpr std::size_t kParsersKept = 16;  // more operands are rare; their memory is not kept

  std::span<const Operand> operands_;
  std::vector<Loaded> loaded_;
  std::vector<json::Parser> parsers_;  // one per operand parsed since begin()
  std::size_t parsers_used_ = 0;
  std::vector<Value> stack_;
  Workspace work_;
};

Value Machine::load(const Bytecode& code, std::uint32_t slot) {
  if (slot >= operands_.size()) return work_.fail(ErrorKind::no_operand, code.names[slot]);
  const Operand& operand = operands_[slot];
  if (operand.kind == Operand::Kind::skipped) return Value::skipped();
  if (operand.kind == Operand::Kind::missing) return work_.fail(ErrorKind::no_operand, code.names[slot]);
  Loaded& loaded = loaded_[slot];
  if (loaded.state <= Loaded::State::scanned) loaded = parse(operand.json);
  if (loaded.state == Loaded::State::parsed) return loaded.value;
  return work_.fail(ErrorKind::broken_operand, code.names[slot]);
}

// The first member asked of an operand is looked up in its text; whoever asks again needs a tree.
Value Machine::load_member(const Bytecode& code, std::uint32_t slot, const Value& key) {
  if (slot < operands_.size() && operands_[slot].kind == Operand::Kind::value &&
      loaded_[slot].state == Loaded::State::untouched) {
    loaded_[slot].state = Loaded::State::scanned;
    ByteView member;
    const json::Scan scan = json::find_member(operands_[slot].json, key.as_text(), member);
    if (scan == json::Scan::absent) return work_.fail(ErrorKind::no_key, {}, key);
    if (scan == json::Scan::found) {
      const Loaded loaded = parse(member);
      if (loaded.state == Loaded::State::parsed) return loaded.value;
    }
  }
  return select(work_, load(code, slot), key);
}

Machine::Loaded Machine::parse(ByteView json) {
  if (parsers_used_ == parsers_.size()) parsers_.emplace_back();
  Result<const json::Value*> root = parsers_[parsers_used_++].parse(json);
  if (!root.ok()) return Loaded{Loaded::State::broken, {}};
  return Loaded{Loaded::State::parsed, Value::of(**root)};
}

// A list, a map or a call: all strict.
Value Machine::combine(const Bytecode& code, const Instruction& i, std::span<const Value> items) {
  for (const Value& v : items) {
    if (!v.is_usable()) return first_unusable(items);
  }
  if (i.op == Op::list) return make_list(work_, items);
  if (i.op == Op::map) return make_map(work_, items);
  return code.functions[i.argument]->apply(work_, items);
}

Value Machine::execute(const Bytecode& code) {
  if (stack_.size() < code.stack_size) stack_.resize(code.stack_size);
  Value* top = stack_.data() - 1;  // the newest value
  const auto count = static_cast<std::uint32_t>(code.instructions.size());
  for (std::uint32_t at = 0; at < count; ++at) {
    const Instruction& i = code.instructions[at];
    work_.set_instruction(at);
    switch (i.op) {
      case Op::push:
        *++top = code.constants[i.argument];
        break;
      case Op::load:
        *++top = load(code, i.argument);
        break;
      case Op::load_member:
        *++top = load_member(code, i.small, code.constants[i.argument]);
        break;
      case Op::select:
        *top = select(work_, *top, code.constants[i.argument]);
        break;
      case Op::has:
        *top = has_member(work_, *top, code.constants[i.argument]);
        break;
      case Op::index:
        --top;
        *top = index(work_, top[0], top[1]);
        break;
      case Op::list:
      case Op::map:
      case Op::call: {
        const std::size_t size = i.op == Op::call ? i.small : i.argument;
        top -= static_cast<std::ptrdiff_t>(size) - 1;
        *top = combine(code, i, std::span<const Value>(top, size));
        break;
      }
      case Op::negate:
        *top = negate(work_, *top);
        break;
      case Op::logical_not:
        *top = logical_not(work_, *top);
        break;
      case Op::binary:
        --top;
        *top = apply_binary(work_, static_cast<BinaryOp>(i.small), top[0], top[1]);
        break;
      case Op::and_left:
        if (top->is_false()) at = i.argument - 1;
        break;
      case Op::or_left:
        if (top->is_true()) at = i.argument - 1;
        break;
      case Op::and_end:
      case Op::or_end:
        --top;
        *top = join_logical(work_, i.op == Op::or_end, top[0], top[1]);
        break;
      case Op::branch:
        if (top->is_true()) {
          --top;
          ++at;
        } else if (top->is_false()) {
          --top;
          at = i.argument - 1;
        } else {
          if (top->is_usable()) *top = work_.fail(ErrorKind::not_boolean, {}, *top);
          at = code.instructions[at + 1].argument - 1;
        }
        break;
      case Op::jump:
        at = i.argument - 1;
        break;
    }
  }
  TN_DCHECK(top == stack_.data());
  return *top;
}

Status Outcome::append_json(Bytes& out) const {
  switch (kind) {
    case Kind::value:
      return expr::append_json(out, value);
    case Kind::skipped:
      return Status(Code::invalid_argument, "the value is skipped");
    case Kind::error:
      break;
  }
  return Status(Code::invalid_argument, error);
}

Evaluator::Evaluator() : machine_(std::make_unique<Machine>()) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

Outcome Evaluator::evaluate(const Program& program, std::span<const Operand> operands) {
  machine_->begin(operands);
  return machine_->run(program.code());
}

void Evaluator::begin(std::span<const Operand> operands) {
  machine_->begin(operands);
}

Outcome Evaluator::run(const Program& program) {
  return machine_->run(program.code());
}

Result<bool> evaluate_condition(const Program& program, std::span<const Operand> operands,
                                Evaluator& evaluator) {
  const Outcome outcome = evaluator.evaluate(program, operands);
  if (outcome.kind == Outcome::Kind::skipped) return false;
  if (outcome.kind == Outcome::Kind::error) return Status(Code::invalid_argument, outcome.error);
  if (outcome.value.kind != ValueKind::boolean) {
    return Status(Code::invalid_argument,
                  "a condition must be true or false, this is " + Bytes(describe(outcome.value.kind)));
  }
  return outcome.value.boolean;
}

}  // namespace tenuto::expr
