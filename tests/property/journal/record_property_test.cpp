// Records: every event comes back, and no damaged byte does harm.
#include "core/journal/record.h"

#include <gtest/gtest.h>

#include "tests/support/random_events.h"

namespace tenuto::testing {
namespace {

TEST(RecordProperty, EveryEventComesBack) {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    RandomEvents events(seed);
    Event reused;  // holds what an event of another type left
    for (std::size_t kind = 0; kind < RandomEvents::kTypes; ++kind) {
      const Event event = events.of_kind(kind);
      Bytes bytes;
      encode(event, bytes);
      ByteReader in(bytes);
      const Result<Event> back = decode(in);
      ASSERT_TRUE(back.ok()) << back.status().message();
      ASSERT_EQ(*back, event);
      ASSERT_TRUE(in.at_end());
      const Result<Decoded> again = decode(bytes, reused);
      ASSERT_TRUE(again.ok());
      ASSERT_EQ(reused, event);
    }
  }
}

TEST(RecordProperty, EveryCutIsNoticed) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    RandomEvents events(seed);
    for (std::size_t kind = 0; kind < RandomEvents::kTypes; ++kind) {
      Bytes bytes;
      encode(events.of_kind(kind), bytes);
      Event event;
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        ASSERT_FALSE(decode(ByteView(bytes).substr(0, size), event).ok()) << "size " << size;
      }
    }
  }
}

// The record has no checksum, so a flip may give another event; it must not do anything worse.
TEST(RecordProperty, NoFlippedBitDoesHarm) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    RandomEvents events(seed);
    for (std::size_t kind = 0; kind < RandomEvents::kTypes; ++kind) {
      Bytes bytes;
      encode(events.of_kind(kind), bytes);
      Event event;
      for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
        static_cast<void>(decode(bytes, event));
        bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
      }
    }
  }
}

TEST(RecordProperty, RandomBytesDoNoHarm) {
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    Random random(seed);
    Bytes bytes(random.below(200), '\0');
    for (char& c : bytes) c = static_cast<char>(random.next());
    Event event;
    static_cast<void>(for_each_record(bytes, [&](const RecordHeader&, ByteView record) {
      static_cast<void>(decode(record, event));
      return Status();
    }));
  }
}

}  // namespace
}  // namespace tenuto::testing
