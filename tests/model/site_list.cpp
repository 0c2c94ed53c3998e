#include "tests/model/site_list.h"

#include <algorithm>
#include <string_view>

#include "core/base/check.h"

namespace tenuto::testing {

std::string to_text(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
      return "consume";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      break;
  }
  return "seq_cst";
}

std::string to_text(const Site& site) {
  static constexpr std::array<const char*, 5> kKinds = {"load", "store", "update", "failed update",
                                                        "wake-up"};
  std::string text = site.file + ":" + std::to_string(site.line) + " " + kKinds[static_cast<int>(site.kind)];
  if (site.kind != SiteKind::wake_up) text += " " + to_text(site.order);
  return text;
}

std::vector<std::memory_order> one_step_weaker(const Site& site) {
  const bool loads = site.kind == SiteKind::load || site.kind == SiteKind::failed_update;
  switch (site.order) {
    case std::memory_order_seq_cst:
      if (loads) return {std::memory_order_acquire};
      return {site.kind == SiteKind::store ? std::memory_order_release : std::memory_order_acq_rel};
    case std::memory_order_acq_rel:
      return {std::memory_order_acquire, std::memory_order_release};
    case std::memory_order_acquire:
    case std::memory_order_release:
      return {std::memory_order_relaxed};
    default:
      return {};
  }
}

std::uint32_t SiteList::index_of(CallSite at, SiteKind kind, std::memory_order order) {
  std::size_t slot = (reinterpret_cast<std::uintptr_t>(at.file) * 31 + at.line) * 64 +
                     static_cast<std::size_t>(kind) * 8 + static_cast<std::size_t>(order);
  for (;; ++slot) {
    Known& known = known_[slot % known_.size()];
    if (known.file == at.file && known.line == at.line && known.kind == kind && known.order == order)
      return known.site;
    if (known.file != nullptr) continue;
    // The same header may have its name at several addresses.
    const std::string_view path(at.file);
    // However the compiler was told the path.
    std::size_t from = path.rfind("tests/model/");
    if (from == path.npos) from = path.rfind("core/");
    Site site{std::string(path.substr(from == path.npos ? 0 : from)), at.line, kind, order};
    const auto found = std::find(sites_.begin(), sites_.end(), site);
    known = {at.file, at.line, kind, order, static_cast<std::uint32_t>(found - sites_.begin())};
    if (found == sites_.end()) sites_.push_back(std::move(site));
    return known.site;
  }
}

SiteList& site_list() {
  static SiteList list;
  return list;
}

}  // namespace tenuto::testing
