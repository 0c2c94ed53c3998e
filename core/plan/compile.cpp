#include "core/plan/compile.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/plan/analysis.h"
#include "core/plan/canonical.h"
#include "core/plan/name_table.h"
#include "core/plan/parse.h"
#include "core/plan/stretches.h"

namespace tenuto {
namespace {

// Whether names, needs, actions and policies of tasks are all that `spec` says.
bool is_plain(const WorkflowSpec& spec) {
  const auto says_more = [](const NodeSpec& node) {
    return node.is_switch() || node.condition || !node.with.text.empty() || !node.labels.empty();
  };
  return spec.input_schema.empty() && spec.labels.empty() && !spec.output &&
         std::none_of(spec.nodes.begin(), spec.nodes.end(), says_more);
}

// Fills the parts of a plan from an analysis without problems.
class PlanBuilder {
 public:
  PlanBuilder(const WorkflowSpec& spec, Analysis& analysis) : spec_(spec), analysis_(analysis) {}

  PlanRef build() {
    parts_.name = spec_.name;
    parts_.is_plain = is_plain(spec_);
    if (!parts_.is_plain) {
      parts_.definition = canonical_form(spec_, analysis_.texts());
      parts_.definition.shrink_to_fit();
      parts_.hash = hash_of(parts_.definition);
    }
    rows();
    names();
    parts_.edges = std::move(analysis_.graph().edges);
    if (!parts_.is_plain) parts_.argument_of = std::move(analysis_.argument_of());
    parts_.stretch_ends =
        stretch_ends(parts_.rows, parts_.argument_of, ordered_end(parts_.rows, parts_.edges));
    parts_.policies = std::move(analysis_.policies().policies());
    parts_.pools = std::move(analysis_.policies().pools());
    if (analysis_.output() != kNoNode) parts_.output = analysis_.sources().pattern(analysis_.output());
    parts_.templates = analysis_.sources().take_templates();
    return std::make_shared<const Plan>(std::move(parts_));
  }

 private:
  void rows() {
    const Outline& outline = analysis_.outline();
    const Graph& graph = analysis_.graph();
    parts_.rows.resize(outline.size() + 1);
    for (std::uint32_t i = 0; i < outline.size(); ++i) {
      NodeRow& row = parts_.rows[i];
      row.in_degree = graph.in_degree[i];
      row.policy = analysis_.policy_of()[i];
      row.first_edge = graph.first_edge[i];
      if (outline[i].kind == OutlineNode::Kind::task) {
        row.subject = action_index(outline[i].spec->action);
      } else {
        row.kind = NodeKind::switch_node;
        row.subject = static_cast<std::uint32_t>(parts_.switches.size());
        parts_.switches.push_back(arms(outline[i]));
      }
    }
    parts_.rows.back().first_edge = graph.first_edge[outline.size()];
  }

  std::uint32_t action_index(ByteView action) {
    const auto next = static_cast<std::uint32_t>(parts_.actions.size());
    const std::uint32_t index = action_index_.put(action, next);
    if (index == next) parts_.actions.emplace_back(action);
    return index;
  }

  // The arms of the next switch.
  std::vector<SwitchArm> arms(const OutlineNode& node) {
    const std::size_t count = node.kind == OutlineNode::Kind::made_switch ? 1 : node.spec->arms.size();
    std::vector<SwitchArm> arms(count);
    for (SwitchArm& arm : arms) {
      const std::uint32_t condition = analysis_.arm_conditions()[next_condition_++];
      if (condition != kNoNode) arm.condition = analysis_.sources().condition(condition);
    }
    return arms;
  }

  void names() {
    const Outline& outline = analysis_.outline();
    NodeNames& names = parts_.names;
    names.offsets.reserve(outline.size() + 1);
    for (std::uint32_t i = 0; i < outline.size(); ++i) {
      names.offsets.push_back(static_cast<std::uint32_t>(names.text.size()));
      outline.append_name(i, names.text);
    }
    names.offsets.push_back(static_cast<std::uint32_t>(names.text.size()));
    names.text.shrink_to_fit();
  }

  const WorkflowSpec& spec_;
  Analysis& analysis_;
  Plan::Parts parts_;
  NameTable action_index_;  // the names live in the spec
  std::size_t next_condition_ = 0;
};

}  // namespace

Result<PlanRef> compile_workflow(const WorkflowSpec& spec) {
  Analysis analysis(spec);
  if (!analysis.problems().empty()) return analysis.problems().take_status();
  return PlanBuilder(spec, analysis).build();
}

Result<PlanRef> compile_workflow_text(ByteView text) {
  TN_ASSIGN(const WorkflowSpec spec, parse_workflow(text));
  return compile_workflow(spec);
}

}  // namespace tenuto
