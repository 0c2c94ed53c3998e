// A workflow as its author wrote it: plain data, before any rule is checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"

namespace tenuto {

// Where something stands in the definition text, as editors count: both start at 1, columns are code points; line 0
// means "made, not written".
struct TextPosition {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct RetrySpec {
  std::uint32_t attempts = 0;   // further tries after the first; 0 = none
  Nanos backoff = 1 * kSecond;  // before the first retry; > 0
  double factor = 2.0;          // of each further delay; >= 1
  Nanos max = 3600 * kSecond;   // no delay is longer
  bool full_jitter = true;      // uniform in [0, delay] instead of the delay itself
  friend bool operator==(const RetrySpec&, const RetrySpec&) = default;
};

// What a task may leave to the defaults of its workflow.
struct PolicySpec {
  std::optional<RetrySpec> retry;
  std::optional<Nanos> timeout;  // of one attempt
  std::optional<std::string> pool;
  std::optional<bool> pure;
};

// A name that is referred to, with the place of the reference.
struct NameRef {
  std::string name;
  TextPosition at;
};

// A CEL text or a JSON pattern, with the place where it starts.
struct SourceText {
  std::string text;
  TextPosition at;
};

struct NodeSpec;

struct ArmSpec {
  std::optional<SourceText> condition;  // none: the arm that is taken otherwise
  std::vector<NodeSpec> nodes;
  TextPosition at;
};

struct NodeSpec {
  std::string name;
  TextPosition at;
  std::vector<NameRef> needs;
  // A task has an action and no arms; a switch has arms and no action.
  std::string action;
  SourceText with;                      // JSON object; empty text means {}
  std::optional<SourceText> condition;  // `if`
  PolicySpec policy;
  std::string labels;  // JSON text; empty: none
  std::vector<ArmSpec> arms;
  [[nodiscard]] bool is_switch() const { return !arms.empty(); }
};

struct WorkflowSpec {
  std::string name;
  TextPosition at;
  std::string input_schema;  // JSON text; empty: none
  std::string labels;        // JSON text; empty: none
  std::string description;
  PolicySpec defaults;
  std::vector<NodeSpec> nodes;
  std::optional<SourceText> output;
};

// One thing that is wrong with a definition.
struct Problem {
  TextPosition at;
  std::string text;  // names the thing and the next step
};
using Problems = std::vector<Problem>;

// "line 14, column 22: task `build` needs `tets` …", one problem a line, in the order of the text; problems without a
// place come last.
[[nodiscard]] std::string to_text(const Problems& problems);

}  // namespace tenuto
