// The C ABI for tests of processes: handles that end with their scope, and words that fail loudly. Everything also works in a forked
// child, where a failed check ends the process with a number of its own.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>

#include "tenuto/tenuto.h"

namespace tenuto::testing {

// Ends the process: tests run these checks in children, too, where nobody reads what a test framework notes.
#define TN_MUST(condition)                                                                                  \
  do {                                                                                                      \
    if (!(condition)) {                                                                                     \
      std::fprintf(stderr, "%s:%d: process %d: %s: %s\n", __FILE__, __LINE__, static_cast<int>(::getpid()), \
                   #condition, tenuto_last_error());                                                        \
      ::_exit(99);                                                                                          \
    }                                                                                                       \
  } while (false)

class Folder {
 public:
  Folder() : path_((std::filesystem::temp_directory_path() / "tenuto-process-XXXXXX").string()) {
    TN_MUST(::mkdtemp(path_.data()) != nullptr);
  }
  ~Folder() {
    std::error_code ignored;
    if (::getpid() == maker_) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  const pid_t maker_ = ::getpid();
  std::string path_;
};

inline std::string text_of(tenuto_buffer* buffer) {
  std::size_t size = 0;
  const char* data = tenuto_buffer_data(buffer, &size);
  std::string text(data, size);
  tenuto_buffer_destroy(&buffer);
  return text;
}

class Workflow {
 public:
  explicit Workflow(const std::string& definition) {
    TN_MUST(tenuto_workflow_compile(definition.data(), definition.size(), &handle_) == TENUTO_OK);
  }
  ~Workflow() { tenuto_workflow_destroy(&handle_); }
  Workflow(const Workflow&) = delete;
  Workflow& operator=(const Workflow&) = delete;
  [[nodiscard]] const tenuto_workflow* get() const { return handle_; }

 private:
  tenuto_workflow* handle_ = nullptr;
};

// A run that is waited for: how it ended, and with what.
struct Ended {
  tenuto_status status = TENUTO_OK;
  std::string output;
};

class Engine {
 public:
  explicit Engine(const std::string& path, std::int32_t mode = TENUTO_OPEN_OWNER) {
    status_ = open(path, mode);
  }
  ~Engine() { tenuto_engine_destroy(&handle_); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] tenuto_status status() const { return status_; }
  [[nodiscard]] tenuto_engine* get() const { return handle_; }
  [[nodiscard]] std::int32_t role() const { return tenuto_engine_role(handle_); }
  void must_be_open() const { TN_MUST(status_ == TENUTO_OK); }
  tenuto_status close() { return tenuto_engine_close(handle_, TENUTO_CLOSE_DETACH, 0); }

  void native(const std::string& action, tenuto_task_fn body, std::uint32_t flags, void* data = nullptr) {
    TN_MUST(tenuto_engine_register_native(handle_, action.data(), action.size(), body, flags, data, nullptr,
                                          nullptr) == TENUTO_OK);
  }
  tenuto_status start(const Workflow& workflow, const std::string& id, tenuto_run** run) {
    tenuto_start_options options = TENUTO_START_OPTIONS_INIT;
    options.id = id.data();
    options.id_size = id.size();
    return tenuto_engine_start(handle_, workflow.get(), id.empty() ? nullptr : &options, run);
  }
  Ended run(const Workflow& workflow, const std::string& id = "") {
    tenuto_run* run = nullptr;
    Ended ended;
    ended.status = start(workflow, id, &run);
    if (ended.status != TENUTO_OK) return ended;
    tenuto_buffer* output = nullptr;
    ended.status = tenuto_run_result(run, 60'000'000'000, &output);
    if (output != nullptr) ended.output = text_of(output);
    tenuto_run_destroy(&run);
    return ended;
  }
  std::string info() {
    tenuto_buffer* json = nullptr;
    TN_MUST(tenuto_engine_info(handle_, &json) == TENUTO_OK);
    return text_of(json);
  }

 private:
  tenuto_status open(const std::string& path, std::int32_t mode) {
    tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
    options.mode = mode;
    options.threads = 2;
    return tenuto_engine_open(path.data(), path.size(), &options, &handle_);
  }
  tenuto_engine* handle_ = nullptr;
  tenuto_status status_ = TENUTO_OK;
};

// How a child ended: its number, or 128 and the signal.
inline int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) != child) TN_MUST(errno == EINTR);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A child that hangs is no child that says "forked": it is ended, and seen to have been.
inline void end_soon() {
  ::signal(SIGALRM, SIG_DFL);
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  ::alarm(30);
}

inline bool is_sound(const std::string& path) {
  tenuto_buffer* report = nullptr;
  const tenuto_status status = tenuto_store_verify(path.data(), path.size(), &report);
  if (report != nullptr) {
    const std::string text = text_of(report);
    if (status != TENUTO_OK) std::fprintf(stderr, "%s\n", text.c_str());
  }
  return status == TENUTO_OK;
}

}  // namespace tenuto::testing
