// A spec with everything that its compilation needs and everything that is wrong with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/plan/graph.h"
#include "core/plan/normal_json.h"
#include "core/plan/outline.h"
#include "core/plan/policy_table.h"
#include "core/plan/problem_sink.h"
#include "core/plan/references.h"
#include "core/plan/sources.h"
#include "core/plan/spec.h"

namespace tenuto {

// Goes through a spec in the order of its outline. What it holds, apart from the problems, is of use only when there
// are none. `spec` must outlive it.
class Analysis {
 public:
  explicit Analysis(const WorkflowSpec& spec);
  Analysis(const Analysis&) = delete;
  Analysis& operator=(const Analysis&) = delete;

  [[nodiscard]] ProblemSink& problems() { return problems_; }
  [[nodiscard]] NormalTexts& texts() { return texts_; }
  [[nodiscard]] Sources& sources() { return sources_; }
  [[nodiscard]] PolicyTable& policies() { return policies_; }
  [[nodiscard]] const Outline& outline() const { return outline_; }
  [[nodiscard]] Graph& graph() { return graph_; }
  // Per node: the index of its template.
  [[nodiscard]] std::vector<std::uint32_t>& argument_of() { return argument_of_; }
  // Per node: the index of its policy; 0 for switches.
  [[nodiscard]] const std::vector<std::uint16_t>& policy_of() const { return policy_of_; }
  // The indices of the conditions of all arms of all switches, made ones included, in order; kNoNode for an arm
  // without.
  [[nodiscard]] const std::vector<std::uint32_t>& arm_conditions() const { return arm_conditions_; }
  // The index of the output's template, kNoNode for none.
  [[nodiscard]] std::uint32_t output() const { return output_; }

 private:
  void check_workflow();
  bool check_object(TextPosition at, const std::string& what, const std::string& text);
  void node(std::uint32_t i);
  void task(std::uint32_t i);
  [[nodiscard]] std::uint32_t pattern(const TextUse& use, const SourceText& text);
  void condition(std::uint32_t i, const SourceText& condition);
  void cycle(std::vector<std::uint32_t> cycle);

  const WorkflowSpec& spec_;
  ProblemSink problems_;
  NormalTexts texts_;
  Outline outline_;
  Sources sources_;
  References references_;
  PolicyTable policies_;
  std::vector<std::uint32_t> argument_of_;
  std::vector<std::uint16_t> policy_of_;
  std::vector<std::uint32_t> arm_conditions_;
  std::uint32_t output_ = kNoNode;
  Graph graph_;
};

}  // namespace tenuto
