#include "core/query/verify.h"
#include "core/journal/history_pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/journal/live_row.h"
#include "core/store/keys.h"
#include "tests/support/query_world.h"

namespace tenuto {
namespace {

using ::testing::HasSubstr;
using testing::HistoryMaker;
using testing::member;
using testing::QueryWorld;
using testing::StartWish;

class Verify : public ::testing::Test {
 protected:
  Verify() {
    const PlanRef line = maker.define(testing::kLine);
    run = maker.start(line, StartWish{.id = "one"});
    maker.done(run, 0);
    maker.done(run, 1);
    live = maker.start(line, StartWish{.id = "two"});
    world.take(maker);
    world.journal.materialise();
    maker.done(live, 0);
    maker.start(line);
    world.take(maker);
  }
  Bytes report() {
    const auto text = verify(world.journal.state(), world.journal.log(), sound);
    EXPECT_TRUE(text.ok());
    EXPECT_EQ(member(*text, "ok"), sound ? "true" : "false");
    return *text;
  }
  void change(const std::function<void(StateWrite&)>& by) {
    auto write = world.journal.state().begin_write();
    by(**write);
    ASSERT_TRUE((*write)->commit().ok());
  }

  QueryWorld world;
  HistoryMaker maker{1};
  RunNumber run;
  RunNumber live;
  bool sound = false;
};

TEST_F(Verify, ASoundStore) {
  const Bytes text = report();
  EXPECT_TRUE(sound) << text;
  EXPECT_EQ(member(text, "checked.segments"), "1");
  EXPECT_EQ(member(text, "checked.workflows"), "1");
  EXPECT_EQ(member(text, "checked.summary_blocks"), "1");
  EXPECT_EQ(member(text, "checked.live_runs"), "1");
  EXPECT_EQ(member(text, "checked.history_chunks"), "1");
  EXPECT_EQ(member(text, "checked.packs"), "1");
  EXPECT_EQ(member(text, "checked.chosen_ids"), "2");
  EXPECT_EQ(member(text, "checked.replayed_runs"), "2");
  EXPECT_EQ(member(text, "problems"), "[]");
}

TEST(VerifyEmpty, AStoreThatNobodyOpened) {
  const MemState state;
  const MemLog log;
  bool sound = false;
  ASSERT_TRUE(verify(state, log, sound).ok());
  EXPECT_TRUE(sound);
}

TEST_F(Verify, ALostChunk) {
  change([&](StateWrite& write) {
    EXPECT_TRUE(write.erase(Table::history, history_key({live, ChunkNumber{0}})).ok());
  });
  EXPECT_THAT(report(), HasSubstr("\"run 2\""));
  EXPECT_FALSE(sound);
}

TEST_F(Verify, ALostPack) {
  change([&](StateWrite& write) { EXPECT_TRUE(write.erase(Table::packs, run_key(run)).ok()); });
  EXPECT_THAT(report(), HasSubstr("\"run 1\""));
  EXPECT_FALSE(sound);
}

TEST_F(Verify, APackOfARunThatNothingNamesAndThatOverlaps) {
  change([&](StateWrite& write) {
    HistoryPackWriter pack;
    pack.add(run, "");
    pack.add(RunNumber(99), "");
    const Bytes key = run_key(pack.last());
    EXPECT_TRUE(write.put(Table::packs, key, pack.finish(key)).ok());
  });
  const Bytes text = report();
  EXPECT_THAT(text, HasSubstr("overlaps"));
  EXPECT_FALSE(sound);
}

TEST_F(Verify, ALostLiveRow) {
  change([&](StateWrite& write) { EXPECT_TRUE(write.erase(Table::live, run_key(live)).ok()); });
  const Bytes text = report();
  EXPECT_THAT(text, HasSubstr("neither live nor ended"));
  EXPECT_THAT(text, HasSubstr("live runs: 1 noted, 0 found"));
}

TEST_F(Verify, AnIdThatLeadsElsewhere) {
  change([&](StateWrite& write) {
    EXPECT_TRUE(write.put(Table::keys, "three", encode_run_number(run, "three")).ok());
  });
  EXPECT_THAT(report(), HasSubstr("the id `three` leads to run 1"));
}

TEST_F(Verify, ADefinitionUnderAnotherHash) {
  change([&](StateWrite& write) {
    Bytes value;
    EXPECT_TRUE(write
                    .scan(Table::workflows, {},
                          [&](ByteView, ByteView v) {
                            value = v;
                            return false;
                          })
                    .ok());
    EXPECT_TRUE(write.put(Table::workflows, workflow_key({1, 2}), value).ok());
  });
  report();
  EXPECT_FALSE(sound) << "the seal holds the key";
}

TEST_F(Verify, ADamagedFrame) {
  HistoryMaker more(2);
  const SegmentNumber segment = world.journal.log().list()->front();
  Bytes bytes;
  ASSERT_TRUE(world.journal.log().read(segment, 0, 4096, bytes).ok());
  for (const std::size_t at :
       {std::size_t{8}, kSegmentHeaderBytes + 4, kSegmentHeaderBytes + kFrameHeaderBytes + 20}) {
    Bytes damaged = bytes;
    damaged[at] ^= 0x40;
    const ByteView piece(damaged);
    ASSERT_TRUE(world.journal.log().write(segment, 0, {&piece, 1}).ok());
    report();
    EXPECT_FALSE(sound) << at;
  }
  const ByteView whole(bytes);
  ASSERT_TRUE(world.journal.log().write(segment, 0, {&whole, 1}).ok());
  report();
  EXPECT_TRUE(sound);
}

TEST_F(Verify, ARunThatDoesNotReplay) {
  const Event misfit = testing::done_event(RunNumber{3}, 1);
  world.journal.append({misfit});
  world.journal.commit();
  const Bytes text = report();
  EXPECT_FALSE(sound);
  EXPECT_THAT(text, HasSubstr("\"run 3\""));
}

TEST_F(Verify, RandomDamageEndsWithAReport) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const SegmentNumber segment = world.journal.log().list()->front();
    Bytes bytes;
    ASSERT_TRUE(world.journal.log().read(segment, 0, 2048, bytes).ok());
    Bytes damaged = bytes;
    for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
      damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    }
    const ByteView piece(damaged);
    ASSERT_TRUE(world.journal.log().write(segment, 0, {&piece, 1}).ok());
    report();
    const ByteView whole(bytes);
    ASSERT_TRUE(world.journal.log().write(segment, 0, {&whole, 1}).ok());
  }
  report();
  EXPECT_TRUE(sound);
}

}  // namespace
}  // namespace tenuto
