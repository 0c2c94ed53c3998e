// A directory in the making: filled under another name, and moved to its own when it is whole and durable.
#pragma once

#include <string>

#include "core/base/status.h"
#include "core/store/files.h"

namespace tenuto {

// Without slashes at the end.
[[nodiscard]] std::string plain_path(const std::string& path);

// What is in the way of making a directory `target`: conflict when something is there (with `may_be_empty`, an empty directory isn't),
// invalid_argument when its parent is no directory, or lies in the store `store` (may be empty).
[[nodiscard]] Status check_target(const std::string& target, bool may_be_empty, const std::string& store);

// Removed with all that it holds unless it was moved.
class NewDirectory {
 public:
  // A name nobody has, `target`.`word`-<chance>, and nothing behind it yet.
  static Result<NewDirectory> beside(const std::string& target, const std::string& word);
  NewDirectory(NewDirectory&& other) noexcept
      : target_(std::move(other.target_)), path_(std::exchange(other.path_, {})) {}
  NewDirectory& operator=(NewDirectory&&) = delete;
  ~NewDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }
  // Moves it to `target`, durably; conflict when something came there meanwhile. All in it was synced.
  Status move_in(FileCalls& calls);

 private:
  NewDirectory(std::string target, std::string path) : target_(std::move(target)), path_(std::move(path)) {}
  std::string target_;
  std::string path_;
};

}  // namespace tenuto
