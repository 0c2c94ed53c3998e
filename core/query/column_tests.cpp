#include "core/query/column_tests.h"

#include <algorithm>
#include <numeric>

namespace tenuto {
namespace {

constexpr RunState kEndStates[] = {RunState::completed, RunState::failed, RunState::timed_out,
                                   RunState::rejected, RunState::cancelled};

constexpr std::uint16_t bit_of(RunState state) {
  return static_cast<std::uint16_t>(1u << static_cast<unsigned>(state));
}

// The parts of `a && b && …`. A stack instead of recursion: a chain may be as long as the text allows.
std::vector<const expr::Node*> parts_of(const expr::Ast& ast) {
  std::vector<const expr::Node*> parts;
  std::vector<expr::NodeIndex> open = {ast.root};
  while (!open.empty()) {
    const expr::Node& node = ast.nodes[open.back()];
    open.pop_back();
    if (node.type == expr::NodeType::binary && node.op == expr::BinaryOp::logical_and) {
      open.push_back(ast.child(node, 1));
      open.push_back(ast.child(node, 0));
    } else {
      parts.push_back(&node);
    }
  }
  return parts;
}

std::optional<SummaryColumn> ranged_column(ByteView name) {
  if (name == "number") return SummaryColumn::run;
  if (name == "started") return SummaryColumn::started;
  if (name == "ended") return SummaryColumn::ended;
  return std::nullopt;
}

// Of a column with a range in the zone map.
NumberRange zone_range(const SummaryZone& zone, SummaryColumn column) {
  switch (column) {
    case SummaryColumn::started:
      return {column_number(zone.started_min), column_number(zone.started_max)};
    case SummaryColumn::ended:
      return {column_number(zone.ended_min), column_number(zone.ended_max)};
    default:
      return {zone.run_min.value, zone.run_max.value};
  }
}

// Of `column op literal` or `literal op column`.
std::optional<ColumnRange> range_of_part(const expr::Ast& ast, const expr::Node& part) {
  if (part.type != expr::NodeType::binary) return std::nullopt;
  const expr::Node* name = &ast.nodes[ast.child(part, 0)];
  const expr::Node* literal = &ast.nodes[ast.child(part, 1)];
  expr::BinaryOp op = part.op;
  if (name->type != expr::NodeType::identifier) {
    std::swap(name, literal);
    op = mirrored(op);
  }
  if (name->type != expr::NodeType::identifier) return std::nullopt;
  const std::optional<SummaryColumn> column = ranged_column(ast.texts[name->text]);
  if (!column.has_value()) return std::nullopt;
  std::optional<NumberRange> numbers;
  if (*column == SummaryColumn::run) {
    if (literal->type == expr::NodeType::int_literal) numbers = range_of(op, literal->integer);
  } else if (literal->type == expr::NodeType::string_literal) {
    numbers = range_of(op, ByteView(ast.texts[literal->text]));
  }
  if (!numbers.has_value()) return std::nullopt;
  return ColumnRange{*column, *numbers};
}

}  // namespace

ColumnTests::ColumnTests(const RunFilter& filter) : filter_(filter), states_(filter.states) {
  ranges_.push_back({SummaryColumn::started, NumberRange::between(column_number(filter.started_since),
                                                                  column_number(filter.started_until))});
  bits_.fill(true);
  if (filter.generated_only) keep_bits([](std::uint64_t bits) { return (bits & kSummaryIdChosen) == 0; });
  if (!filter.labels.empty()) keep_bits([](std::uint64_t bits) { return (bits & kSummaryLabels) != 0; });
  if (filter.where.has_value()) add_condition(*filter.where);
}

void ColumnTests::add_condition(const expr::Program& where) {
  const auto ast = expr::parse(where.text());
  TN_CHECK(ast.ok());  // it was compiled
  for (const expr::Node* part : parts_of(*ast)) {
    if (const auto range = range_of_part(*ast, *part)) {
      ranges_.push_back(*range);
      continue;
    }
    auto program = expr::compile(where.text().substr(part->begin, part->end - part->begin));
    // The others are left to the whole condition.
    if (!program.ok() || program->names().size() != 1) continue;
    if (const auto column = find_column(program->names().front())) add_part({*column, *std::move(program)});
  }
}

void ColumnTests::add_part(Part part) {
  SummaryRow row;
  switch (part.column) {
    case RunColumn::state:
      for (const RunState state : kEndStates) {
        row.state = state;
        if (!passes(part, row)) states_ = static_cast<std::uint16_t>(states_ & ~bit_of(state));
      }
      return;
    case RunColumn::test:
      for (const bool test : {false, true}) {
        row.test = test;
        if (!passes(part, row)) {
          keep_bits([test](std::uint64_t bits) { return ((bits & kSummaryTest) != 0) != test; });
        }
      }
      return;
    case RunColumn::workflow:
    case RunColumn::hash:
      of_workflow_.push_back(std::move(part));
      return;
    case RunColumn::retries:
      of_retries_.push_back(std::move(part));
      return;
    case RunColumn::labels:
      if (!passes(part, row)) keep_bits([](std::uint64_t bits) { return (bits & kSummaryLabels) != 0; });
      break;
    case RunColumn::error:
      if (!passes(part, row)) keep_bits([](std::uint64_t bits) { return (bits & kSummaryError) != 0; });
      break;
    default:
      break;
  }
  of_text_.push_back(std::move(part));
}

template <class Wanted>
void ColumnTests::keep_bits(Wanted&& wanted) {
  for (std::size_t bits = 0; bits < bits_.size(); ++bits) bits_[bits] = bits_[bits] && wanted(bits);
}

// False where the part is false or has no value, and with it the condition. Anything else is for the whole to judge.
bool ColumnTests::passes(Part& part, const SummaryRow& row) {
  text_.clear();
  json::Writer out(text_);
  write_column(out, part.column, row);
  if (text_ == part.text) return part.passed;
  std::swap(text_, part.text);
  const expr::Operand operand{expr::Operand::Kind::value, part.text};
  const expr::Outcome outcome = evaluator_.evaluate(part.program, {&operand, 1});
  part.passed = outcome.kind == expr::Outcome::Kind::value && !outcome.value.is_false();
  return part.passed;
}

bool ColumnTests::passes(const SummaryWorkflow& workflow) {
  if (filter_.workflow.has_value() && workflow.name != *filter_.workflow) return false;
  if (of_workflow_.empty()) return true;
  const auto [known, is_new] = known_workflows_.try_emplace(workflow.hash, true);
  if (!is_new) return known->second;
  SummaryRow row;
  row.workflow = workflow.hash;
  row.workflow_name = workflow.name;
  for (Part& part : of_workflow_) known->second = known->second && passes(part, row);
  return known->second;
}

bool ColumnTests::passes_retries(std::uint64_t retries) {
  const auto [known, is_new] = known_retries_.try_emplace(retries, true);
  if (!is_new) return known->second;
  SummaryRow row;
  row.counts.retries = static_cast<std::uint32_t>(retries);
  for (Part& part : of_retries_) known->second = known->second && passes(part, row);
  return known->second;
}

bool ColumnTests::may_hold(const SummaryZone& zone) const {
  if ((zone.states & states_) == 0) return false;
  return std::all_of(ranges_.begin(), ranges_.end(), [&](const ColumnRange& range) {
    const NumberRange in_block = zone_range(zone, range.column);
    return range.numbers.meets(in_block.least, in_block.most);
  });
}

std::span<const std::uint32_t> ColumnTests::select(const SummaryReader& block) {
  rows_.resize(block.rows());
  std::iota(rows_.begin(), rows_.end(), 0u);
  if ((block.zone().states & ~states_) != 0) {
    block.column(SummaryColumn::state).filter(rows_, [this](std::uint64_t state) {
      return (states_ >> state & 1) != 0;
    });
  }
  select_workflows(block);
  if (std::find(bits_.begin(), bits_.end(), false) != bits_.end()) {
    block.column(SummaryColumn::bits).filter(rows_, [this](std::uint64_t bits) {
      return bits < bits_.size() && bits_[bits];
    });
  }
  if (!of_retries_.empty()) {
    block.column(SummaryColumn::retries).filter(rows_, [this](std::uint64_t retries) {
      return passes_retries(retries);
    });
  }
  for (const ColumnRange& range : ranges_) {
    const NumberRange in_block = zone_range(block.zone(), range.column);
    if (range.numbers.holds(in_block.least) && range.numbers.holds(in_block.most)) continue;
    block.column(range.column).filter(rows_, [&range](std::uint64_t number) {
      return range.numbers.holds(number);
    });
  }
  return rows_;
}

void ColumnTests::select_workflows(const SummaryReader& block) {
  if (!filter_.workflow.has_value() && of_workflow_.empty()) return;
  workflow_passes_.clear();
  for (const SummaryWorkflow& workflow : block.workflows())
    workflow_passes_.push_back(passes(workflow) ? 1 : 0);
  block.column(SummaryColumn::workflow).filter(rows_, [this](std::uint64_t index) {
    return index < workflow_passes_.size() && workflow_passes_[index] != 0;
  });
}

bool ColumnTests::may_hold(const SummaryRow& row) {
  for (Part& part : of_text_) {
    if (!passes(part, row)) return false;
  }
  return true;
}

}  // namespace tenuto
