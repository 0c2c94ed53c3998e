// The floor: append to a file and fdatasync.
#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

#include "bench/arms/step_arm.h"

namespace tenuto::bench {

namespace {

class AppendSync final : public StepArm {
 public:
  explicit AppendSync(const std::string& directory)
      : fd_(::open((directory + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (fd_ < 0) throw std::runtime_error("can't make a file in " + directory);
  }
  ~AppendSync() override { ::close(fd_); }
  void step() override {
    if (::write(fd_, block_, sizeof block_) != static_cast<ssize_t>(sizeof block_) || ::fdatasync(fd_) != 0) {
      throw std::runtime_error("can't append and sync");
    }
  }

 private:
  int fd_;
  char block_[kStepBytes] = {7};
};

}  // namespace

std::unique_ptr<StepArm> make_append_sync(const std::string& directory) {
  return std::make_unique<AppendSync>(directory);
}

}  // namespace tenuto::bench
