#include "core/journal/committer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/journal/frame_reader.h"
#include "tests/support/journal_world.h"

namespace tenuto::testing {
namespace {

constexpr WorkflowHash kWorkflow{7, 7};

std::vector<Event> one(std::uint32_t task = 1, std::size_t bytes = 0) {
  return {done_event(RunNumber(1), task,
                     bytes == 0 ? Payload() : Payload::make(ContentType::bytes, Bytes(bytes, 'v')))};
}

// A world whose run 1 is there, so that events of it make sense.
class CommitterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world.open().ok());
    world.append({workflow_event(kWorkflow, "w"), started_event(RunNumber(1), kWorkflow)});
    world.commit();
    world.durable.clear();
  }
  Committer& committer() { return world.committer(); }
  JournalWorld world;
};

TEST_F(CommitterTest, DoesNothingWhenNothingIsPublished) {
  EXPECT_FALSE(committer().run_one());
  EXPECT_TRUE(world.durable.empty());
}

TEST_F(CommitterTest, MakesAllThatIsPublishedOneGroup) {
  world.append(one());
  world.append(one());
  const Position end = world.append(one());
  EXPECT_LT(committer().durable(), end);
  EXPECT_TRUE(committer().run_one());
  EXPECT_EQ(committer().durable(), end);
  EXPECT_EQ(committer().written(), end);
  EXPECT_EQ(world.durable, std::vector<Position>{end});
  EXPECT_FALSE(committer().run_one());
}

TEST_F(CommitterTest, WritesWithoutASyncWhenAskedAndSyncsLater) {
  const Position before = committer().durable();
  const Position end = world.append(one());
  EXPECT_TRUE(committer().run_one(false));
  EXPECT_EQ(committer().durable(), before);
  EXPECT_EQ(committer().written(), end);
  EXPECT_FALSE(committer().run_one(false));
  EXPECT_TRUE(committer().run_one(true));
  EXPECT_EQ(committer().durable(), end);
  EXPECT_FALSE(committer().run_one(true));
}

TEST(Committer, SyncsTheFirstGroupOfAnOwnerInAnyCase) {
  JournalWorld world;
  RecoveryRecorder ignored;
  ASSERT_TRUE(world.open(ignored, true).ok());
  const Position end = world.append({workflow_event(kWorkflow, "w")});
  EXPECT_TRUE(world.committer().run_one(false));
  EXPECT_EQ(world.committer().durable(), end);
}

TEST_F(CommitterTest, KeepsTheGroupWhileTheDiskIsFull) {
  world.log().set_fault({LogFault::Call::write, 1, Code::full, 3});
  const Position before = committer().durable();
  Position end = world.append(one());
  EXPECT_FALSE(committer().run_one());
  EXPECT_EQ(committer().stall(), Stall::storage);
  EXPECT_EQ(committer().warning().code(), Code::full);
  EXPECT_TRUE(committer().health().ok());
  EXPECT_EQ(committer().retry_after(), kMillisecond);
  end = world.append(one());
  EXPECT_FALSE(committer().run_one());
  EXPECT_EQ(committer().retry_after(), 2 * kMillisecond);
  EXPECT_FALSE(committer().run_one());
  EXPECT_EQ(committer().durable(), before);
  EXPECT_EQ(world.warnings.size(), 1u) << "one warning a stall";
  EXPECT_TRUE(committer().run_one());
  EXPECT_EQ(committer().durable(), end);
  EXPECT_EQ(committer().stall(), Stall::none);
  EXPECT_TRUE(committer().warning().ok());
  EXPECT_EQ(committer().retry_after(), 0);
}

TEST_F(CommitterTest, AFailedSyncEndsItForGood) {
  const Position before = committer().durable();
  world.log().set_fault({LogFault::Call::sync, 1, Code::poisoned, 1});
  world.append(one());
  committer().run_one();
  EXPECT_TRUE(committer().is_poisoned());
  EXPECT_EQ(committer().health().code(), Code::poisoned);
  EXPECT_EQ(committer().durable(), before);
  world.log().clear_faults();
  world.append(one());
  EXPECT_FALSE(committer().run_one());
  EXPECT_EQ(committer().durable(), before);
  EXPECT_EQ(world.warnings.size(), 1u);
}

TEST_F(CommitterTest, SyncsThatFailWithAnyCodePoison) {
  world.log().set_fault({LogFault::Call::sync, 1, Code::storage_error, 1});
  world.append(one());
  committer().run_one();
  EXPECT_TRUE(committer().is_poisoned());
}

