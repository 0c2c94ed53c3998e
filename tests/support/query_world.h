// A store that holds a given history, with the tables as far as a test wants them, and JSON helpers.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/payload/json.h"
#include "core/query/view.h"
#include "tests/support/history_maker.h"
#include "tests/support/journal_world.h"

namespace tenuto::testing {

// How far the tables are behind the journal.
enum class Tables { none, some, all };

class QueryWorld {
 public:
  // Large enough that nothing is put into the tables by need.
  static JournalSizes roomy() { return {1u << 20, 1u << 20, 16u << 20, {}}; }

  explicit QueryWorld(const JournalSizes& sizes = roomy()) : journal(sizes) {
    const Status status = journal.open();
    EXPECT_TRUE(status.ok()) << status.message();
  }

  // Appends what the maker has made since the last time.
  void take(const HistoryMaker& maker) {
    for (; taken_ < maker.events().size(); ++taken_) journal.append({maker.events()[taken_]});
    journal.commit();
  }
  // All of a history; with Tables::some the tables follow at places that `seed` chooses.
  void take(const std::vector<Event>& events, Tables tables, std::uint64_t seed = 0) {
    Random random(seed);
    const std::uint64_t every = 2 + random.below(40);
    for (const Event& event : events) {
      journal.append({event});
      if (tables != Tables::some || !random.chance(1, every)) continue;
      journal.commit();
      if (random.chance(1, 2)) journal.materialise();
    }
    journal.commit();
    if (tables == Tables::all) journal.materialise();
  }

  [[nodiscard]] Result<View> open() {
    return View::open(journal.state(), journal.log(), journal.committer().durable(), plans, kStoreKey);
  }
  [[nodiscard]] View view() {
    Result<View> opened = open();
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    return *std::move(opened);
  }

  JournalWorld journal;
  PlanCache plans;

 private:
  std::size_t taken_ = 0;
};

// The raw text of a member of a JSON text, `tasks.done` or `nodes.0.name`; "absent" when it is not there.
[[nodiscard]] inline std::string member(std::string_view text, std::string_view path) {
  const auto document = json::Document::parse(text);
  if (!document.ok()) return "not JSON: " + document.status().message();
  const json::Value* at = &document->root();
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    const std::string name(path.substr(0, dot));
    path.remove_prefix(std::min(path.size(), dot + 1));
    if (at->is_array()) {
      const std::size_t index = std::stoul(name);
      if (index >= at->size()) return "absent";
      at = &at->at(static_cast<std::uint32_t>(index));
      continue;
    }
    at = at->is_object() ? at->find(name) : nullptr;
    if (at == nullptr) return "absent";
  }
  return std::string(at->raw());
}

[[nodiscard]] inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

}  // namespace tenuto::testing
