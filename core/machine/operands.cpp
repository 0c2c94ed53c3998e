#include "core/machine/operands.h"

namespace tenuto {
namespace {

bool is_bytes(const Payload& value) {
  return value.content_type() == ContentType::bytes;
}

// Bytes count as missing: they are no value of an expression, even where they happen to read as JSON.
expr::Operand operand_of(const Run& run, OperandRef ref) {
  if (ref.is_input()) {
    if (is_bytes(run.input)) return {};
    return {expr::Operand::Kind::value, run.input.view()};
  }
  if (run.in_order()) {
    if (ref.node >= run.front) return {expr::Operand::Kind::missing, {}};
    return {expr::Operand::Kind::value, Payload().view()};
  }
  const TaskState state = run.rows[ref.node].state;
  if (state == TaskState::skipped) return {expr::Operand::Kind::skipped, {}};
  if (state != TaskState::done) return {expr::Operand::Kind::missing, {}};
  const Payload& result = run.result_of(TaskIndex{ref.node});
  if (is_bytes(result)) return {};
  return {expr::Operand::Kind::value, result.view()};
}

// The same failure, or what is behind it: a result of bytes.
Status explained(const Run& run, const std::vector<OperandRef>& refs, const Status& failure) {
  for (const OperandRef ref : refs) {
    if (ref.is_input() || !is_bytes(run.result_of(TaskIndex{ref.node}))) continue;
    return {Code::invalid_argument,
            "the result of `" + std::string(run.plan->name_of(TaskIndex{ref.node})) +
                "` is bytes, and expressions take JSON; return it as JSON text, in base64"};
  }
  return failure;
}

std::span<const expr::Operand> bind(const Run& run, const std::vector<OperandRef>& refs,
                                    Evaluation& evaluation) {
  evaluation.operands.clear();
  for (const OperandRef ref : refs) evaluation.operands.push_back(operand_of(run, ref));
  return evaluation.operands;
}

Result<Payload> render(const Run& run, const BoundTemplate& bound, expr::Skipped skipped,
                       Evaluation& evaluation) {
  Bytes text;
  auto rendered =
      expr::render(bound.pattern, bind(run, bound.operands, evaluation), evaluation.evaluator, text, skipped);
  if (!rendered.ok()) return explained(run, bound.operands, rendered.status());
  if (*rendered == expr::Rendered::skipped) return Payload();
  return Payload::json(text);
}

Status at_node(const Run& run, TaskIndex node, const Status& status) {
  return {status.code(), "node `" + std::string(run.plan->name_of(node)) + "`: " + status.message()};
}

}  // namespace

Result<Payload> argument_of(const Run& run, TaskIndex task, Evaluation& evaluation) {
  auto argument = render(run, run.plan->argument_of(task), expr::Skipped::spreads, evaluation);
  if (!argument.ok()) return at_node(run, task, argument.status());
  return argument;
}

Result<Payload> output_of(const Run& run, Evaluation& evaluation) {
  if (!run.plan->output().has_value()) return Payload();
  auto output = render(run, *run.plan->output(), expr::Skipped::as_null, evaluation);
  if (!output.ok()) return Status(output.status().code(), "output: " + output.status().message());
  return output;
}

Result<std::uint32_t> choose_arm(const Run& run, TaskIndex switch_node, Evaluation& evaluation) {
  const std::span<const SwitchArm> arms = run.plan->arms_of(switch_node);
  for (std::uint32_t i = 0; i < arms.size(); ++i) {
    if (!arms[i].condition.has_value()) return i;
    const BoundCondition& condition = *arms[i].condition;
    auto holds = expr::evaluate_condition(condition.program, bind(run, condition.operands, evaluation),
                                          evaluation.evaluator);
    if (!holds.ok()) return at_node(run, switch_node, explained(run, condition.operands, holds.status()));
    if (*holds) return i;
  }
  return SwitchChosen::kNoArm;
}

}  // namespace tenuto
