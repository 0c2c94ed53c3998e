// What verify() found so far.
//
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"

namespace tenuto {

class VerifyReport {
 public:
  void problem(std::string where, std::string what);
  // A problem unless the status is ok; says which.
  bool expect(const std::string& where, const Status& status);
  // The number of things of this kind that were looked at; kinds appear in the order of their first mention.
  std::uint64_t& checked(std::string_view kind);

  [[nodiscard]] bool sound() const { return problems_.empty(); }
  [[nodiscard]] Bytes to_json() const;

 private:
  static constexpr std::size_t kProblemsMax = 100;  // that are written out

  std::vector<std::pair<std::string, std::uint64_t>> checked_;
  std::vector<std::pair<std::string, std::string>> problems_;
  std::uint64_t more_ = 0;
};

}  // namespace tenuto
