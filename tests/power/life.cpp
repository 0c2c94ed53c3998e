#include "tests/power/life.h"

#include <atomic>
#include <thread>

#include "core/engine/inbox.h"
#include "tests/power/recorder.h"
#include "tests/power/workflows.h"

namespace tenuto::testing {
namespace {

constexpr std::uint64_t kNumbersAtOnce = 64;
constexpr Nanos kTablesDueAfter = 15 * kMillisecond;
constexpr std::uint32_t kBodyUsMax = 300;

Note of_run(NoteKind kind, RunNumber run) {
  Note note;
  note.kind = kind;
  note.run = run;
  return note;
}

void must(const Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "power: %s: %s\n", what, status.message().c_str());
  std::abort();
}

// Somebody who asks the engine for this and that.
class Caller {
 public:
  Caller(OwnerEngine& engine, const std::string& inbox, std::uint64_t seed)
      : engine_(engine), inbox_(inbox), seed_(seed), random_(seed) {}

  void step() {
    const std::uint64_t choice = random_.below(20);
    if (choice < 11) {
      start_one();
    } else if (choice < 12) {
      start_many();
    } else if (choice < 14) {
      cancel_one();
    } else if (choice < 17) {
      send_command();
    } else {
      await_all();
    }
  }
  void await_all() {
    for (const RunName& run : runs_) await(run);
    runs_.clear();
  }

 private:
  const Shape& draw_shape() { return shapes()[random_.below(shapes().size())]; }
  std::string new_id() { return "r" + std::to_string(seed_) + "-" + std::to_string(++last_id_); }

  void start_one() {
    StartRequest request;
    request.plan = draw_shape().plan;
    if (random_.chance(1, 2)) request.id = new_id();
    const Result<RunName> run = engine_.start(request);
    must(run.ok() ? Status() : run.status(), "start");
    Recorder::note(of_run(NoteKind::started, run->number));
    runs_.push_back(*run);
    if (random_.chance(1, 3)) await_all();
  }
  void start_many() {
    const std::vector<Payload> inputs(5 + random_.below(30));
    const Result<RunNumber> first = engine_.start_many(shapes().back().plan, inputs);
    must(first.ok() ? Status() : first.status(), "start_many");
    for (std::size_t i = 0; i < inputs.size(); ++i)
      Recorder::note(of_run(NoteKind::started, RunNumber(first->value + i)));
  }
  void cancel_one() {
    if (runs_.empty()) return;
    const RunName run = runs_[random_.below(runs_.size())];
    const Status status = engine_.cancel(run, "power", "");
    if (status.ok()) Recorder::note(of_run(NoteKind::cancelled, run.number));
    if (status.code() != Code::wrong_state) must(status, "cancel");
  }
  void await(const RunName& run) {
    const RunAnswer answer = engine_.wait(run, -1);
    must(answer.status, "wait");
    Recorder::note(of_run(NoteKind::ended, run.number));
  }
  // As a client does it.
  void send_command() {
    Note note;
    note.kind = NoteKind::accepted;
    note.command = CommandId{seed_, random_.next()};
    note.is_start = ids_.empty() || random_.chance(2, 3);
    note.run_id = note.is_start ? new_id() : ids_[random_.below(ids_.size())];
    if (note.is_start) {
      StartCommand start;
      start.definition = draw_shape().plan->definition();
      start.id = note.run_id;
      start.input = "null";
      must(inbox_.submit(note.command, start), "submit");
      ids_.push_back(note.run_id);
    } else {
      must(inbox_.submit(note.command, CancelCommand{note.run_id, "power", ""}), "submit");
    }
    Recorder::note(note);
  }

  OwnerEngine& engine_;
  const Inbox inbox_;
  const std::uint64_t seed_;
  Random random_;
  std::uint64_t last_id_ = 0;
  std::vector<RunName> runs_;     // started, and not awaited
  std::vector<std::string> ids_;  // of runs whose start the inbox accepted
};

}  // namespace

EngineOptions engine_options(Durability durability, std::uint64_t retention_count) {
  EngineOptions options;
  options.mode = OpenMode::owner;
  options.durability = durability;
  options.threads = 2;
  options.retention_count_max = retention_count;
  options.sizes = {kSegmentBytes, kNumbersAtOnce, kTablesDueAfter};
  return options;
}

Result<std::shared_ptr<OwnerEngine>> open_store(const std::string& path, const EngineOptions& options) {
  TN_ASSIGN(StoreDir dir, StoreDir::open_or_create(path));
  TN_ASSIGN(auto lock, OwnerLock::acquire(dir.path(), dir.owner_lock()));
  TN_TRY(dir.upgrade());
  return OwnerEngine::open(dir, std::move(lock), options);
}

void live(const std::string& path, const LifeOptions& options, std::uint64_t seed) {
  const auto engine = open_store(path, engine_options(options.durability, options.retention_count));
  must(engine.ok() ? Status() : engine.status(), "open");
  must(register_bodies(
           **engine,
           [](RunNumber run, TaskIndex task, Attempt attempt) {
             Note note = of_run(NoteKind::begun, run);
             note.task = task;
             note.attempt = attempt;
             Recorder::note(note);
           },
           kBodyUsMax),
       "register");
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      Caller caller(**engine, path + "/inbox", mix64(seed * 2 + i) >> 16);
      for (std::uint32_t step = 0; step < options.steps; ++step) caller.step();
      if (i == 0) caller.await_all();
    });
  }
  for (std::thread& thread : threads) thread.join();
  must((*engine)->close(options.drains ? CloseHow::drain : CloseHow::detach, -1), "close");
  Recorder::note(of_run(NoteKind::closed, RunNumber()));
}

}  // namespace tenuto::testing