TEST_F(CommitterTest, AnAppenderWaitingForRoomGivesUpWhenPoisoned) {
  world.log().set_fault({LogFault::Call::sync, 1, Code::poisoned, 1});
  Position end;
  for (int i = 0; i < 20 && end != Ring::kNever; ++i) end = world.append(one(1, 4000));
  EXPECT_EQ(end, Ring::kNever);
}

TEST_F(CommitterTest, BeginsSegmentsAndWaitsForTheMaterialiserWhenTheWindowIsFull) {
  bool was_full = false;
  for (int i = 0; i < 40; ++i) {
    world.append(one(1, 4000));
    while (committer().run_one()) {
    }
    if (committer().stall() != Stall::window) continue;
    was_full = true;
    EXPECT_EQ(committer().retry_after(), 0);
    EXPECT_TRUE(world.materialise());
    EXPECT_TRUE(committer().run_one());
    EXPECT_EQ(committer().stall(), Stall::none);
  }
  EXPECT_TRUE(was_full);
  EXPECT_LE(world.log().list()->size(), 4u) << "the window is four segments";
}

TEST_F(CommitterTest, FillsASegmentUpBeforeItBeginsTheNext) {
  // The ring holds more than what is left of the segment; batches go on in this one as far as they fit.
  for (int i = 0; i < 3; ++i) world.append(one(1, 4000));
  ASSERT_TRUE(committer().run_one());
  for (int i = 0; i < 12; ++i) world.append(one(1, 1000));
  world.commit();
  const std::vector<LiveSegment> segments = world.segments().in_use();
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_GT(segments[1].first.value, 15'000u);
}

TEST_F(CommitterTest, FramesCarryGenerationAndWhatWasDurable) {
  const Position first = world.append(one());
  committer().run_one(false);
  world.append(one());
  committer().run_one(true);
  Bytes segment;
  ASSERT_TRUE(world.log().read(SegmentNumber(1), 0, 4096, segment).ok());
  std::vector<FrameHeader> frames;
  for (std::size_t at = kSegmentHeaderBytes;;) {
    FrameHeader header;
    if (!decode_frame_header(ByteView(segment).substr(at), header)) break;
    frames.push_back(header);
    at += kFrameHeaderBytes + header.length;
  }
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(frames[0].durable, Position(0));
  EXPECT_EQ(frames[3].position, first);
  EXPECT_EQ(frames[3].durable, frames[2].position) << "the frame before was not synced";
  EXPECT_EQ(frames[3].generation, Generation(1));
}

// Producers commit inline whenever the role is free; everything gets durable, in order, and nobody is forgotten.
TEST(Committer, IsARoleThatThreadsShare) {
  JournalSizes sizes;
  sizes.segment = 8u << 20;
  sizes.window = 32u << 20;
  JournalWorld world(sizes);
  ASSERT_TRUE(world.open().ok());
  class Inline final : public FullWaiter {
   public:
    explicit Inline(Committer& committer) : committer_(committer) {}
    bool wait() override {
      if (!committer_.run_one()) std::this_thread::yield();
      return true;
    }

   private:
    Committer& committer_;
  };
  std::vector<std::thread> threads;
  std::atomic<std::uint32_t> late{0};
  for (std::uint32_t producer = 1; producer <= 3; ++producer) {
    threads.emplace_back([&, producer] {
      BatchWriter writer;
      Inline waiter(world.committer());
      for (std::uint32_t i = 0; i < 2000; ++i) {
        writer.add(done_event(RunNumber(producer), i));
        const Position end = writer.flush(world.ring(), waiter);
        // Either this thread commits it, or whoever has the role does or will have seen it before it gives the role back.
        while (world.committer().durable() < end) {
          if (!world.committer().run_one()) std::this_thread::yield();
        }
        late += world.committer().durable() < end ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(late, 0u);
  EXPECT_EQ(world.committer().durable(), world.ring().tail());
  EXPECT_TRUE(std::is_sorted(world.durable.begin(), world.durable.end()));
  world.close();
  RecoveryRecorder found;
  ASSERT_TRUE(world.open(found, true).ok());
  std::uint32_t next[4] = {};
  for (const Event& event : found.events) {
    if (event.run.value == 0) continue;
    ASSERT_EQ(event.task.value, next[event.run.value]++);
  }
  EXPECT_EQ(next[1] + next[2] + next[3], 6000u);
}

}  // namespace
}  // namespace tenuto::testing
