// The same history gives the same answers, wherever the tables end and the tail of the journal begins.
#include <gtest/gtest.h>

#include "core/query/describe.h"
#include "core/query/history.h"
#include "core/query/list.h"
#include "core/query/stats.h"
#include "core/query/verify.h"
#include "tests/support/query_world.h"

namespace tenuto {
namespace {

using testing::HistoryMaker;
using testing::JournalSizes;
using testing::QueryWorld;
using testing::Tables;

constexpr std::uint64_t kSeeds = 40;

HistoryMaker random_history(std::uint64_t seed) {
  HistoryMaker maker(seed);
  const PlanRef plans[] = {maker.define(testing::kLine), maker.define(testing::kFork),
                           maker.define(testing::kEmpty)};
  Random& random = maker.random();
  const std::uint64_t starts = 1 + random.below(60);
  for (std::uint64_t i = 0; i < starts; ++i) {
    testing::StartWish wish;
    if (random.chance(1, 3)) wish.id = "order-" + std::to_string(random.below(9)) + "-" + std::to_string(i);
    if (random.chance(1, 3))
      wish.labels = random.chance(1, 2) ? R"({"team": "ops"})"
                                        : R"({"team":"web",)"
                                          "\n"
                                          R"("k":"v"})";
    if (random.chance(1, 5)) wish.by = "ann";
    wish.test = random.chance(1, 8);
    if (random.chance(1, 4)) wish.command = CommandId{seed + 1, i + 1};
    maker.start(plans[random.below(3)], wish);
    for (std::uint64_t steps = random.below(8); steps > 0; --steps) maker.step();
    if (random.chance(1, 6)) {
      maker.record_for_store(CommandRefused{CommandId{seed + 2, i + 1}, Code::conflict, "taken"});
    }
    if (random.chance(1, 4)) {
      maker.record_for_store(PoolUsed{random.chance(1, 2) ? "default" : "docker",
                                      WallTime{maker.now.ns - kSecond}, 4, 4 * kSecond,
                                      static_cast<Nanos>(random.below(4 * kSecond))});
    }
    if (random.chance(1, 10)) maker.now.ns += static_cast<Nanos>(random.below(5000)) * kSecond;
  }
  for (std::uint64_t steps = random.below(60); steps > 0; --steps) maker.step();
  return maker;
}

// Every answer about a history, in one text.
std::string all_answers(QueryWorld& world, const HistoryMaker& maker, std::uint64_t seed) {
  const View view = world.view();
  std::string text;
  const auto add = [&](const std::string& question, const Result<Bytes>& answer) {
    text += question + ": " +
            (answer.ok() ? *answer : Bytes(code_name(answer.code())) + " " + answer.status().message()) +
            "\n";
  };
  for (std::uint64_t n = 0; n <= maker.last_run().value + 1; ++n) {
    add("describe", describe(view, RunNumber{n}, {}));
    add("history", history_lines(view, RunNumber{n}));
  }
  const std::string middle = R"("2023-11-14T22:20:00Z")";
  for (const std::string& query : std::initializer_list<std::string>{
           "", R"({"limit":3})", R"({"state":"failed"})", R"({"state":["running","waiting"],"limit":2})",
           R"({"workflow":"fork"})", R"({"label":{"team":"ops"}})", R"({"id_prefix":"order-1"})",
           R"({"id_prefix":"01"})", R"({"since":)" + middle + "}", R"({"until":)" + middle + "}",
           R"({"where":"retries > 0 && tasks.done >= 1"})", R"({"where":"error.type == 'ValueError'"})"}) {
    add("list " + query, list_runs(view, query, maker.now));
  }
  for (const std::string& query : std::initializer_list<std::string>{
           "", R"({"workflow":"line"})", R"({"since":)" + middle + "}", R"({"until":)" + middle + "}",
           R"({"since":"2023-11-14T22:14:00Z","until":)" + middle + "}"}) {
    add("stats " + query, run_stats(view, query, maker.now));
  }
  for (const std::string_view id :
       {"@last", "@last:fork", "@failed", "@last:none", "order-1", "order-", "0", "01", "nothing"}) {
    const auto found = view.find(id);
    text += std::string(id) + " -> " + (found.ok() ? found->id : Bytes(code_name(found.code()))) + "\n";
  }
  for (std::uint64_t i = 1; i <= 60; ++i) {
    for (const std::uint64_t kind : {seed + 1, seed + 2}) {
      const auto outcome = view.command(CommandId{kind, i});
      if (!outcome.ok()) text += outcome.status().message();
      if (outcome.ok() && outcome->has_value()) {
        text += "command " + std::to_string((*outcome)->subject.value) + " " + (*outcome)->message + "\n";
      }
    }
  }
  return text;
}

TEST(QueryProperty, WhereTheTablesEndDoesNotShow) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const HistoryMaker maker = random_history(seed);
    QueryWorld tail;
    tail.take(maker.events(), Tables::none);
    const std::string expected = all_answers(tail, maker, seed);
    ASSERT_EQ(expected.find("damaged"), std::string::npos) << "seed=" << seed << "\n" << expected;
    QueryWorld tables;
    tables.take(maker.events(), Tables::all);
    ASSERT_EQ(all_answers(tables, maker, seed), expected) << "seed=" << seed;
    for (std::uint64_t cut = 1; cut <= 3; ++cut) {
      // Segments so small that they are recycled all the time.
      QueryWorld mixed(cut == 1 ? QueryWorld::roomy() : JournalSizes{});
      mixed.take(maker.events(), Tables::some, seed * 10 + cut);
      ASSERT_EQ(all_answers(mixed, maker, seed), expected) << "seed=" << seed << " cut=" << cut;
      bool sound = false;
      const auto report = verify(mixed.journal.state(), mixed.journal.log(), sound);
      ASSERT_TRUE(report.ok() && sound)
          << "seed=" << seed << " cut=" << cut << " " << (report.ok() ? *report : "");
    }
  }
}

