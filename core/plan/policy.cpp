#include "core/plan/policy.h"

#include <cmath>

#include "core/base/limits.h"
#include "core/plan/duration.h"
#include "core/plan/names.h"

namespace tenuto {

std::string retry_problem(const RetrySpec& retry) {
  if (retry.attempts > limits::kAttemptsMax) {
    return "`attempts` must be at most " + std::to_string(limits::kAttemptsMax);
  }
  if (std::string problem = duration_problem(retry.backoff); !problem.empty()) return "`backoff`: " + problem;
  if (std::string problem = duration_problem(retry.max); !problem.empty()) return "`max`: " + problem;
  if (!std::isfinite(retry.factor) || retry.factor < 1) return "`factor` must be a number of at least 1";
  if (retry.max < retry.backoff) {
    return "`max` (" + duration_text(retry.max) + ") is shorter than `backoff` (" +
           duration_text(retry.backoff) + "); set `max` to the longest delay";
  }
  return {};
}

std::string policy_problem(const PolicySpec& policy) {
  std::string wrong;
  if (policy.retry && !(wrong = retry_problem(*policy.retry)).empty()) return "`retry`: " + wrong;
  if (policy.timeout && !(wrong = duration_problem(*policy.timeout)).empty()) return "`timeout`: " + wrong;
  if (policy.pool && !(wrong = label_problem(*policy.pool)).empty()) {
    return "the pool " + backquoted(*policy.pool) + " can't be used: " + wrong;
  }
  return {};
}

EffectivePolicy effective_policy(const PolicySpec& task, const PolicySpec& defaults) {
  EffectivePolicy policy;
  const std::optional<RetrySpec>& retry = task.retry ? task.retry : defaults.retry;
  const std::optional<std::string>& pool = task.pool ? task.pool : defaults.pool;
  if (retry && retry->attempts > 0) policy.retry = *retry;
  policy.timeout_ns = task.timeout.value_or(defaults.timeout.value_or(0));
  policy.pool = pool ? std::string_view(*pool) : kDefaultPool;
  policy.pure = task.pure.value_or(defaults.pure.value_or(false));
  return policy;
}

}  // namespace tenuto
