// Clients of a store that write down what they ask and what they are told, through the C ABI.
//
// usage: recorder own STORE HISTORY ID PREFIX RUNS SEED [PLANT]      an owner and three of its threads; says "open"
//        recorder client STORE HISTORY ID PREFIX RUNS SEED [PLANT]   another process, two threads; says "open"
//        recorder race STORE COUNT SEED                              cancels that race completions
//
// ID names the process in the history, runs are PREFIX-100, PREFIX-101, … RUNS of them. All of them work at the same few runs at a time, by the
// clock. When standard input ends they stop; an owner then waits for the end of all runs, reads each, and closes. Lines are those of
// checker/main.go, written whole, a call before it is made.
//
// Plants, which the checker must find: "stale" (a state is told as it was read before), "winners" (a refused cancel is told as carried
// out), "lost" (a start is told and not made).
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tenuto/tenuto.h"

namespace {

constexpr const char* kDefinition =
    R"({"tenuto": 1, "name": "recorded", "tasks": {"a": {"use": "body"}}, "output": "${a}"})";
constexpr std::int64_t kWindowNs = 25'000'000;  // how long clients meet at the same runs

int history_fd = -1;
std::string process_name;
std::string plant;
std::atomic<bool> stopping{false};

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// All of one length: no run's id is the beginning of another's.
std::string id_of(const std::string& prefix, std::uint64_t number) {
  return prefix + "-" + std::to_string(100 + number);
}

// One write: a killed process leaves whole lines, and a part of the last one at most.
void write_line(int fd, const std::string& line) {
  const std::string text = line + "\n";
  if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::_Exit(2);
}

void must(tenuto_status status, const char* what) {
  if (status == TENUTO_OK) return;
  std::fprintf(stderr, "%s: %s: %s\n", what, tenuto_status_name(status), tenuto_last_error());
  std::_Exit(2);
}

std::string text_of(tenuto_buffer* buffer) {
  if (buffer == nullptr) return "";
  std::string text = tenuto_buffer_data(buffer, nullptr);
  tenuto_buffer_destroy(&buffer);
  return text;
}

// One operation in the history.
class Operation {
 public:
  Operation(std::string client, const std::string& kind, const std::string& run, const std::string& argument)
      : name_(std::move(client) + " " + std::to_string(++count)) {
    write_line(history_fd, "call " + std::to_string(now_ns()) + " " + name_ + " " + kind + " " + run + " " +
                               (argument.empty() ? "-" : argument));
  }
  void answered(const std::string& answer, const std::string& tag = "") const {
    write_line(history_fd, "return " + std::to_string(now_ns()) + " " + name_ + " " + answer + " " +
                               (tag.empty() ? "-" : tag));
  }

