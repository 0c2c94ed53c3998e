// The distinct policies and pools of a workflow.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/plan/plan.h"
#include "core/plan/policy.h"

namespace tenuto {

class PolicyTable {
 public:
  static constexpr std::uint32_t kPoliciesMax = 1u << 16;  // NodeRow::policy has 16 bits

  // Pool 0 is the default one.
  PolicyTable();

  // The index of the policy of a task; kPoliciesMax and above if there are too many.
  [[nodiscard]] std::uint32_t add(const PolicySpec& task, const PolicySpec& defaults);

  [[nodiscard]] std::vector<Policy>& policies() { return policies_; }
  [[nodiscard]] std::vector<std::string>& pools() { return pools_; }

 private:
  [[nodiscard]] std::uint32_t pool_index(std::string_view name);

  std::vector<Policy> policies_;
  std::vector<std::string> pools_;
  std::unordered_map<std::string, std::uint32_t> known_;  // encoded policy -> index
  std::map<std::string, std::uint32_t, std::less<>> known_pools_;
};

}  // namespace tenuto
