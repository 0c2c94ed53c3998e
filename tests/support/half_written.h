// A journal of whose tables one half of a story is written, for tests of what happens when the other half meets trouble.
#pragma once

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "tests/support/failing_log.h"
#include "tests/support/failing_state.h"
#include "tests/support/journal_world.h"

namespace tenuto::testing {

inline constexpr WorkflowHash kHalfWorkflow{7, 7};
// More calls than any of the procedures makes.
inline constexpr std::uint64_t kCallsMax = 2'000;

[[nodiscard]] inline JournalSizes half_written_sizes() {
  JournalSizes sizes;
  sizes.ring = 1u << 20;
  sizes.segment = 1u << 20;
  sizes.window = 4u << 20;
  return sizes;
}

using Dump = std::vector<std::tuple<std::size_t, Bytes, Bytes>>;

[[nodiscard]] inline Dump dump(const State& state) {
  Dump all;
  auto read = state.begin_read();
  for (std::size_t table = 0; table < kTableCount; ++table) {
    EXPECT_TRUE((*read)
                    ->scan(static_cast<Table>(table), {},
                           [&](ByteView key, ByteView value) {
                             all.emplace_back(table, key, value);
                             return true;
                           })
                    .ok());
  }
  return all;
}

[[nodiscard]] inline Event chosen(Event started) {
  std::get<RunStarted>(started.body).id_chosen = true;
  std::get<RunStarted>(started.body).command = {1, started.run.value};
  return started;
}

[[nodiscard]] inline Event pool_event() {
  return run_event(RunNumber(), PoolUsed{"default", WallTime{3600 * kSecond}, 4, 100, 30});
}

// A journal whose tables hold the first half of its story: a live run, ended ones in a block and a pack, an id, commands, a pool.
class HalfWritten {
 public:
  HalfWritten() : world(half_written_sizes()), failing(world.state()), failing_log(world.log()) {
    EXPECT_TRUE(world.open().ok());
    world.append({workflow_event(kHalfWorkflow, "flow"), chosen(started_event(RunNumber(1), kHalfWorkflow)),
                  started_event(RunNumber(2), kHalfWorkflow), ended_event(RunNumber(2)),
                  chosen(started_event(RunNumber(3), kHalfWorkflow)), ended_event(RunNumber(3)), pool_event(),
                  run_event(RunNumber(), CommandRefused{{1, 9}, Code::not_found, "no run"})});
    world.commit();
    EXPECT_TRUE(world.materialise());
    world.close();
    EXPECT_TRUE(world.open().ok());
  }

  // The second half: what was live ends, a run begins and ends, one stays.
  void go_on() {
    world.append({done_event(RunNumber(1), 0, Payload::json("[1]")), ended_event(RunNumber(1)),
                  started_event(RunNumber(4), kHalfWorkflow), ended_event(RunNumber(4)),
                  chosen(started_event(RunNumber(5), kHalfWorkflow)), pool_event(),
                  run_event(RunNumber(), CommandApplied{{1, 8}, RunNumber(5)})});
    world.commit();
  }

  std::unique_ptr<Materialiser> materialiser(const RetentionPolicy& retention = {}) {
    MaterialiserOptions options;
    options.retention = retention;
    const RecoveredJournal& recovered = world.recovered();
    return std::make_unique<Materialiser>(failing, failing_log, world.committer(), world.segments(),
                                          recovered.meta, recovered.open_fragments, options);
  }

  JournalWorld world;
  FailingState failing;
  FailingLog failing_log;
};

inline void write_all(Materialiser& materialiser, WallTime now) {
  materialiser.request();
  while (materialiser.run_one(now)) {
  }
}

}  // namespace tenuto::testing
