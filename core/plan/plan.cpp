#include "core/plan/plan.h"

#include <charconv>

#include "core/plan/canonical.h"
#include "core/plan/plain_definition.h"

namespace tenuto {

void append_generated_name(TaskIndex i, std::string& out) {
  char text[12] = {'t'};
  const auto [end, error] = std::to_chars(text + 1, text + sizeof text, i.value);
  TN_CHECK(error == std::errc());
  out.append(text, end);
}

std::string Plan::definition() const {
  if (!p_.is_plain) return p_.definition;
  std::string text = plain_definition(*this);
  if (!is_hashed()) set_hash(hash_of(text));
  return text;
}

WorkflowHash Plan::plain_hash() const {
  return tenuto::plain_hash(*this);
}

// Several may come with it: it is the same.
void Plan::set_hash(const WorkflowHash& hash) const {
  MutexLock lock(mutex_);
  if (is_hashed_.load(std::memory_order_relaxed)) return;
  hash_ = hash;
  is_hashed_.store(true, std::memory_order_release);
}

const NodeNames& Plan::made_names() const {
  // Acquire pairs with the release below: who sees the mark sees the names.
  if (has_made_names_.load(std::memory_order_acquire)) return made_names_;
  MutexLock lock(mutex_);
  if (has_made_names_.load(std::memory_order_relaxed)) return made_names_;
  NodeNames names;
  names.offsets.reserve(node_count() + std::size_t{1});
  for (std::uint32_t i = 0; i < node_count(); ++i) {
    names.offsets.push_back(static_cast<std::uint32_t>(names.text.size()));
    append_generated_name(TaskIndex{i}, names.text);
  }
  names.offsets.push_back(static_cast<std::uint32_t>(names.text.size()));
  made_names_ = std::move(names);
  has_made_names_.store(true, std::memory_order_release);
  return made_names_;
}

}  // namespace tenuto
