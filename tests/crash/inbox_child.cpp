// Programs to be killed: an owner of a store, and senders of commands to it, through the C ABI.
//
// usage: inbox_child own STORE EFFECTS LIFE relaxed|full     says "open", runs until standard input ends, closes in order
//        inbox_child send STORE NAME [lying|doubling]        starts and cancels runs, for ever; says what it asks and what
//                                                            it is told. `lying`: says so before it asks; `doubling`: asks
//                                                            twice for what is wanted once. The driver must notice.
//        inbox_child check STORE EFFECTS LIFE                opens, lets everything end, lists the runs and who cancelled them
//
// What a sender says, with the time (CLOCK_MONOTONIC, ns): "ask start TOKEN", "told start TOKEN STATUS TIME NUMBER",
// "ask cancel TOKEN REASON", "told cancel TOKEN STATUS TIME REASON".
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <random>
#include <string>

#include "tenuto/tenuto.h"

namespace {

constexpr const char* kDefinition =
    R"({"tenuto": 1, "name": "asked", "tasks": {
        "a": {"use": "effect"}, "b": {"use": "slow", "needs": ["a"]}, "c": {"use": "effect", "needs": ["b"]}}})";

int effects_fd = -1;
std::string life;

void must(tenuto_status status, const char* what) {
  if (status == TENUTO_OK) return;
  std::fprintf(stderr, "%s: %s: %s\n", what, tenuto_status_name(status), tenuto_last_error());
  std::exit(2);
}

long long now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<long long>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// One line, one write: a killed process leaves whole lines.
void write_line(int fd, const std::string& line) {
  const std::string text = line + "\n";
  if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::exit(2);
}

void effect(void*, const tenuto_task* task, tenuto_completion*) {
  write_line(effects_fd, life + " " + tenuto_task_run_id(task) + " " + tenuto_task_path(task) + " " +
                             tenuto_task_idempotency_key(task));
}

void slow(void*, const tenuto_task* task, tenuto_completion*) {
  effect(nullptr, task, nullptr);
  ::usleep(3000);
}

tenuto_engine* open_owner(const char* store, const char* effects, bool relaxed) {
  effects_fd = ::open(effects, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (effects_fd < 0) std::exit(2);
  tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
  options.mode = TENUTO_OPEN_OWNER;
  options.durability = relaxed ? TENUTO_DURABILITY_RELAXED : TENUTO_DURABILITY_FULL;
  options.threads = 2;
  tenuto_engine* engine = nullptr;
  must(tenuto_engine_open(store, std::strlen(store), &options, &engine), "open");
  must(tenuto_engine_register_native(engine, "effect", 6, effect, 0, nullptr, nullptr, nullptr), "register");
  must(tenuto_engine_register_native(engine, "slow", 4, slow, 0, nullptr, nullptr, nullptr), "register");
  return engine;
}

int own(const char* store, const char* effects, bool relaxed) {
  tenuto_engine* engine = open_owner(store, effects, relaxed);
  write_line(STDOUT_FILENO, "open");
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  must(tenuto_engine_close(engine, TENUTO_CLOSE_DETACH, 0), "close");
  tenuto_engine_destroy(&engine);
  return 0;
}

class Sender {
 public:
  Sender(const char* store, std::string name, const std::string& bug)
      : name_(std::move(name)), lies_(bug == "lying"), doubles_(bug == "doubling"), random_(::getpid()) {
    tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
    options.mode = TENUTO_OPEN_CLIENT;
    options.create = 0;
    must(tenuto_engine_open(store, std::strlen(store), &options, &engine_), "open");
    must(tenuto_workflow_compile(kDefinition, std::strlen(kDefinition), &workflow_), "compile");
  }
  [[noreturn]] void work() {
    for (int n = 0;; ++n) {
      const std::string token = name_ + "-" + std::to_string(n);
      tenuto_run* run = start(token, token);
      if (doubles_) {
        tenuto_run* again = start(token, token + "-again");
        tenuto_run_destroy(&again);
      }
      if (run != nullptr && random_() % 2 == 0) {
        ::usleep(static_cast<useconds_t>(random_() % 6000));
        cancel(run, token);
      }
      tenuto_run_destroy(&run);
    }
  }

 private:
  static void say(const std::string& line) { write_line(STDOUT_FILENO, line); }

  tenuto_run* start(const std::string& token, const std::string& id) {
    const std::string labels = R"({"token":")" + token + "\"}";
    tenuto_start_options options = TENUTO_START_OPTIONS_INIT;
    options.id = id.data();
    options.id_size = id.size();
    options.labels = labels.data();
    options.labels_size = labels.size();
    say("ask start " + token);
    if (lies_) {
      say("told start " + token + " OK " + std::to_string(now_ns()) + " 0");
      ::usleep(3000);  // the lie lasts long enough for a kill to fall into it
    }
    tenuto_run* run = nullptr;
    const tenuto_status status = tenuto_engine_start(engine_, workflow_, &options, &run);
    const std::string number = run == nullptr ? "0" : std::to_string(tenuto_run_number(run));
    say("told start " + token + " " + tenuto_status_name(status) + " " + std::to_string(now_ns()) + " " +
        number);
    return run;
  }
  void cancel(tenuto_run* run, const std::string& token) {
    const std::string reason = "reason-" + token;
    say("ask cancel " + token + " " + reason);
    const tenuto_status status = tenuto_run_cancel(run, reason.data(), reason.size(), nullptr, 0);
    say("told cancel " + token + " " + tenuto_status_name(status) + " " + std::to_string(now_ns()) + " " +
        reason);
  }

  const std::string name_;
  const bool lies_;
  const bool doubles_;
  std::minstd_rand random_;
  tenuto_engine* engine_ = nullptr;
  tenuto_workflow* workflow_ = nullptr;
};

