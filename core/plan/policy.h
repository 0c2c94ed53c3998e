// Bounds and defaults of retry policies, the same for written and for made ones.
#pragma once

#include <string>
#include <string_view>

#include "core/plan/spec.h"

namespace tenuto {

// What is wrong with a retry policy, "" if nothing.
[[nodiscard]] std::string retry_problem(const RetrySpec& retry);
// What is wrong first with what a task or `defaults` set, "" if nothing.
[[nodiscard]] std::string policy_problem(const PolicySpec& policy);

// The policy of one task: what it says itself, else what its workflow says, else what the format says. No retries is
// one value, whatever its delays.
struct EffectivePolicy {
  RetrySpec retry;
  Nanos timeout_ns = 0;   // 0 = none
  std::string_view pool;  // lives as long as the specs
  bool pure = false;
};
[[nodiscard]] EffectivePolicy effective_policy(const PolicySpec& task, const PolicySpec& defaults);

inline constexpr std::string_view kDefaultPool = "default";

}  // namespace tenuto
