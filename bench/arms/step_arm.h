// An arm that makes one transition durable at a time: what a step of a workflow costs at least, or costs an engine that
// keeps its state in a database.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace tenuto::bench {

// Of one transition: what a record with its surroundings takes.
inline constexpr std::size_t kStepBytes = 200;

class StepArm {
 public:
  virtual ~StepArm() = default;
  // Writes one more transition; returns when it is on the disk.
  virtual void step() = 0;
};

struct StepPeer {
  std::string name;
  std::string version;
  // `directory` is empty and outlives the arm.
  std::unique_ptr<StepArm> (*make)(const std::string& directory);
};

// Those that this program was built with; the first is the floor, append + fdatasync.
std::vector<StepPeer> step_peers();

std::unique_ptr<StepArm> make_append_sync(const std::string& directory);
std::unique_ptr<StepArm> make_lmdb_put(const std::string& directory);
std::unique_ptr<StepArm> make_sqlite_wal(const std::string& directory);
std::string lmdb_version();
std::string sqlite_version();

}  // namespace tenuto::bench