std::string text_of(tenuto_buffer* buffer) {
  std::string text = tenuto_buffer_data(buffer, nullptr);
  tenuto_buffer_destroy(&buffer);
  return text;
}

bool has_commands(const char* store) {
  const std::filesystem::directory_iterator files(std::string(store) + "/inbox");
  return std::any_of(begin(files), end(files),
                     [](const auto& file) { return file.path().extension() == ".json"; });
}

// The rows of the list as they are, each followed by the events of its run.
int check(const char* store, const char* effects) {
  tenuto_engine* engine = open_owner(store, effects, false);
  // What came before is in the list when its file is gone.
  while (has_commands(store)) ::usleep(500);
  const std::string query = R"({"limit": 100000})";
  tenuto_buffer* rows = nullptr;
  must(tenuto_engine_runs(engine, query.data(), query.size(), &rows), "runs");
  const std::string lines = text_of(rows);
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    const std::string row = lines.substr(at, end - at);
    at = end + 1;
    std::printf("run %s\n", row.c_str());
    const std::size_t key = row.find("\"id\":\"") + 6;
    const std::string id = row.substr(key, row.find('"', key) - key);
    tenuto_run* run = nullptr;
    must(tenuto_engine_find(engine, id.data(), id.size(), &run), "find");
    // The row says how the run was when it was listed.
    const tenuto_status ended = tenuto_run_result(run, 20'000'000'000, nullptr);
    int32_t state = 0;
    must(tenuto_run_state(run, &state), "state");
    std::printf("state %s\n", ended == TENUTO_STATUS_TIMED_OUT ? "\"stuck\""
                              : state == TENUTO_RUN_CANCELLED  ? "\"cancelled\""
                              : state == TENUTO_RUN_COMPLETED  ? "\"completed\""
                                                               : "\"other\"");
    tenuto_buffer* events = nullptr;
    must(tenuto_run_events(run, &events), "events");
    tenuto_run_destroy(&run);
    const std::string text = text_of(events);
    for (std::size_t line = 0; line < text.size();) {
      const std::size_t line_end = text.find('\n', line);
      std::printf("event %s\n", text.substr(line, line_end - line).c_str());
      line = line_end + 1;
    }
  }
  std::printf("end\n");
  must(tenuto_engine_close(engine, TENUTO_CLOSE_DETACH, 0), "close");
  tenuto_engine_destroy(&engine);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "own" && argc == 6) {
    life = argv[4];
    return own(argv[2], argv[3], std::strcmp(argv[5], "relaxed") == 0);
  }
  if (mode == "send" && argc >= 4) Sender(argv[2], argv[3], argc > 4 ? argv[4] : "").work();
  if (mode == "check" && argc == 5) {
    life = argv[4];
    return check(argv[2], argv[3]);
  }
  std::fprintf(stderr,
               "usage: inbox_child own STORE EFFECTS LIFE relaxed|full | send STORE NAME [BUG] | "
               "check STORE EFFECTS LIFE\n");
  return 2;
}
