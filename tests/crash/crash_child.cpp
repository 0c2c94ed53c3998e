// A program to be killed: drives runs on a store through the C ABI, notes every body that begins in a log of its own, and
// tells its driver what has been acknowledged.
//
// usage: crash_child work STORE EFFECTS LIFE [early]   `early` acknowledges before it is true: the driver must notice
//        crash_child check STORE                       ids on standard input -> "id state task task …" of what is recorded
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "tenuto/tenuto.h"

namespace {

constexpr const char* kDefinition =
    R"({"tenuto": 1, "name": "killed", "tasks": {
        "a": {"use": "effect"}, "b": {"use": "effect", "needs": ["a"]}, "c": {"use": "effect", "needs": ["a"]},
        "d": {"use": "flaky", "needs": ["b", "c"], "retry": {"attempts": 3, "backoff": "1ms"}},
        "e": {"use": "effect", "needs": ["d"]}}})";

int effects_fd = -1;

void must(tenuto_status status, const char* what) {
  if (status == TENUTO_OK) return;
  std::fprintf(stderr, "%s: %s: %s\n", what, tenuto_status_name(status), tenuto_last_error());
  std::exit(2);
}

// One line, one write: a killed process leaves whole lines. Written before the body does anything else.
void note(const std::string& line) {
  if (::write(effects_fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::exit(2);
}

void effect(void*, const tenuto_task* task, tenuto_completion*) {
  // One after the other: each text lives until the next call.
  std::string line = std::string(tenuto_task_run_id(task)) + " ";
  line += std::string(tenuto_task_path(task)) + " ";
  line += std::to_string(task->attempt) + " ";
  line += std::string(tenuto_task_idempotency_key(task)) + "\n";
  note(line);
}

void flaky(void*, const tenuto_task* task, tenuto_completion* completion) {
  effect(nullptr, task, completion);
  if (task->attempt % 2 == 1) completion->outcome = TENUTO_OUTCOME_FAILED;
}

// Straight to the pipe: what the driver has read was said before the kill.
void say(const std::string& word, const std::string& id) {
  const std::string line = word + " " + id + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::exit(2);
}

tenuto_engine* open_store(const char* path) {
  tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
  options.mode = TENUTO_OPEN_OWNER;
  options.threads = 2;
  tenuto_engine* engine = nullptr;
  must(tenuto_engine_open(path, std::strlen(path), &options, &engine), "open");
  return engine;
}

int work(const char* store, const char* effects, const std::string& life, bool early) {
  effects_fd = ::open(effects, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (effects_fd < 0) return 2;
  tenuto_engine* engine = open_store(store);
  must(tenuto_engine_register_native(engine, "effect", 6, effect, 0, nullptr, nullptr, nullptr), "register");
  must(tenuto_engine_register_native(engine, "flaky", 5, flaky, TENUTO_NATIVE_INLINE, nullptr, nullptr,
                                     nullptr),
       "register");
  tenuto_workflow* workflow = nullptr;
  must(tenuto_workflow_compile(kDefinition, std::strlen(kDefinition), &workflow), "compile");
  say("open", life);
  for (int wave = 0;; ++wave) {
    std::vector<tenuto_run*> runs;
    for (int i = 0; i < 4; ++i) {
      const std::string id = "run-" + life + "-" + std::to_string(wave) + "-" + std::to_string(i);
      tenuto_start_options options = TENUTO_START_OPTIONS_INIT;
      options.id = id.data();
      options.id_size = id.size();
      if (early) {
        say("started", id);
        ::usleep(5000);  // the lie lasts long enough for a kill to fall into it
      }
      tenuto_run* run = nullptr;
      must(tenuto_engine_start(engine, workflow, &options, &run), "start");
      if (!early) say("started", id);
      runs.push_back(run);
    }
    for (tenuto_run*& run : runs) {
      must(tenuto_run_result(run, -1, nullptr), "result");
      say("ended", tenuto_run_id(run));
      tenuto_run_destroy(&run);
    }
  }
}

// The names of the nodes whose completion is recorded, from the lines of the history.
std::string done_nodes(const std::string& lines) {
  std::string nodes;
  std::size_t at = 0;
  while ((at = lines.find("\"task_done\"", at)) != std::string::npos) {
    const std::size_t key = lines.find("\"node\":\"", at);
    const std::size_t begin = key + 8;
    nodes += " " + lines.substr(begin, lines.find('"', begin) - begin);
    at = begin;
  }
  return nodes;
}

int check(const char* store) {
  tenuto_engine* engine = open_store(store);
  std::string id;
  while (std::getline(std::cin, id)) {
    tenuto_run* run = nullptr;
    const tenuto_status found = tenuto_engine_find(engine, id.data(), id.size(), &run);
    if (found == TENUTO_STATUS_NOT_FOUND) {
      std::printf("%s missing\n", id.c_str());
      continue;
    }
    must(found, "find");
    int32_t state = 0;
    must(tenuto_run_state(run, &state), "state");
    tenuto_buffer* events = nullptr;
    must(tenuto_run_events(run, &events), "events");
    std::printf("%s %s%s\n", id.c_str(), state == TENUTO_RUN_COMPLETED ? "completed" : "live",
                done_nodes(tenuto_buffer_data(events, nullptr)).c_str());
    tenuto_buffer_destroy(&events);
    tenuto_run_destroy(&run);
  }
  std::printf("end\n");
  tenuto_engine_destroy(&engine);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc >= 5 && std::strcmp(argv[1], "work") == 0) return work(argv[2], argv[3], argv[4], argc > 5);
  if (argc == 3 && std::strcmp(argv[1], "check") == 0) return check(argv[2]);
  std::fprintf(stderr, "usage: crash_child work STORE EFFECTS LIFE [early] | check STORE\n");
  return 2;
}
