// A scratch directory for stores, removed at the end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace tenuto::bench {

class Scratch {
 public:
  explicit Scratch(const std::string& base) {
    std::string pattern = base + "/tenuto-bench-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch directory in " + base);
    path_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  // A new path below it.
  [[nodiscard]] std::string next() { return path_ + "/" + std::to_string(count_++); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  int count_ = 0;
};

}  // namespace tenuto::bench
