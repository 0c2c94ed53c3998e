// What a run costs in memory while it waits: millions of them are kept at once.
#include <malloc.h>

#include <cstdio>

#include "core/machine/apply.h"
#include "tests/unit/machine/fixture.h"

namespace tenuto::testing {
namespace {

static_assert(sizeof(TaskRow) == 16);
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
  // An array of rows has a count before it, since rows have a destructor.
  const auto* rows = reinterpret_cast<const char*>(run.rows.get()) - sizeof(std::size_t);
  std::size_t bytes = kRunBytes + allocated(rows) + payload_bytes(run.input) + payload_bytes(run.output);
  for (const TaskRow& row : run.all_rows()) bytes += payload_bytes(row.result);
  if (run.trouble == nullptr) return bytes;
  return bytes + allocated(run.trouble.get()) + allocated(run.trouble->retry_waits.data());
}

PlanShape chain_of_five() {
  return {{a_task(), a_task({}, {0}), a_task({}, {1}), a_task({}, {2}), a_task({}, {3})}};
}

TEST(Memory, AWaitingRunOfFiveTasksIsSmall) {
  MachineWorld world(build_plan(chain_of_five()), Payload::json(R"({"person":4711})"));
  ASSERT_TRUE(world.done(0, "17").ok());
  ASSERT_TRUE(world.done(1, R"("ab")").ok());
  const std::size_t bytes = bytes_of(world.run());
  std::printf("a run %zu bytes, a waiting run of five tasks %zu\n", kRunBytes, bytes);
  EXPECT_EQ(world.run().trouble, nullptr);
  EXPECT_LE(bytes, 400u);
}

}  // namespace
}  // namespace tenuto::testing