 private:
  static std::atomic<int> count;
  const std::string name_;
};
std::atomic<int> Operation::count{0};

void body(void*, const tenuto_task* task, tenuto_completion* completion) {
  static std::atomic<int> calls{0};
  const std::string tag = process_name + "." + std::to_string(++calls);
  const Operation finish("b" + process_name, "finish", tenuto_task_run_id(task), tag);
  thread_local std::minstd_rand random(static_cast<unsigned>(now_ns()));
  if (random() % 3 != 0) ::usleep(static_cast<useconds_t>(random() % 4000));
  const std::string json = "\"" + tag + "\"";
  completion->result = tenuto_completion_copy(json.data(), json.size());
  completion->result_size = json.size();
}

const char* name_of_state(std::int32_t state) {
  switch (state) {
    case TENUTO_RUN_QUEUED:
      return "queued";
    case TENUTO_RUN_RUNNING:
      return "running";
    case TENUTO_RUN_WAITING:
      return "waiting";
    case TENUTO_RUN_CANCELLING:
      return "cancelling";
    case TENUTO_RUN_COMPLETED:
      return "completed";
    case TENUTO_RUN_CANCELLED:
      return "cancelled";
    default:
      return "other";
  }
}

// What a run answered in tenuto_run_result.
void tell_result(const Operation& operation, tenuto_status status, tenuto_buffer* output) {
  const std::string text = text_of(output);
  if (status == TENUTO_OK) {
    operation.answered("completed", text.substr(1, text.size() - 2));
  } else if (status == TENUTO_STATUS_CANCELLED) {
    operation.answered("cancelled");
  } else {
    operation.answered(tenuto_status_name(status));
  }
}

class Client {
 public:
  Client(tenuto_engine* engine, const tenuto_workflow* workflow, std::string name, std::string prefix,
         std::uint32_t runs, std::uint64_t seed)
      : engine_(engine),
        workflow_(workflow),
        name_(std::move(name)),
        prefix_(std::move(prefix)),
        runs_(runs),
        random_(seed) {}
  ~Client() {
    for (auto& [id, run] : handles_) tenuto_run_destroy(&run);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void work() {
    while (!stopping.load()) {
      const auto window = static_cast<std::uint64_t>(now_ns() / kWindowNs);
      const std::string id = id_of(prefix_, (window * 2 + random_() % 3) % runs_);
      act(id);
      if (random_() % 2 == 0) ::usleep(static_cast<useconds_t>(random_() % 1500));
    }
  }
  // Every run, ended.
  void read_all() {
    for (std::uint32_t i = 0; i < runs_; ++i) {
      const std::string id = id_of(prefix_, i);
      if (!find(id)) continue;
      result(id, 60'000'000'000);
      state(id);
    }
  }

 private:
  void act(const std::string& id) {
    const auto draw = random_() % 10;
    if (draw < 2) return start(id);
    if (!handles_.contains(id)) return static_cast<void>(find(id));
    if (draw < 5) return state(id);
    if (draw < 8) return result(id, static_cast<std::int64_t>(random_() % 12) * 1'000'000);
    if (draw < 9) return cancel(id);
    static_cast<void>(find(id));
  }
  void start(const std::string& id) {
    // Now and then with another input, which is another wish for the same id.
    const std::string variant = random_() % 4 == 0 ? "2" : "1";
    const Operation operation(name_, "start", id, variant);
    if (plant == "lost" && random_() % 8 == 0 && !handles_.contains(id)) return operation.answered("OK");
    tenuto_start_options options = TENUTO_START_OPTIONS_INIT;
    options.id = id.data();
    options.id_size = id.size();
    options.input = variant.data();
    options.input_size = variant.size();
    tenuto_run* run = nullptr;
    const tenuto_status status = tenuto_engine_start(engine_, workflow_, &options, &run);
    const bool is_accepted = status == TENUTO_OK && tenuto_run_number(run) == 0;
    operation.answered(is_accepted ? "ACCEPTED" : tenuto_status_name(status));
    keep(id, run);
  }
  bool find(const std::string& id) {
    const Operation operation(name_, "find", id, "");
    tenuto_run* run = nullptr;
    operation.answered(tenuto_status_name(tenuto_engine_find(engine_, id.data(), id.size(), &run)));
    keep(id, run);
    return run != nullptr;
  }
  void state(const std::string& id) {
    const Operation operation(name_, "state", id, "");
    std::int32_t state = 0;
    const tenuto_status status = tenuto_run_state(handles_.at(id), &state);
    std::string answer = status == TENUTO_OK ? name_of_state(state) : tenuto_status_name(status);
    std::string& before = seen_.try_emplace(id, answer).first->second;
    if (plant == "stale" && random_() % 4 == 0) answer = before;
    before = answer;
    operation.answered(answer);
  }
  void result(const std::string& id, std::int64_t timeout_ns) {
    const Operation operation(name_, "result", id, "");
    tenuto_buffer* output = nullptr;
    const tenuto_status status = tenuto_run_result(handles_.at(id), timeout_ns, &output);
    tell_result(operation, status, output);
  }
  void cancel(const std::string& id) {
    const Operation operation(name_, "cancel", id, "");
    const tenuto_status status = tenuto_run_cancel(handles_.at(id), nullptr, 0, nullptr, 0);
    const bool lies = plant == "winners" && status == TENUTO_STATUS_WRONG_STATE;
    operation.answered(lies ? "OK" : tenuto_status_name(status));
  }
  void keep(const std::string& id, tenuto_run* run) {
    if (run == nullptr) return;
    tenuto_run*& kept = handles_[id];
    tenuto_run_destroy(&kept);
    kept = run;
  }

  tenuto_engine* const engine_;
  const tenuto_workflow* const workflow_;
  const std::string name_;
  const std::string prefix_;
  const std::uint32_t runs_;
  std::minstd_rand random_;
  std::map<std::string, tenuto_run*> handles_;
  std::map<std::string, std::string> seen_;
};

tenuto_engine* open_engine(const char* store, std::int32_t mode) {
  tenuto_engine* engine = nullptr;
  tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
  options.mode = mode;
  must(tenuto_engine_open(store, std::strlen(store), &options, &engine), "open");
  if (mode == TENUTO_OPEN_OWNER) {
    must(tenuto_engine_register_native(engine, "body", 4, body, 0, nullptr, nullptr, nullptr), "register");
  }
  return engine;
}

tenuto_workflow* compile() {
  tenuto_workflow* workflow = nullptr;
  must(tenuto_workflow_compile(kDefinition, std::strlen(kDefinition), &workflow), "compile");
  return workflow;
}

int record(const char* store, bool owns, const std::string& prefix, std::uint32_t runs, std::uint64_t seed) {
  tenuto_engine* engine = open_engine(store, owns ? TENUTO_OPEN_OWNER : TENUTO_OPEN_CLIENT);
  tenuto_workflow* workflow = compile();
  write_line(STDOUT_FILENO, "open");
  const std::string kind = owns ? "o" : "c";
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < (owns ? 3u : 2u); ++i) {
    threads.emplace_back([=] {
      Client(engine, workflow, kind + process_name + "." + std::to_string(i), prefix, runs, seed * 8 + i + 1)
          .work();
    });
  }
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  stopping.store(true);
  for (std::thread& thread : threads) thread.join();
  if (owns) Client(engine, workflow, kind + process_name + ".last", prefix, runs, seed).read_all();
  must(tenuto_engine_close(engine, TENUTO_CLOSE_DETACH, 0), "close");
  tenuto_workflow_destroy(&workflow);
  tenuto_engine_destroy(&engine);
  return 0;
}

void short_body(void* data, const tenuto_task*, tenuto_completion*) {
  for (int i = *static_cast<std::atomic<int>*>(data); i > 0; --i) __builtin_ia32_pause();
}

// One state a run, whoever asks, and the one that the cancel was told.
int race(const char* store, std::uint32_t count, std::uint64_t seed) {
  tenuto_engine* engine = nullptr;
  tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
  options.mode = TENUTO_OPEN_OWNER;
  must(tenuto_engine_open(store, std::strlen(store), &options, &engine), "open");
  std::atomic<int> pauses{0};
  must(tenuto_engine_register_native(engine, "body", 4, short_body, 0, &pauses, nullptr, nullptr),
       "register");
  tenuto_workflow* workflow = compile();
  std::minstd_rand random(seed);
  std::uint32_t cancelled = 0;
  std::uint32_t violations = 0;
  std::vector<std::int32_t> ends;
  std::uint64_t first = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    pauses.store(static_cast<int>(random() % 2000));
    const std::uint32_t delay = random() % 4000;
    tenuto_run* run = nullptr;
    must(tenuto_engine_start(engine, workflow, nullptr, &run), "start");
    if (i == 0) first = tenuto_run_number(run);
    tenuto_status told = TENUTO_OK;
    std::thread canceller([&] {
      for (std::uint32_t n = 0; n < delay; ++n) __builtin_ia32_pause();
      told = tenuto_run_cancel(run, nullptr, 0, nullptr, 0);
    });
    const tenuto_status result = tenuto_run_result(run, -1, nullptr);
    canceller.join();
    const tenuto_status again = tenuto_run_result(run, -1, nullptr);
    std::int32_t state = 0;
    must(tenuto_run_state(run, &state), "state");
    const bool is_cancelled = result == TENUTO_STATUS_CANCELLED;
    const bool fits = is_cancelled ? told == TENUTO_OK && state == TENUTO_RUN_CANCELLED
                                   : result == TENUTO_OK && told == TENUTO_STATUS_WRONG_STATE &&
                                         state == TENUTO_RUN_COMPLETED;
    if (!fits || again != result) {
      ++violations;
      std::printf("run %" PRIu64 ": result %d, again %d, cancel %d, state %d\n", tenuto_run_number(run),
                  result, again, told, state);
    }
    if (is_cancelled) ++cancelled;
    tenuto_run_destroy(&run);
  }
  must(tenuto_engine_close(engine, TENUTO_CLOSE_DETACH, 0), "close");
  tenuto_engine_destroy(&engine);
  tenuto_workflow_destroy(&workflow);
  std::printf("races %u, cancelled %u, violations %u, first %" PRIu64 "\n", count, cancelled, violations,
              first);
  // A race that one side always wins is none.
  return violations == 0 && cancelled > count / 50 && cancelled < count - count / 50 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "race" && argc == 5)
    return race(argv[2], std::strtoul(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10));
  if ((mode == "own" || mode == "client") && argc >= 8) {
    history_fd = ::open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    process_name = argv[4];
    plant = argc > 8 ? argv[8] : "";
    return record(argv[2], mode == "own", argv[5], std::strtoul(argv[6], nullptr, 10),
                  std::strtoull(argv[7], nullptr, 10));
  }
  std::fprintf(
      stderr,
      "usage: recorder own|client STORE HISTORY ID PREFIX RUNS SEED [PLANT] | race STORE COUNT SEED\n");
  return 2;
}
