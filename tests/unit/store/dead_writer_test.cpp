// A writer of the tables that dies at any write of a commit, while readers keep LMDB's lock region alive: the next writer reads what it
// then writes on. LMDB notes a commit in that region after its meta page is written, and finds a commit that was not noted only when
// the next write transaction begins.
#include <gtest/gtest.h>

#include "core/store/lmdb_state.h"
#include "tests/unit/store/child.h"
#include "tests/unit/store/death.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto::testing {
namespace {

constexpr int kDied = 255;

LmdbOptions options(bool read_only) {
  LmdbOptions options;
  options.read_only = read_only;
  options.initial_map_bytes = 1u << 20;
  return options;
}

Status put(State& state, const Bytes& value) {
  TN_ASSIGN(const std::unique_ptr<StateWrite> write, state.begin_write());
  TN_TRY(write->put(Table::audit, "k", value));
  return write->commit();
}

// What a transaction has.
Bytes value_of(const StateRead& read) {
  ByteView value;
  return *read.get(Table::audit, "k", value) ? Bytes(value) : Bytes();
}

// Writes "new" over "old" in another process that dies behind its n-th write, the last of which are those of the meta page; 0 when it lives, for a commit has fewer.
int die_writing(const std::string& directory, int n) {
  return in_child([&] {
    auto state = *LmdbState::open(directory, options(false));
    writes_until_death.store(n);
    const bool written = put(*state, "new").ok();
    writes_until_death.store(0);
    return written ? 0 : 1;
  });
}

TEST(DeadWriter, TheNextOneReadsWhatItWritesOn) {
  bool was_new = false;
  for (int n = 1;; ++n) {
    TempDir directory;
    {
      auto state = *LmdbState::open(directory.path(), options(false));
      ASSERT_TRUE(put(*state, "old").ok());
    }
    Child reader([&](const auto& tell, const auto& wait) {
      auto state = *LmdbState::open(directory.path(), options(true));
      tell('r');
      wait();
      return 0;
    });
    ASSERT_EQ(reader.wait(), 'r');
    const int ended = die_writing(directory.path(), n);
    if (ended == kDied) {
      auto state = *LmdbState::open(directory.path(), options(false));
      const Bytes read = value_of(**state->begin_read());
      EXPECT_EQ(value_of(**state->begin_write()), read) << "behind write " << n;
      was_new = was_new || read == "new";
    }
    reader.tell('e');
    EXPECT_EQ(reader.finish(), 0);
    if (ended == 0) break;
    ASSERT_EQ(ended, kDied);
  }
  EXPECT_TRUE(was_new) << "no death fell between the write of a commit and its note";
}

}  // namespace
}  // namespace tenuto::testing
