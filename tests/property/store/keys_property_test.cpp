// For keys of random fields: what is encoded comes back, and bytes are ordered as fields are.
#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/store/keys.h"

namespace tenuto::testing {
namespace {

constexpr std::uint64_t kSeeds = 20'000;

// Numbers near the edges of bytes and of the type, and near each other, so that orders are tight.
std::uint64_t number(Random& random) {
  const std::uint64_t edge = random.chance(1, 8) ? ~std::uint64_t{0} : std::uint64_t{1} << random.below(64);
  return random.chance(1, 4) ? random.below(4) : edge + random.below(5) - 2;
}
std::uint32_t number32(Random& random) {
  return static_cast<std::uint32_t>(number(random) >> (random.chance(1, 2) ? 32 : 0));
}

// Short texts of few letters, with the bytes that need care.
Bytes text(Random& random) {
  static constexpr char kLetters[] = {'\x00', '\x01', '\x02', 'a', 'b', '\xFE', '\xFF'};
  Bytes out;
  for (std::uint64_t i = random.below(6); i > 0; --i) out.push_back(kLetters[random.below(sizeof kLetters)]);
  return out;
}

template <class Key, class Make, class Encode, class Parse>
void check(Make make, Encode encode, Parse parse) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Random random(seed);
    const Key a = make(random);
    const Key b = make(random);
    const Bytes bytes_a = encode(a);
    const Bytes bytes_b = encode(b);
    const auto parsed = parse(bytes_a);
    ASSERT_TRUE(parsed.has_value()) << "seed=" << seed;
    ASSERT_TRUE(*parsed == a) << "seed=" << seed;
    ASSERT_EQ(a < b, ByteView(bytes_a) < ByteView(bytes_b)) << "seed=" << seed;
    ASSERT_EQ(a == b, bytes_a == bytes_b) << "seed=" << seed;
  }
}

TEST(KeysProperty, Runs) {
  check<RunNumber>([](Random& r) { return RunNumber(number(r)); }, run_key, parse_run_key);
}

TEST(KeysProperty, Blocks) {
  check<BlockNumber>([](Random& r) { return BlockNumber(number(r)); }, block_key, parse_block_key);
}

TEST(KeysProperty, ChunksOfHistories) {
  check<HistoryKey>(
      [](Random& r) {
        return HistoryKey{RunNumber(number(r)), ChunkNumber(number32(r))};
      },
      history_key, parse_history_key);
}

TEST(KeysProperty, Workflows) {
  check<WorkflowHash>(
      [](Random& r) {
        return WorkflowHash{number(r), number(r)};
      },
      workflow_key, parse_workflow_key);
}

TEST(KeysProperty, Commands) {
  check<CommandId>([](Random& r) { return CommandId{number(r), number(r)}; }, command_key, parse_command_key);
}

TEST(KeysProperty, TimersAlsoBefore1970) {
  check<TimerKey>(
      [](Random& r) {
        return TimerKey{WallTime{static_cast<Nanos>(number(r))}, RunNumber(number(r)),
                        PartNumber(number32(r))};
      },
      timer_key, parse_timer_key);
}

TEST(KeysProperty, StatsWithAnyText) {
  check<StatsKey>(
      [](Random& r) {
        return StatsKey{text(r), number32(r), number(r)};
      },
      stats_key, parse_stats_key);
}

TEST(KeysProperty, RandomBytesGiveNothingOrAKeyThatEncodesToThem) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Random random(seed);
    Bytes bytes = stats_key({text(random), number32(random), number(random)});
    bytes[random.below(bytes.size())] = static_cast<char>(random.next());
    const auto key = parse_stats_key(bytes);
    ASSERT_TRUE(!key || stats_key(*key) == bytes) << "seed=" << seed;
  }
}

}  // namespace
}  // namespace tenuto::testing
