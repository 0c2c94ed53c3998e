#include "core/plan/policy_table.h"

#include <bit>

#include "core/base/bytes.h"

namespace tenuto {
namespace {

std::string encode(const Policy& policy) {
  Bytes key;
  ByteWriter writer(key);
  writer.fixed(policy.retry.attempts);
  writer.fixed(policy.retry.backoff);
  writer.fixed(std::bit_cast<std::uint64_t>(policy.retry.factor));
  writer.fixed(policy.retry.max);
  writer.fixed(static_cast<std::uint8_t>(policy.retry.full_jitter));
  writer.fixed(policy.timeout_ns);
  writer.fixed(policy.pool);
  writer.fixed(static_cast<std::uint8_t>(policy.pure));
  return key;
}

}  // namespace

PolicyTable::PolicyTable() {
  static_cast<void>(pool_index(kDefaultPool));
}

std::uint32_t PolicyTable::add(const PolicySpec& task, const PolicySpec& defaults) {
  const EffectivePolicy effective = effective_policy(task, defaults);
  const Policy policy{effective.retry, effective.timeout_ns, pool_index(effective.pool), effective.pure};
  // Neighbours mostly have the same policy.
  if (!policies_.empty() && policies_.back() == policy)
    return static_cast<std::uint32_t>(policies_.size() - 1);
  const auto [known, is_new] =
      known_.try_emplace(encode(policy), static_cast<std::uint32_t>(policies_.size()));
  if (is_new) policies_.push_back(policy);
  return known->second;
}

std::uint32_t PolicyTable::pool_index(std::string_view name) {
  if (!pools_.empty() && pools_.front() == name) return 0;
  if (const auto known = known_pools_.find(name); known != known_pools_.end()) return known->second;
  const auto index = static_cast<std::uint32_t>(pools_.size());
  pools_.emplace_back(name);
  known_pools_.emplace(name, index);
  return index;
}

}  // namespace tenuto
