// Pruning and retention on random histories: what goes is what was asked for, and all rows of it go.
#include "core/journal/prune.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/journal/history_pack.h"
#include "core/journal/live_row.h"
#include "core/store/keys.h"
#include "tests/support/journal_world.h"

namespace tenuto::testing {
namespace {

constexpr RunState kEnds[] = {RunState::completed, RunState::failed, RunState::timed_out, RunState::rejected,
                              RunState::cancelled};

struct Ended {
  RunNumber run;
  RunState state;
  std::string workflow;
  WallTime at;
};

class PruneWorld {
 public:
  explicit PruneWorld(std::uint64_t seed) : random_(seed) {
    EXPECT_TRUE(world.open().ok());
    for (std::uint64_t i = 0; i < kWorkflows; ++i) world.append({workflow_event(hash(i), name(i))});
  }

  // Some runs start, go on and end; some stay live. Everything is in the tables then.
  void live() {
    for (std::uint64_t step = 0, steps = 1 + random_.below(300); step < steps; ++step) {
      world.now.ns += static_cast<Nanos>(random_.below(100)) * kSecond;
      if (live_.empty() || random_.chance(2, 5)) {
        start();
      } else {
        go_on();
      }
      if (random_.chance(1, 30)) world.commit();
      if (random_.chance(1, 60)) world.materialise();
    }
    world.commit();
    while (world.materialise()) {
    }
  }

