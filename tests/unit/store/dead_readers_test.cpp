// What readers that died in the middle cost: nearly nothing when their slots are given back between commits, and the file many times
// over when nobody does.
#include <gtest/gtest.h>

#include "core/store/lmdb_state.h"
#include "tests/unit/store/child.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto::testing {
namespace {

constexpr int kCommits = 400;
constexpr int kKeys = 64;

// Every commit replaces all values; every fortieth a reader begins and is killed. Returns the bytes in use at the end.
std::uint64_t used_after(bool with_readers, bool clears) {
  TempDir directory;
  LmdbOptions options;
  options.initial_map_bytes = 1u << 30;
  auto state = *LmdbState::open(directory.path(), options);
  for (int i = 0; i < kCommits; ++i) {
    if (clears) TN_CHECK(state->clear_dead_readers().ok());
    auto write = *state->begin_write();
    for (int key = 0; key < kKeys; ++key) {
      TN_CHECK(write->put(Table::audit, "key" + std::to_string(key), Bytes(500, static_cast<char>(i))).ok());
    }
    TN_CHECK(write->commit().ok());
    if (!with_readers || i % 40 != 0) continue;
    Child reader([&](const auto& tell, const auto& wait) {
      LmdbOptions read_only;
      read_only.read_only = true;
      auto theirs = *LmdbState::open(directory.path(), read_only);
      auto read = *theirs->begin_read();
      tell('r');
      wait();
      return 0;
    });
    TN_CHECK(reader.wait() == 'r');
    reader.kill();
  }
  return state->info()->used_bytes;
}

TEST(DeadReaders, CostNearlyNothing) {
  const double alone = static_cast<double>(used_after(false, true));
  const double beside_killed_ones = static_cast<double>(used_after(true, true));
  const double uncleared = static_cast<double>(used_after(true, false));
  std::printf("pages beside killed readers: %.2f times those of none; when nobody clears them, %.0f times\n",
              beside_killed_ones / alone, uncleared / alone);
  EXPECT_LE(beside_killed_ones, 1.2 * alone);
  EXPECT_GE(uncleared, 5 * alone) << "the planted mistake isn't seen";
}

}  // namespace
}  // namespace tenuto::testing
