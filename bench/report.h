// What a benchmark hands in: figures, the versions of the peers, and a hash of the work done.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/figure.h"

namespace tenuto::bench {

class Report {
 public:
  // `smoke`: sizes at which figures mean nothing. It says so, and no goal is looked at.
  explicit Report(bool smoke) : smoke_(smoke) {}
  // Later figures belong to this part of the benchmark. Says so on stderr, since a part may take minutes.
  void begin(std::string_view group);
  void add(Figure figure);
  void peer(std::string name, std::string version) { peers_[std::move(name)] = std::move(version); }
  // Work that was done and counted. Two reports with equal hashes are about the same work.
  void worked(std::string_view what, std::uint64_t count);

  // A table of what was added since the last call.
  void print();
  // {"machine": {…}, "smoke": bool, "peers": {…}, "work": hash, "figures": [{group, name, value, unit, vs, against, ratio, min, median,
  // runs, goal, reached}]}. False: the file can't be written.
  [[nodiscard]] bool write_json(const std::string& path) const;

 private:
  struct Entry {
    std::string group;
    Figure figure;
  };
  bool smoke_;
  std::string group_;
  std::vector<Entry> entries_;
  std::size_t printed_ = 0;
  std::map<std::string, std::string> peers_;
  std::uint64_t work_ = 0xcbf29ce484222325;  // FNV-1a
};

}  // namespace tenuto::bench
