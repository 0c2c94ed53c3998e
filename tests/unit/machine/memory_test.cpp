// What a run costs in memory while it waits: millions of them are kept at once.
#include <malloc.h>

#include <cstdio>

#include "core/machine/apply.h"
#include "tests/unit/machine/fixture.h"

namespace tenuto::testing {
namespace {

static_assert(sizeof(TaskRow) == 8);
static_assert(sizeof(NodeRow) == 16);
static_assert(sizeof(Edge) == 4);

// With what the allocator adds to every block.
std::size_t allocated(const void* block) {
  return block == nullptr ? 0 : malloc_usable_size(const_cast<void*>(block)) + 8;
}

// The block of a payload has 12 bytes before the value.
std::size_t payload_bytes(const Payload& payload) {
  constexpr std::size_t kHeader = 12;
  return payload.is_null_json() ? 0 : kHeader + payload.size() + 8;
}

constexpr std::size_t kRunBytes = sizeof(Run);

std::size_t bytes_of(const Run& run) {
  // An array of values has a count before it, since they have a destructor.
  const char* values = reinterpret_cast<const char*>(run.values.get());
  if (values != nullptr) values -= sizeof(std::size_t);
  std::size_t bytes = kRunBytes + allocated(run.rows.get()) + allocated(values) + payload_bytes(run.input) +
                      payload_bytes(run.output());
  for (std::uint32_t i = 0; i < run.plan->node_count(); ++i)
    bytes += payload_bytes(run.result_of(TaskIndex{i}));
  if (run.trouble == nullptr) return bytes;
  return bytes + allocated(run.trouble.get()) + allocated(run.trouble->retry_waits.data());
}

PlanShape chain_of_five() {
  return {{a_task(), a_task({}, {0}), a_task({}, {1}), a_task({}, {2}), a_task({}, {3})}};
}

TEST(Memory, WithoutValuesAWaitingRunOfFiveTasksIsItsRowsAlone) {
  MachineWorld world(build_plan(chain_of_five()));
  ASSERT_TRUE(world.done(0).ok());
  EXPECT_EQ(world.run().values, nullptr);
  EXPECT_LE(bytes_of(world.run()), 120u);
}

TEST(Memory, AWaitingRunOfFiveTasksIsSmall) {
  MachineWorld world(build_plan(chain_of_five()), Payload::json(R"({"person":4711})"));
  ASSERT_TRUE(world.done(0, "17").ok());
  ASSERT_TRUE(world.done(1, R"("ab")").ok());
  const std::size_t bytes = bytes_of(world.run());
  std::printf("a run %zu bytes, a waiting run of five tasks with two results %zu\n", kRunBytes, bytes);
  EXPECT_EQ(world.run().trouble, nullptr);
  EXPECT_LE(bytes, 280u);
}

}  // namespace
}  // namespace tenuto::testing
