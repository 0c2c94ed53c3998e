// The tree of a spec as a list: one row per node of the plan, in the order of definition.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/plan/name_table.h"
#include "core/plan/problem_sink.h"
#include "core/plan/spec.h"

namespace tenuto {

struct OutlineNode {
  enum class Kind : std::uint8_t {
    task,
    switch_node,
    made_switch,  // of the `if` of the task that follows it
  };
  const NodeSpec* spec;
  Kind kind;
  std::uint8_t depth;       // how many written switches it stands in
  std::uint16_t guard_arm;  // the arm of `guard`
  std::uint16_t home_arm;   // the arm of `home`
  std::uint32_t guard;      // the switch that decides about it, made ones included; kNoNode: none
  std::uint32_t home;       // the written switch in whose arm it stands; kNoNode: none
  std::uint32_t end;        // behind the last node in its arms: the nodes of a switch s are s + 1 … end
};

// Invariants: nodes stand before the nodes in their arms; a task with `if` directly behind its made switch.
class Outline {
 public:
  // Reports names that are not allowed or given twice, nodes that are neither or both kinds, and whatever exceeds a
  // limit. `spec` must outlive the outline.
  Outline(const WorkflowSpec& spec, ProblemSink& problems);

  // False if a limit cut it short, which is reported: then references may seem to lead nowhere.
  [[nodiscard]] bool is_complete() const { return is_complete_; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }
  [[nodiscard]] const OutlineNode& operator[](std::uint32_t i) const { return nodes_[i]; }
  // Made switches have no name to refer to: they are found by nobody.
  [[nodiscard]] std::uint32_t find(ByteView name) const { return names_.find(name); }
  // The name of a node of the plan; made switches have one too.
  void append_name(std::uint32_t i, std::string& out) const;

 private:
  struct Place {
    std::uint32_t guard;
    std::uint16_t arm;
    std::uint8_t depth;
  };
  void add_all(const std::vector<NodeSpec>& nodes, Place place);
  void add(const NodeSpec& node, Place place);
  void stop(TextPosition at, std::string text);
  void check(const NodeSpec& node);
  void check_name(const NodeSpec& node, std::uint32_t index);
  void check_made_name(std::uint32_t index);
  void add_arms(const NodeSpec& node, std::uint32_t index, std::uint8_t depth);

  ProblemSink& problems_;
  std::vector<OutlineNode> nodes_;
  NameTable names_;
  bool is_complete_ = true;
};

}  // namespace tenuto
