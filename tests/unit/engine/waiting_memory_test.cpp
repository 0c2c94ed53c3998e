// What a run costs in memory while it waits for a body that nobody has: millions of them are kept at once.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdio>

#include "tests/unit/engine/core_harness.h"

// A sanitizer's allocator tells nothing.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace tenuto::testing {
namespace {

constexpr std::size_t kRuns = 100'000;

// Keeps nothing, so that the journal is not counted as memory of the runs.
class ForgetfulLog final : public Log {
 public:
  Result<std::vector<SegmentNumber>> list() const override { return std::vector<SegmentNumber>(); }
  std::size_t segment_bytes() const override { return limits::kSegmentBytes; }
  Status create(SegmentNumber) override { return {}; }
  Status recycle(SegmentNumber, SegmentNumber) override { return {}; }
  Status remove(SegmentNumber) override { return {}; }
  Status write(SegmentNumber, std::uint64_t, std::span<const ByteView>) override { return {}; }
  Status sync(SegmentNumber) override { return {}; }
  Status read(SegmentNumber, std::uint64_t, std::size_t, Bytes&) const override {
    return {Code::not_found, "nothing is kept"};
  }
};

double bytes_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

void start_waiting(EngineCore& core, const PlanRef& plan) {
  const std::vector<Payload> inputs(1000);
  Contexts::Lease lease(core.contexts());
  for (std::size_t started = 0; started < kRuns; started += inputs.size()) {
    ASSERT_TRUE(core.start_many(plan, inputs, std::make_shared<Waiter>()).ok());
    while (core.scheduler().worker(0).run_one() || core.commit_one(*lease)) {
    }
  }
}

TEST(WaitingMemory, AFiveTaskRunTakesAtMostTwoHundredBytes) {
  const auto plan = compile_workflow_text(R"({"tenuto": 1, "name": "w", "tasks": {"a": {"use": "nobody"},
      "b": {"use": "nobody", "needs": ["a"]}, "c": {"use": "nobody", "needs": ["b"]},
      "d": {"use": "nobody", "needs": ["c"]}, "e": {"use": "nobody", "needs": ["d"]}}})");
  ASSERT_TRUE(plan.ok());
  ManualClock clock;
  ForgetfulLog log;
  MemState state;
  EngineCore core(core_options_for_tests(), clock, log, state);
  ASSERT_TRUE(core.recover().ok());
  start_waiting(core, *plan);  // what is made once is there
  const double before = bytes_in_use();
  start_waiting(core, *plan);
  const double bytes = (bytes_in_use() - before) / kRuns;
  std::printf("a slot %zu bytes, a waiting run of five tasks %.1f\n", sizeof(RunSlot), bytes);
  EXPECT_EQ(core.actions().parked_count(), 2 * kRuns);
  EXPECT_EQ(core.tickets_in_use(), 0u);
  EXPECT_LE(bytes, 200.0);
}

}  // namespace
}  // namespace tenuto::testing

#endif
