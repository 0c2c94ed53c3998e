// The operations in core/ that a model program came by, and the one among them that is weakened to see whether anybody notices.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/model/site.h"

namespace tenuto::testing {

enum class SiteKind : std::uint8_t { load, store, update, failed_update, wake_up };

struct Site {
  std::string file;  // "core/sched/deque.h"
  std::uint32_t line = 0;
  SiteKind kind = SiteKind::load;
  std::memory_order order = std::memory_order_relaxed;
  friend bool operator==(const Site&, const Site&) = default;
};

[[nodiscard]] std::string to_text(std::memory_order order);
// "core/sched/deque.h:86 store seq_cst".
[[nodiscard]] std::string to_text(const Site& site);

// One step down from the site's order: what is left of a compiler's and a processor's duties. None below relaxed; two below
// acq_rel.
[[nodiscard]] std::vector<std::memory_order> one_step_weaker(const Site& site);

class SiteList {
 public:
  // Notes the site while recording; the order that holds there today.
  std::memory_order order_at(CallSite at, SiteKind kind, std::memory_order order) {
    if (!is_recording_ && !weakened_.has_value()) return order;
    const std::uint32_t site = index_of(at, kind, order);
    return weakened_.has_value() && weakened_->site == site ? weakened_->order : order;
  }
  // Whether the wake-up at this place is left out today.
  bool is_dropped(CallSite at) {
    if (!is_recording_ && !weakened_.has_value()) return false;
    const std::uint32_t site = index_of(at, SiteKind::wake_up, std::memory_order_relaxed);
    return weakened_.has_value() && weakened_->site == site;
  }

  void record(bool is_recording) { is_recording_ = is_recording; }
  // `order` is of no matter for a wake-up.
  void weaken(std::uint32_t site, std::memory_order order) { weakened_ = {site, order}; }
  void restore() { weakened_.reset(); }
  [[nodiscard]] const std::vector<Site>& sites() const { return sites_; }

 private:
  struct Weakened {
    std::uint32_t site;
    std::memory_order order;
  };
  struct Known {
    const char* file = nullptr;
    std::uint32_t line = 0;
    SiteKind kind = SiteKind::load;
    std::memory_order order = std::memory_order_relaxed;
    std::uint32_t site = 0;
  };
  std::uint32_t index_of(CallSite at, SiteKind kind, std::memory_order order);

  bool is_recording_ = false;
  std::optional<Weakened> weakened_;
  std::vector<Site> sites_;
  std::array<Known, 4096> known_;  // hashed
};

SiteList& site_list();

}  // namespace tenuto::testing
