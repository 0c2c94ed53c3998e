#include "core/journal/fragment.h"

#include <gtest/gtest.h>

#include "tests/support/journal_world.h"

namespace tenuto::testing {
namespace {

Bytes large_record(std::size_t size, RunNumber run = RunNumber(5)) {
  Bytes value(size, '\0');
  Random random(size);
  for (char& c : value) c = static_cast<char>(random.next());
  Bytes record;
  encode(done_event(run, 1, Payload::make(ContentType::bytes, value)), record);
  return record;
}

std::vector<Bytes> pieces_of(const Bytes& record, std::uint64_t series) {
  std::vector<Bytes> pieces;
  for_each_piece(record, series, [&](ByteView piece) { pieces.emplace_back(piece); });
  return pieces;
}

Result<ByteView> feed(Reassembler& reassembler, const Bytes& piece) {
  RecordHeader header;
  EXPECT_TRUE(decode_header(piece, header));
  EXPECT_EQ(header.size, piece.size());
  return reassembler.feed(header, piece);
}

TEST(Fragment, RecordsOfAllSizesComeBack) {
  for (const std::size_t size : {1u << 20, (1u << 20) + 1, 3u << 20, 16u << 20}) {
    const Bytes record = large_record(size);
    const std::vector<Bytes> pieces = pieces_of(record, 9);
    Reassembler reassembler;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      ASSERT_LE(pieces[i].size(), kBatchRecordBytesMax);
      const Result<ByteView> whole = feed(reassembler, pieces[i]);
      ASSERT_TRUE(whole.ok()) << whole.status().message();
      if (i + 1 < pieces.size()) {
        ASSERT_TRUE(whole->empty());
      } else {
        ASSERT_EQ(*whole, ByteView(record));
      }
    }
  }
}

TEST(Fragment, SmallRecordsPassThrough) {
  Reassembler reassembler;
  const Bytes record = large_record(10);
  EXPECT_EQ(*feed(reassembler, record), ByteView(record));
}

TEST(Fragment, SeriesOfOneRunAndOfSeveralMayInterleave) {
  const Bytes a = large_record(2u << 20, RunNumber(0));
  const Bytes b = large_record(3u << 20, RunNumber(0));
  const auto pieces_a = pieces_of(a, 1);
  const auto pieces_b = pieces_of(b, 2);
  Reassembler reassembler;
  ASSERT_TRUE(feed(reassembler, pieces_a[0]).ok());
  ASSERT_TRUE(feed(reassembler, pieces_b[0]).ok());
  ASSERT_TRUE(feed(reassembler, pieces_a[1]).ok());
  ASSERT_TRUE(feed(reassembler, pieces_b[1]).ok());
  EXPECT_EQ(*feed(reassembler, pieces_a[2]), ByteView(a));
  ASSERT_TRUE(feed(reassembler, pieces_b[2]).ok());
  EXPECT_EQ(*feed(reassembler, pieces_b[3]), ByteView(b));
}

TEST(Fragment, AFirstFragmentBeginsTheSeriesAnew) {
  const Bytes lost = large_record(4u << 20);
  const Bytes record = large_record(2u << 20);
  Reassembler reassembler;
  ASSERT_TRUE(feed(reassembler, pieces_of(lost, 1)[0]).ok());
  Result<ByteView> whole = ByteView();
  for (const Bytes& piece : pieces_of(record, 1)) whole = feed(reassembler, piece);
  EXPECT_EQ(*whole, ByteView(record));
}

TEST(Fragment, MissingPiecesAreDamage) {
  const auto pieces = pieces_of(large_record(3u << 20), 1);
  Reassembler reassembler;
  EXPECT_EQ(feed(reassembler, pieces.back()).code(), Code::damaged);
  EXPECT_EQ(feed(reassembler, pieces[1]).code(), Code::damaged);
  reassembler.clear();
  ASSERT_TRUE(feed(reassembler, pieces[0]).ok());
  EXPECT_EQ(feed(reassembler, pieces[2]).code(), Code::damaged);
}

TEST(Fragment, OpenSeriesGoOnAfterSaveAndRestore) {
  const Bytes record = large_record(3u << 20);
  const auto pieces = pieces_of(record, 1);
  Reassembler first;
  ASSERT_TRUE(feed(first, pieces[0]).ok());
  ASSERT_TRUE(feed(first, pieces[1]).ok());
  Reassembler second;
  ASSERT_TRUE(second.restore(first.save()).ok());
  ASSERT_TRUE(feed(second, pieces[2]).ok());
  EXPECT_EQ(*feed(second, pieces[3]), ByteView(record));
  EXPECT_EQ(second.save(), "");
}

}  // namespace
}  // namespace tenuto::testing
