#include "core/journal/segments.h"

#include <algorithm>
#include <utility>

namespace tenuto {

Segments::Segments(std::vector<LiveSegment> live, std::vector<SegmentNumber> spares,
                   std::size_t segment_bytes, std::size_t window_bytes)
    : window_segments_(window_bytes / segment_bytes), live_(std::move(live)), spares_(std::move(spares)) {
  TN_CHECK(window_segments_ >= 2);
}

void Segments::release_before(Position watermark) {
  MutexLock lock(mutex_);
  released_ = std::max(released_, watermark);
}

// The segment that is written is never released: where its frames end is not known here.
bool Segments::first_is_released() const {
  return live_.size() >= 2 && live_[1].first <= released_;
}

bool Segments::window_is_full() const {
  MutexLock lock(mutex_);
  return live_.size() >= window_segments_ && !first_is_released();
}

Result<SegmentNumber> Segments::take(Log& log, Position first) {
  MutexLock lock(mutex_);
  SegmentNumber number;
  if (!spares_.empty()) {
    number = spares_.front();
    spares_.erase(spares_.begin());
  } else {
    number = SegmentNumber(live_.empty() ? 1 : live_.back().number.value + 1);
    if (first_is_released()) {
      TN_TRY(log.recycle(live_.front().number, number));
      live_.erase(live_.begin());
    } else {
      TN_TRY(log.create(number));
    }
  }
  live_.push_back({number, first});
  return number;
}

std::vector<LiveSegment> Segments::in_use() const {
  MutexLock lock(mutex_);
  return live_;
}

}  // namespace tenuto
