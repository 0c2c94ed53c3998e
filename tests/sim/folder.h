// The folder of commands on a simulated disk: names that were not synced may be lost, and removed ones come back.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/engine/inbox.h"

namespace tenuto::testing {

class SimFolder final : public CommandFolder {
 public:
  Result<std::vector<std::string>> list() const override {
    if (fails_to_list) return Status(Code::storage_error, "the simulated folder can't be read");
    std::vector<std::pair<std::uint64_t, std::string>> found;
    for (const auto& [file, entry] : entries_) {
      if (entry.is_there) found.emplace_back(entry.order, file);
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> names;
    for (auto& [order, file] : found) names.push_back(std::move(file));
    return names;
  }
  Result<Bytes> read(const std::string& file) const override {
    const auto found = entries_.find(file);
    if (found == entries_.end() || !found->second.is_there) return Status(Code::not_found, file + " is gone");
    const Bytes text = found->second.text;
    on_read(file);
    return text;
  }
  // Not while the process is dying: it will not get that far.
  void remove(const std::string& file) const override {
    if (is_dying) {
      forgot_removals = true;
    } else {
      take_away(file);
      on_removed(file);
    }
  }
  // Senders that die leave nothing here: a file comes with its rename.
  void remove_abandoned(WallTime) const override {}

  // A rename: from here on the file is whole.
  void arrive(const std::string& file, Bytes text) {
    entries_[file] = {std::move(text), ++order_, true, false};
  }
  void sync() {
    for (auto& [file, entry] : entries_) entry.is_durable = entry.is_there;
    std::erase_if(entries_, [](const auto& one) { return !one.second.is_there; });
  }
  // Each name that was not synced is there or not. Returns how many that had come are lost.
  std::size_t lose_power(Random& random) {
    std::size_t lost = 0;
    for (auto& [file, entry] : entries_) {
      if (entry.is_there == entry.is_durable || random.chance(1, 2)) continue;
      lost += entry.is_there ? 1 : 0;
      entry.is_there = entry.is_durable;
    }
    sync();
    return lost;
  }
  void take_away(const std::string& file) const {
    const auto found = entries_.find(file);
    if (found != entries_.end()) found->second.is_there = false;
  }
  [[nodiscard]] bool contains(const std::string& file) const {
    const auto found = entries_.find(file);
    return found != entries_.end() && found->second.is_there;
  }
  [[nodiscard]] bool is_empty() const {
    return std::none_of(entries_.begin(), entries_.end(),
                        [](const auto& one) { return one.second.is_there; });
  }

  std::function<void(const std::string&)> on_read = [](const std::string&) {};
  std::function<void(const std::string&)> on_removed = [](const std::string&) {};
  bool fails_to_list = false;
  bool is_dying = false;
  mutable bool forgot_removals = false;

 private:
  struct Entry {
    Bytes text;
    std::uint64_t order = 0;
    bool is_there = false;
    bool is_durable = false;
  };
  mutable std::map<std::string, Entry> entries_;
  std::uint64_t order_ = 0;
};

}  // namespace tenuto::testing