  PruneRequest request() {
    PruneRequest request;
    if (random_.chance(1, 2))
      request.ended_before = WallTime{world.now.ns - static_cast<Nanos>(random_.below(20'000)) * kSecond};
    if (random_.chance(1, 2)) request.keep = random_.below(60);
    if (random_.chance(1, 2)) request.workflow = name(random_.below(kWorkflows));
    if (random_.chance(1, 2)) {
      request.states = 0;
      for (const RunState state : kEnds)
        request.states |= static_cast<std::uint16_t>(random_.below(2) << static_cast<unsigned>(state));
    }
    return request;
  }

  // The rule, written down once more.
  std::vector<Ended> expected(const PruneRequest& request) const {
    std::uint64_t younger = 0;
    std::vector<Ended> stays;
    for (auto run = ended.rbegin(); run != ended.rend(); ++run) {
      const bool matches = (request.states >> static_cast<unsigned>(run->state) & 1) != 0 &&
                           (!request.workflow || *request.workflow == run->workflow);
      const bool goes =
          matches && younger >= request.keep && (!request.ended_before || run->at < *request.ended_before);
      younger += matches ? 1 : 0;
      if (!goes) stays.insert(stays.begin(), *run);
    }
    return stays;
  }

  void prune(const PruneRequest& request) {
    const std::vector<Ended> stays = expected(request);
    const auto would = count_prunable(*reading(), request);
    ASSERT_TRUE(would.ok()) << would.status().message();
    EXPECT_EQ(would->runs, ended.size() - stays.size());
    Pruner pruner(request);
    for (;;) {
      const Result<bool> more = world.materialiser().prune_one(pruner);
      ASSERT_TRUE(more.ok()) << more.status().message();
      if (!*more) break;
    }
    EXPECT_EQ(pruner.count().runs, ended.size() - stays.size());
    EXPECT_EQ(pruner.count().states, would->states);
    EXPECT_EQ(pruner.count().workflows, would->workflows);
    ended = stays;
  }

  // Rows of nobody, or missing ones.
  void check() const {
    const auto read = reading();
    std::set<std::uint64_t> known;
    for (const Ended& run : ended) known.insert(run.run.value);
    std::vector<std::uint64_t> rows;
    each(*read, Table::summaries, [&](ByteView key, ByteView value) {
      const auto block = read_summary_rows(key, value);
      ASSERT_TRUE(block.ok());
      for (const SummaryRow& row : *block) {
        rows.push_back(row.run.value);
        ByteView chunk;
        for (std::uint32_t i = 0; i < row.chunks; ++i)
          EXPECT_TRUE(*read->get(Table::history, history_key({row.run, ChunkNumber(i)}), chunk));
      }
    });
    std::vector<std::uint64_t> wanted;
    for (const Ended& run : ended) wanted.push_back(run.run.value);
    EXPECT_EQ(rows, wanted);
    const auto is_known = [&](RunNumber run) {
      return known.contains(run.value) || live_.contains(run.value);
    };
    each(*read, Table::history,
         [&](ByteView key, ByteView) { EXPECT_TRUE(is_known(parse_history_key(key)->run)); });
    each(*read, Table::packs, [&](ByteView key, ByteView value) {
      const auto histories = read_pack(key, value);
      ASSERT_TRUE(histories.ok());
      for (const PackedHistory& history : *histories) EXPECT_TRUE(known.contains(history.run.value));
    });
    each(*read, Table::keys,
         [&](ByteView key, ByteView value) { EXPECT_TRUE(is_known(*decode_run_number(key, value))); });
    const auto meta = read_journal_meta(*read);
    ASSERT_TRUE(meta.ok() && meta->has_value());
    EXPECT_EQ((*meta)->summary_rows, ended.size());
    EXPECT_EQ((*meta)->live_runs, live_.size());
  }

  // No row is left but those of the store itself and of live runs.
  void check_empty() const {
    const auto read = reading();
    for (const Table table : {Table::summaries, Table::packs, Table::commands, Table::stats})
      each(*read, table, [&](ByteView, ByteView) {
        ADD_FAILURE() << "a row is left in table " << static_cast<int>(table);
      });
    std::size_t live_rows = 0;
    each(*read, Table::live, [&](ByteView, ByteView) { ++live_rows; });
    EXPECT_EQ(live_rows, live_.size());
  }

  [[nodiscard]] std::unique_ptr<StateRead> reading() const {
    auto read = world.state().begin_read();
    EXPECT_TRUE(read.ok());
    return *std::move(read);
  }

  void end_all() {
    while (!live_.empty()) end(live_.begin()->first);
    world.commit();
    while (world.materialise()) {
    }
  }

  Random& random() { return random_; }
  mutable JournalWorld world{JournalSizes{1u << 18, 1u << 18, 1u << 20, {}}};
  std::vector<Ended> ended;  // in the order in which the tables got them

 private:
  static constexpr std::uint64_t kWorkflows = 3;
  static WorkflowHash hash(std::uint64_t i) { return {7, i + 1}; }
  static std::string name(std::uint64_t i) { return "w" + std::to_string(i); }
  template <class Visit>
  static void each(const StateRead& read, Table table, Visit&& visit) {
    EXPECT_TRUE(read.scan(table, {},
                          [&](ByteView key, ByteView value) {
                            visit(key, value);
                            return true;
                          })
                    .ok());
  }

  void start() {
    const RunNumber run(next_++);
    const std::uint64_t workflow = random_.below(kWorkflows);
    RunStarted started;
    started.workflow = hash(workflow);
    started.id_chosen = random_.chance(1, 2);
    if (started.id_chosen) started.id = "run-" + std::to_string(run.value);
    world.append({run_event(run, started, world.now)});
    live_[run.value] = name(workflow);
  }
  void go_on() {
    auto run = live_.begin();
    std::advance(run, static_cast<std::ptrdiff_t>(random_.below(std::min<std::size_t>(live_.size(), 20))));
    if (random_.chance(1, 3)) return end(run->first);
    const std::size_t size = random_.chance(1, 10) ? 60'000 : 10;
    world.append(
        {done_event(RunNumber(run->first), 0, Payload::make(ContentType::bytes, std::string(size, 'x')))});
  }
  void end(std::uint64_t run) {
    const RunState state = kEnds[random_.below(std::size(kEnds))];
    RunEnded body;
    body.state = state;
    world.append({run_event(RunNumber(run), body, world.now)});
    pending_.push_back({RunNumber(run), state, live_[run], world.now});
    live_.erase(run);
    flush();
  }
  // The tables take over what ends within one transaction in the order of run numbers, so that each end gets one of its own.
  void flush() {
    world.commit();
    while (world.materialise()) {
    }
    ended.insert(ended.end(), pending_.begin(), pending_.end());
    pending_.clear();
  }

  Random random_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, std::string> live_;  // run -> workflow's name
  std::vector<Ended> pending_;
};

TEST(PruneProperty, WhatGoesIsWhatWasAskedForAndNothingOfItIsLeft) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    PruneWorld tested(seed);
    for (int round = 0; round < 4; ++round) {
      tested.live();
      tested.prune(tested.request());
      tested.check();
      if (tested.random().chance(1, 3)) {
        tested.world.crash(tested.random());
        ASSERT_TRUE(tested.world.open().ok());
        tested.check();
      }
      if (::testing::Test::HasFailure()) return;
    }
    tested.end_all();
    tested.prune(PruneRequest());
    tested.check();
    tested.check_empty();
    if (::testing::Test::HasFailure()) return;
  }
}

// The check sees a row that is left behind.
TEST(PruneProperty, AChunkThatIsLeftBehindIsNoticed) {
  PruneWorld tested(1);
  tested.live();
  {
    const auto write = tested.world.state().begin_write();
    ASSERT_TRUE(write.ok());
    ASSERT_TRUE((*write)->put(Table::history, history_key({RunNumber(999'999), ChunkNumber(0)}), "x").ok());
    ASSERT_TRUE((*write)->commit().ok());
  }
  EXPECT_NONFATAL_FAILURE(tested.check(), "is_known");
}

}  // namespace
}  // namespace tenuto::testing
