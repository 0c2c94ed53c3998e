#include "core/journal/batch_writer.h"

#include "core/journal/fragment.h"
#include "core/journal/record.h"

namespace tenuto {
namespace {

// A buffer that one large value has grown is not kept for ever.
constexpr std::size_t kKeptBytesMax = 2 * limits::kBatchBytesMax;

}  // namespace

void BatchWriter::add(const Event& event) {
  const std::size_t start = records_.size();
  encode(event, records_);
  if (records_.size() - batch_start_ <= kBatchRecordBytesMax) return;
  // The record begins a new batch; a larger one than a batch is alone in its range, and flush() cuts it.
  if (start > batch_start_) cuts_.push_back(start);
  batch_start_ = start;
}

Position BatchWriter::flush(Ring& ring, FullWaiter& waiter) {
  TN_CHECK(!empty());
  cuts_.push_back(records_.size());
  Position end;
  std::size_t start = 0;
  for (const std::size_t cut : cuts_) {
    const ByteView batch = ByteView(records_).substr(start, cut - start);
    start = cut;
    if (batch.size() <= kBatchRecordBytesMax) {
      end = ring.append(batch, waiter);
    } else {
      for_each_piece(batch, ring.next_series(), [&](ByteView piece) { end = ring.append(piece, waiter); });
    }
  }
  cuts_.clear();
  batch_start_ = 0;
  if (records_.capacity() > kKeptBytesMax) records_ = Bytes();
  records_.clear();
  return end;
}

}  // namespace tenuto
