// A scratch directory, removed at the end with all that is in it. Make it before the store that lies in it.
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
  [[nodiscard]] const std::string& path() const { return path_; }
  // Of a store in it.
  [[nodiscard]] std::string store() const { return path_ + "/store"; }

 private:
  std::string path_;
};

}  // namespace tenuto::bench
