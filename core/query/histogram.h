// Durations for percentiles: exact while they are few, an exponential histogram when they are many.
//
// Thread safety: values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/base/clock.h"

namespace tenuto {

// OpenTelemetry's exponential histogram with base 2 and scale 4: bucket i holds (2^(i/16), 2^((i+1)/16)]. Any two can be
// merged, in any order, with the same outcome; a percentile is off by at most 2.2 %.
class ExponentialHistogram {
 public:
  static constexpr int kScale = 4;

  void add(Nanos value) { add(value, 1); }
  void merge(const ExponentialHistogram& other);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // The value of rank ceil(q * count), as the middle of its bucket. 0 < q <= 1; not empty.
  [[nodiscard]] Nanos percentile(double q) const;

 private:
  void add(Nanos value, std::uint64_t times);

  std::map<int, std::uint64_t> buckets_;  // by index
  std::uint64_t zeros_ = 0;               // 0 and less
  std::uint64_t count_ = 0;
};

// The rank of a percentile among `count` values, from 1: the nearest-rank method.
[[nodiscard]] std::uint64_t percentile_rank(double q, std::uint64_t count);

class Durations {
 public:
  // So many are kept one by one; more go into the histogram.
  static constexpr std::size_t kExactMax = 1u << 16;

  void add(Nanos value);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // None when empty.
  [[nodiscard]] std::optional<Nanos> percentile(double q) const;
  [[nodiscard]] std::optional<double> mean_seconds() const;

 private:
  mutable std::vector<Nanos> exact_;  // its order means nothing
  ExponentialHistogram histogram_;
  std::uint64_t count_ = 0;
  // Whole seconds and what is left of them: no sum overflows, and its order does not matter.
  std::int64_t seconds_ = 0;
  std::int64_t nanos_ = 0;
};

}  // namespace tenuto
