// A program to be killed: drives runs on a store through the C ABI, notes every body that begins in a log of its own, and
// tells its driver what has been acknowledged.
//
// usage: crash_child work STORE EFFECTS LIFE [early] [closes]
//                                      `early` acknowledges before it is true: the driver must notice
//                                      `closes`: in order, when standard input ends; otherwise it goes on for ever
//        crash_child check STORE                       ids on standard input -> "id state task task …" of what is recorded;
//                                                      then "ended N", how many ended runs the store has
//
// Built with TENUTO_SMALL_STORE its segments are small, its tables follow at once, and it keeps few ended runs: so a short life
// recycles segments, forgets runs and reserves numbers.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "tenuto/tenuto.h"

#ifdef TENUTO_SMALL_STORE
#include "capi/src/handles.h"
#endif

namespace {

constexpr const char* kDefinition =
    R"({"tenuto": 1, "name": "killed", "tasks": {
        "a": {"use": "effect"}, "b": {"use": "effect", "needs": ["a"]}, "c": {"use": "effect", "needs": ["a"]},
        "d": {"use": "flaky", "needs": ["b", "c"], "retry": {"attempts": 3, "backoff": "1ms"}},
        "e": {"use": "effect", "needs": ["d"]}}})";
constexpr const char* kShortDefinition =
    R"({"tenuto": 1, "name": "short", "tasks": {"a": {"use": "nothing"}}})";
constexpr std::size_t kShortRuns = 40;
#ifdef TENUTO_SMALL_STORE
constexpr bool kIsSmall = true;
#else
constexpr bool kIsSmall = false;
#endif

int effects_fd = -1;
std::string life_name;
bool may_close = false;

void must(tenuto_status status, const char* what) {
  if (status == TENUTO_OK) return;
  std::fprintf(stderr, "%s: %s: %s\n", what, tenuto_status_name(status), tenuto_last_error());
  std::exit(2);
}

// One line, one write: a killed process leaves whole lines. Written before the body does anything else.
void note(const std::string& line) {
  if (::write(effects_fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::exit(2);
}

// Tells a library that is preloaded to kill us where we are.
void enter(const char* phase) {
  using SayPhase = void (*)(const char*);
  if (auto* say = reinterpret_cast<SayPhase>(::dlsym(RTLD_DEFAULT, "tenuto_kill_phase"))) say(phase);
}

void nothing(void*, const tenuto_task*, tenuto_completion*) {}

void effect(void*, const tenuto_task* task, tenuto_completion*) {
  // One after the other: each text lives until the next call.
  std::string line = life_name + " ";
  line += tenuto_task_run_id(task);
  line += std::string(" ") + tenuto_task_path(task);
  line += " " + std::to_string(task->attempt) + " ";
  note(line + tenuto_task_idempotency_key(task) + "\n");
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

// `forgets`: with retention, where the store is small.
tenuto_engine* open_store(const char* path, bool forgets) {
  tenuto_engine* engine = nullptr;
#ifdef TENUTO_SMALL_STORE
  tenuto::EngineOptions options;
  options.mode = tenuto::OpenMode::owner;
  options.threads = 2;
  options.retention_count_max = forgets ? 60 : 0;
  options.sizes = {std::size_t{32} << 10, 64, 10 * tenuto::kMillisecond};
  auto opened = tenuto::open_engine(path, options);
  if (!opened.ok()) {
    std::fprintf(stderr, "open: %s\n", opened.status().message().c_str());
    std::exit(2);
  }
  engine = new tenuto_engine();
  engine->engine = *opened;
#else
  static_cast<void>(forgets);
  tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
  options.mode = TENUTO_OPEN_OWNER;
  options.threads = 2;
  must(tenuto_engine_open(path, std::strlen(path), &options, &engine), "open");
#endif
  return engine;
}

tenuto_workflow* compile(const char* definition) {
  tenuto_workflow* workflow = nullptr;
  must(tenuto_workflow_compile(definition, std::strlen(definition), &workflow), "compile");
  return workflow;
}

void register_bodies(tenuto_engine* engine) {
  const auto add = [&](const char* action, tenuto_task_fn body, std::uint32_t flags) {
    must(tenuto_engine_register_native(engine, action, std::strlen(action), body, flags, nullptr, nullptr,
                                       nullptr),
         "register");
  };
  add("effect", effect, 0);
  add("flaky", flaky, TENUTO_NATIVE_INLINE);
  add("nothing", nothing, TENUTO_NATIVE_INLINE);
}

bool is_to_close() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return may_close && ::poll(&input, 1, 0) > 0;
}

tenuto_run* start(tenuto_engine* engine, const tenuto_workflow* workflow, const std::string& id, bool early) {
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
  return run;
}

int work(const char* store, const char* effects, bool early) {
  effects_fd = ::open(effects, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (effects_fd < 0) return 2;
  enter("opening");
  tenuto_engine* engine = open_store(store, true);
  enter("working");
  register_bodies(engine);
  const tenuto_workflow* workflow = compile(kDefinition);
  const tenuto_workflow* small = compile(kShortDefinition);
  say("open", life_name);
  for (int wave = 0; !is_to_close(); ++wave) {
    std::vector<tenuto_run*> runs;
    for (int i = 0; i < 4; ++i) {
      const std::string id = "run-" + life_name + "-" + std::to_string(wave) + "-" + std::to_string(i);
      runs.push_back(start(engine, workflow, id, early));
    }
    const std::vector<tenuto_value> inputs(kShortRuns);
    std::uint64_t first = 0;
    if (kIsSmall && wave % 3 == 0)
      must(tenuto_engine_start_many(engine, small, inputs.data(), inputs.size(), &first), "start_many");
    for (tenuto_run*& run : runs) {
      must(tenuto_run_result(run, -1, nullptr), "result");
      say("ended", tenuto_run_id(run));
      tenuto_run_destroy(&run);
    }
  }
  enter("closing");
  must(tenuto_engine_close(engine, TENUTO_CLOSE_DETACH, 0), "close");
  tenuto_engine_destroy(&engine);
  return 0;
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
  tenuto_engine* engine = open_store(store, false);
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
  tenuto_buffer* rows = nullptr;
  const std::string query = R"({"limit": 1000, "state": ["completed"]})";
  must(tenuto_engine_runs(engine, query.data(), query.size(), &rows), "runs");
  const std::string lines = tenuto_buffer_data(rows, nullptr);
  tenuto_buffer_destroy(&rows);
  std::printf("ended %ld\nend\n", static_cast<long>(std::count(lines.begin(), lines.end(), '\n')));
  tenuto_engine_destroy(&engine);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc >= 5 && std::strcmp(argv[1], "work") == 0) {
    life_name = argv[4];
    bool early = false;
    for (int i = 5; i < argc; ++i) {
      early |= std::strcmp(argv[i], "early") == 0;
      may_close |= std::strcmp(argv[i], "closes") == 0;
    }
    return work(argv[2], argv[3], early);
  }
  if (argc == 3 && std::strcmp(argv[1], "check") == 0) return check(argv[2]);
  std::fprintf(stderr, "usage: crash_child work STORE EFFECTS LIFE [early] [closes] | check STORE\n");
  return 2;
}