// A copy of the tables with one value changed.
void damage_one_value(State& state, Random& random) {
  auto write = state.begin_write();
  ASSERT_TRUE(write.ok());
  static constexpr Table kTables[] = {Table::meta,     Table::workflows, Table::live,
                                      Table::history,  Table::summaries, Table::keys,
                                      Table::commands, Table::stats,     Table::packs};
  for (int tries = 0; tries < 50; ++tries) {
    const Table table = kTables[random.below(std::size(kTables))];
    std::vector<std::pair<Bytes, Bytes>> rows;
    ASSERT_TRUE((*write)
                    ->scan(table, {},
                           [&](ByteView key, ByteView value) {
                             rows.emplace_back(key, value);
                             return true;
                           })
                    .ok());
    if (rows.empty()) continue;
    auto [key, value] = rows[random.below(rows.size())];
    if (value.empty() || random.chance(1, 4)) {
      value.resize(random.below(value.size() + 1));  // cut
    } else {
      value[random.below(value.size())] ^= static_cast<char>(1 + random.below(255));
    }
    if (std::find(rows.begin(), rows.end(), std::pair(key, value)) != rows.end()) continue;
    ASSERT_TRUE((*write)->put(table, key, value).ok());
    ASSERT_TRUE((*write)->commit().ok());
    return;
  }
}

// Each answer is either the right one or says that something is damaged.
TEST(QueryProperty, ADamagedRowIsNeverBelieved) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const HistoryMaker maker = random_history(seed);
    QueryWorld world;
    world.take(maker.events(), Tables::some, seed);
    world.journal.materialise();
    const View right = world.view();
    Random random(seed);
    {
      SCOPED_TRACE("seed=" + std::to_string(seed));
      damage_one_value(world.journal.state(), random);
    }
    PlanCache fresh;
    const auto damaged = View::open(world.journal.state(), world.journal.log(),
                                    world.journal.committer().durable(), fresh, testing::kStoreKey);
    bool sound = true;
    const auto report = verify(world.journal.state(), world.journal.log(), sound);
    ASSERT_TRUE(report.ok()) << "seed=" << seed;
    EXPECT_FALSE(sound) << "seed=" << seed << " " << *report;
    if (!damaged.ok()) {
      EXPECT_EQ(damaged.code(), Code::damaged);
      continue;
    }
    const auto expect_same_or_refused = [&](const Result<Bytes>& now, const Result<Bytes>& before) {
      if (now.ok()) {
        ASSERT_TRUE(before.ok() && *now == *before) << "seed=" << seed;
      } else if (now.code() != before.code()) {
        // A version number that is hit looks like a newer one, but only under a seal that fits.
        ASSERT_EQ(now.code(), Code::damaged) << "seed=" << seed << " " << now.status().message();
      }
    };
    for (std::uint64_t n = 1; n <= maker.last_run().value; ++n) {
      expect_same_or_refused(describe(*damaged, RunNumber{n}, {}), describe(right, RunNumber{n}, {}));
      expect_same_or_refused(history_lines(*damaged, RunNumber{n}), history_lines(right, RunNumber{n}));
    }
    expect_same_or_refused(list_runs(*damaged, "", maker.now), list_runs(right, "", maker.now));
    expect_same_or_refused(run_stats(*damaged, "", maker.now), run_stats(right, "", maker.now));
  }
}

}  // namespace
}  // namespace tenuto
