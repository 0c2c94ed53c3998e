#include "core/query/histogram.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"

namespace tenuto {
namespace {

constexpr double kBucketsPerDoubling = 1 << ExponentialHistogram::kScale;

// The bucket of a value above 0.
int bucket_of(Nanos value) {
  return static_cast<int>(std::ceil(std::log2(static_cast<double>(value)) * kBucketsPerDoubling)) - 1;
}

Nanos middle_of(int bucket) {
  return static_cast<Nanos>(std::llround(std::exp2((bucket + 0.5) / kBucketsPerDoubling)));
}

}  // namespace

std::uint64_t percentile_rank(double q, std::uint64_t count) {
  const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count)));
  return std::clamp<std::uint64_t>(rank, 1, count);
}

void ExponentialHistogram::add(Nanos value, std::uint64_t times) {
  if (value <= 0) {
    zeros_ += times;
  } else {
    buckets_[bucket_of(value)] += times;
  }
  count_ += times;
}

void ExponentialHistogram::merge(const ExponentialHistogram& other) {
  for (const auto& [bucket, times] : other.buckets_) buckets_[bucket] += times;
  zeros_ += other.zeros_;
  count_ += other.count_;
}

Nanos ExponentialHistogram::percentile(double q) const {
  TN_CHECK(count_ > 0);
  const std::uint64_t rank = percentile_rank(q, count_);
  std::uint64_t below = zeros_;
  if (rank <= below) return 0;
  for (const auto& [bucket, times] : buckets_) {
    below += times;
    if (rank <= below) return middle_of(bucket);
  }
  return middle_of(buckets_.rbegin()->first);
}

void Durations::add(Nanos value) {
  ++count_;
  seconds_ += value / kSecond;
  nanos_ += value % kSecond;
  if (count_ <= kExactMax) {
    exact_.push_back(value);
    return;
  }
  for (const Nanos kept : exact_) histogram_.add(kept);
  exact_.clear();
  exact_.shrink_to_fit();
  histogram_.add(value);
}

std::optional<Nanos> Durations::percentile(double q) const {
  if (count_ == 0) return std::nullopt;
  if (exact_.empty()) return histogram_.percentile(q);
  const auto at = exact_.begin() + static_cast<std::ptrdiff_t>(percentile_rank(q, count_) - 1);
  std::nth_element(exact_.begin(), at, exact_.end());
  return *at;
}

std::optional<double> Durations::mean_seconds() const {
  if (count_ == 0) return std::nullopt;
  const double sum =
      static_cast<double>(seconds_) + static_cast<double>(nanos_) / static_cast<double>(kSecond);
  return sum / static_cast<double>(count_);
}

}  // namespace tenuto
