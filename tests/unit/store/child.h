// Another process, for tests of what processes do to each other.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "core/base/check.h"

namespace tenuto::testing {

// Runs `body` in a forked child and returns its result there; 255 when the child was killed.
inline int in_child(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  TN_CHECK(pid >= 0);
  if (pid == 0) ::_exit(body());
  int status = 0;
  TN_CHECK(::waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

// A child that runs until it is told to go on, with messages of one byte in both directions.
class Child {
 public:
  // `body` gets a function that tells the parent a byte and one that waits for a byte of it.
  using Body = std::function<int(const std::function<void(char)>& tell, const std::function<char()>& wait)>;

  explicit Child(const Body& body) {
    TN_CHECK(::pipe(to_child_) == 0);
    TN_CHECK(::pipe(to_parent_) == 0);
    pid_ = ::fork();
    TN_CHECK(pid_ >= 0);
    if (pid_ != 0) return;
    ::close(to_child_[1]);
    ::_exit(body([this](char c) { TN_CHECK(::write(to_parent_[1], &c, 1) == 1); },
                 [this] { return read(to_child_[0]); }));
  }
  ~Child() {
    if (pid_ != 0) finish();
    for (const int fd : {to_child_[0], to_child_[1], to_parent_[0], to_parent_[1]}) ::close(fd);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  char wait() { return read(to_parent_[0]); }
  void tell(char c) { TN_CHECK(::write(to_child_[1], &c, 1) == 1); }
  void kill() {
    ::kill(pid_, SIGKILL);
    finish();
  }
  // The child's result.
  int finish() {
    int status = 0;
    TN_CHECK(::waitpid(pid_, &status, 0) == pid_);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  }

 private:
  static char read(int fd) {
    char c = 0;
    return ::read(fd, &c, 1) == 1 ? c : '\0';
  }
  int to_child_[2] = {-1, -1};
  int to_parent_[2] = {-1, -1};
  pid_t pid_ = 0;
};

}  // namespace tenuto::testing
