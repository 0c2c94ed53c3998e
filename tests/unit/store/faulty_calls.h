// System calls of which the N-th fails, and a count of them by kind.
#pragma once

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>

#include "core/store/file_calls.h"

namespace tenuto::testing {

// Thread safety: one thread.
class FaultyCalls final : public FileCalls {
 public:
  // The call number `nth` (from 1, of those from now on) fails with `error`; a write does so after half of its bytes
  // when `torn`. Error 0 makes a write short instead, without an error. close() never fails.
  void fail(std::uint64_t nth, int error, bool torn = false) {
    left_ = nth;
    error_ = error;
    torn_ = torn;
    hit_.clear();
  }
  void heal() { left_ = 0; }
  // The kind of the call that failed; empty when the fault has not been met.
  [[nodiscard]] const std::string& hit() const { return hit_; }
  [[nodiscard]] std::uint64_t count(const std::string& kind) const {
    const auto found = counts_.find(kind);
    return found == counts_.end() ? 0 : found->second;
  }
  void forget_counts() { counts_.clear(); }

  int open(const std::string& path, int flags, mode_t mode) override {
    return met("open") ? -error_ : real_.open(path, flags, mode);
  }
  int close(int fd) override { return real_.close(fd); }
  ssize_t pwritev(int fd, const iovec* pieces, int count, std::uint64_t offset) override {
    if (!met("pwritev")) return real_.pwritev(fd, pieces, count, offset);
    if (error_ != 0 && !torn_) return -error_;
    const iovec half{pieces[0].iov_base, std::max<std::size_t>(pieces[0].iov_len / 2, 1)};
    const ssize_t written = real_.pwritev(fd, &half, 1, offset);
    return error_ != 0 ? -error_ : written;
  }
  ssize_t pread(int fd, void* out, std::size_t size, std::uint64_t offset) override {
    if (!met("pread")) return real_.pread(fd, out, size, offset);
    return error_ != 0 ? -error_ : real_.pread(fd, out, (size + 1) / 2, offset);
  }
  std::int64_t size(int fd) override { return met("size") && error_ != 0 ? -error_ : real_.size(fd); }
  int fdatasync(int fd) override { return met("fdatasync") ? -error_ : real_.fdatasync(fd); }
  int fsync(int fd) override { return met("fsync") ? -error_ : real_.fsync(fd); }
  int rename(const std::string& from, const std::string& to) override {
    return met("rename") && error_ != 0 ? -error_ : real_.rename(from, to);
  }
  int unlink(const std::string& path) override {
    return met("unlink") && error_ != 0 ? -error_ : real_.unlink(path);
  }
  int mkdir(const std::string& path, mode_t mode) override {
    return met("mkdir") && error_ != 0 ? -error_ : real_.mkdir(path, mode);
  }
  int list(const std::string& directory, std::vector<std::string>& names) override {
    return met("list") && error_ != 0 ? -error_ : real_.list(directory, names);
  }

 private:
  bool met(const char* kind) {
    ++counts_[kind];
    if (left_ == 0 || --left_ > 0) return false;
    hit_ = kind;
    return error_ != 0 || hit_ == "pwritev" || hit_ == "pread";
  }
  FileCalls& real_ = FileCalls::system();
  std::uint64_t left_ = 0;
  int error_ = 0;
  bool torn_ = false;
  std::string hit_;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace tenuto::testing
