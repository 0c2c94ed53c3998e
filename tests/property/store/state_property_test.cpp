// Random transactions on both implementations of the tables against a plain map, and every version of a persistent
// tree against the map it should be.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <deque>
#include <filesystem>
#include <map>

#include "core/base/random.h"
#include "core/store/lmdb_state.h"
#include "core/store/mem_state.h"

namespace tenuto::testing {
namespace {

using Model = std::map<Bytes, Bytes>;

Bytes random_key(Random& random) {
  Bytes key(1 + random.below(3), 'a');
  for (char& c : key) c = static_cast<char>('a' + random.below(6));
  return key;
}

// What a scan from `from` should give, at most `count_max` entries.
Model::const_iterator last_at_or_before(const Model& model, const Bytes& from) {
  return from.empty() ? model.end() : model.upper_bound(from);
}

template <class Source>
void expect_equal(const Source& scan, const Source& scan_back, const Model& model, const Bytes& from) {
  auto forwards = model.lower_bound(from);
  scan(from, [&](ByteView key, ByteView value) {
    EXPECT_TRUE(forwards != model.end());
    if (forwards == model.end()) return false;
    EXPECT_EQ(key, forwards->first);
    EXPECT_EQ(value, forwards->second);
    ++forwards;
    return true;
  });
  EXPECT_TRUE(forwards == model.end());
  auto backwards = last_at_or_before(model, from);
  scan_back(from, [&](ByteView key, ByteView value) {
    EXPECT_TRUE(backwards != model.begin());
    if (backwards == model.begin()) return false;
    --backwards;
    EXPECT_EQ(key, backwards->first);
    EXPECT_EQ(value, backwards->second);
    return true;
  });
  EXPECT_TRUE(backwards == model.begin());
}

using Scan = std::function<void(const Bytes&, const MemTree::Visit&)>;

void expect_tree(const MemTree& tree, const Model& model, const Bytes& from) {
  const Scan scan = [&](const Bytes& f, const MemTree::Visit& visit) { tree.scan(f, visit); };
  const Scan back = [&](const Bytes& f, const MemTree::Visit& visit) { tree.scan_back(f, visit); };
  expect_equal(scan, back, model, from);
  std::uint64_t bytes = 0;
  for (const auto& [key, value] : model) bytes += key.size() + value.size();
  EXPECT_EQ(tree.size(), model.size());
  EXPECT_EQ(tree.bytes(), bytes);
}

void expect_read(const StateRead& read, const Model& model, const Bytes& from) {
  const Scan scan = [&](const Bytes& f, const MemTree::Visit& visit) {
    EXPECT_TRUE(read.scan(Table::keys, f, visit).ok());
  };
  const Scan back = [&](const Bytes& f, const MemTree::Visit& visit) {
    EXPECT_TRUE(read.scan_back(Table::keys, f, visit).ok());
  };
  expect_equal(scan, back, model, from);
}

TEST(MemTreeProperty, OldVersionsStayWhatTheyWere) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    MemTree tree;
    Model model;
    std::vector<std::pair<MemTree, Model>> versions;
    for (std::uint64_t edit = 1; edit <= 40; ++edit) {
      for (std::uint64_t i = random.below(20); i > 0; --i) {
        const Bytes key = random_key(random);
        if (random.chance(1, 3)) {
          tree.erase(key, edit);
          model.erase(key);
        } else {
          const Bytes value(random.below(10), static_cast<char>('0' + i % 10));
          tree.put(key, value, edit);
          model[key] = value;
        }
        const Bytes* found = tree.find(key);
        ASSERT_EQ(found != nullptr, model.contains(key)) << "seed=" << seed;
      }
      versions.emplace_back(tree, model);
    }
    for (const auto& [old_tree, old_model] : versions) expect_tree(old_tree, old_model, random_key(random));
    expect_tree(tree, model, "");
    ASSERT_FALSE(HasFailure()) << "seed=" << seed;
  }
}

// Transactions that commit or abort, with readers that stay open over some of them.
void run_transactions(State& state, std::uint64_t seed, int transactions) {
  Random random(seed);
  Model committed;
  std::deque<std::pair<std::unique_ptr<StateRead>, Model>> readers;
  for (int n = 0; n < transactions; ++n) {
    auto write = *state.begin_write();
    Model changed = committed;
    for (std::uint64_t i = random.below(30); i > 0; --i) {
      const Bytes key = random_key(random);
      if (random.chance(1, 3)) {
        ASSERT_TRUE(write->erase(Table::keys, key).ok());
        changed.erase(key);
      } else {
        const Bytes value(random.below(3000), static_cast<char>('a' + n % 26));
        ASSERT_TRUE(write->put(Table::keys, key, value).ok());
        changed[key] = value;
      }
    }
    expect_read(*write, changed, random.chance(1, 2) ? random_key(random) : Bytes());
    if (random.chance(3, 4)) {
      ASSERT_TRUE(write->commit().ok());
      committed = changed;
    }
    write.reset();
    readers.emplace_back(*state.begin_read(), committed);
    if (readers.size() > 5) readers.pop_front();
    for (const auto& [read, seen] : readers)
      expect_read(*read, seen, random.chance(1, 2) ? random_key(random) : Bytes());
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed=" << seed << " transaction " << n;
  }
}

TEST(StateProperty, MemoryEqualsAMap) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    MemState state;
    run_transactions(state, seed, 60);
  }
}

TEST(StateProperty, LmdbEqualsAMap) {
  std::string directory = (std::filesystem::temp_directory_path() / "tenuto-XXXXXX").string();
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const std::string path = directory + "/" + std::to_string(seed);
    std::filesystem::create_directory(path);
    auto state = LmdbState::open(path);
    ASSERT_TRUE(state.ok());
    run_transactions(**state, seed, 60);
  }
  std::filesystem::remove_all(directory);
}

TEST(MemStateProperty, AfterACrashTheLastCommitIsThereAndNothingElse) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    MemState state;
    Model committed;
    for (int n = 0; n < 20; ++n) {
      auto write = *state.begin_write();
      Model changed = committed;
      for (std::uint64_t i = random.below(10); i > 0; --i) {
        const Bytes key = random_key(random);
        const Bytes value = std::to_string(n);
        ASSERT_TRUE(write->put(Table::keys, key, value).ok());
        changed[key] = value;
      }
      const bool crashes_first = random.chance(1, 4);
      if (crashes_first) state.crash();
      const Status status = write->commit();
      ASSERT_EQ(status.ok(), !crashes_first) << "seed=" << seed;
      if (status.ok()) committed = changed;
      if (random.chance(1, 4)) state.crash();
      expect_read(**state.begin_read(), committed, "");
      ASSERT_FALSE(HasFailure()) << "seed=" << seed;
    }
  }
}

}  // namespace
}  // namespace tenuto::testing
