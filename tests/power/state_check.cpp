#include "tests/power/state_check.h"

#include <map>
#include <mutex>
#include <set>

#include "core/journal/history_pack.h"
#include "core/journal/recovery.h"
#include "core/query/load.h"
#include "core/query/verify.h"
#include "core/store/file_log.h"
#include "core/store/keys.h"
#include "core/store/lmdb_state.h"
#include "tests/power/workflows.h"

namespace tenuto::testing {
namespace {

constexpr Nanos kDrainLimit = 60 * kSecond;

using Violation = std::string;  // empty: none

std::string name_of(std::uint64_t run) {
  return "run " + std::to_string(run);
}

class Visitor final : public RecoveryVisitor {
 public:
  Status on_workflow(const WorkflowHash&, ByteView, ByteView) override { return {}; }
  Status on_run_event(const Event&) override { return {}; }
  Status on_command(const CommandId&, const CommandOutcome&) override { return {}; }
  Status on_event(const Event& event, Position end) override {
    tail.push_back({event, end});
    return {};
  }
  std::vector<RecordedEvent> tail;
};

// A store that nobody has open.
struct Store {
  std::unique_ptr<FileLog> log;
  std::unique_ptr<LmdbState> state;
  std::unique_ptr<StateRead> tables;
  RecoveredJournal journal;
  std::vector<RecordedEvent> tail;

  static Result<Store> open(const StoreDir& dir) {
    Store store;
    TN_ASSIGN(store.log, FileLog::open(dir.journal(), true, kSegmentBytes));
    LmdbState::Options options;
    options.read_only = true;
    TN_ASSIGN(store.state, LmdbState::open(dir.state(), options));
    Visitor visitor;
    TN_ASSIGN(store.journal, recover(*store.log, *store.state, visitor));
    store.tail = std::move(visitor.tail);
    TN_ASSIGN(store.tables, store.state->begin_read());
    return store;
  }

  // The events of all runs in the tables.
  Result<std::map<std::uint64_t, std::vector<Event>>> histories() const {
    std::set<std::uint64_t> numbers;
    TN_TRY(tables->scan(Table::history, {}, [&](ByteView key, ByteView) {
      if (const auto parsed = parse_history_key(key)) numbers.insert(parsed->run.value);
      return true;
    }));
    Status status;
    TN_TRY(tables->scan(Table::packs, {}, [&](ByteView key, ByteView value) {
      const auto pack = read_pack(key, value);
      if (!pack.ok()) status = pack.status();
      if (!pack.ok()) return false;
      for (const PackedHistory& history : *pack) numbers.insert(history.run.value);
      return true;
    }));
    TN_TRY(status);
    std::map<std::uint64_t, std::vector<Event>> found;
    for (const std::uint64_t number : numbers) {
      TN_ASSIGN(found[number], load_events(*tables, RunNumber(number)));
    }
    return found;
  }

  Violation verify_it() const {
    bool sound = false;
    const Result<Bytes> report = verify(*state, *log, sound);
    if (!report.ok()) return "verify: " + report.status().message();
    return sound ? "" : "verify: " + *report;
  }
};

bool has_ended(const std::vector<Event>& events) {
  return !events.empty() && events.back().type() == EventType::run_ended;
}

// What retention may have taken: of the ended runs old ones, and only while more than it keeps were there.
Violation check_forgotten(const std::vector<std::uint64_t>& missing, std::size_t ended_left,
                          std::uint64_t retention_count) {
  if (missing.empty()) return {};
  if (retention_count == 0) return name_of(missing.front()) + " is lost";
  if (ended_left < retention_count) {
    return name_of(missing.front()) + " is forgotten, and only " + std::to_string(ended_left) +
           " ended runs are left";
  }
  return {};
}

}  // namespace

StateReport StateCheck::look(const Promises& promises) const {
  const Result<StoreDir> dir = StoreDir::open(path_);
  if (!dir.ok()) {
    if (dir.code() == Code::not_found && !promises.store_made) return {};
    return {"the store: " + dir.status().message(), {}};
  }
  const Result<Store> store = Store::open(*dir);
  if (!store.ok()) {
    // Tables and journal are made after the store.
    if (store.code() == Code::not_found && !promises.store_made) return {};
    return {"reading: " + store.status().message(), {}};
  }
  StateReport report;
  report.end = store->journal.next.position;
  const Position applied = store->journal.meta.applied.position;
  if (report.end < promises.durable) {
    report.violation = "the journal ends at " + std::to_string(report.end.value) + ", and durable was " +
                       std::to_string(promises.durable.value);
    return report;
  }
  // The tail.
  std::size_t at = 0;
  const std::vector<RecordedEvent>& events = reference_.events();
  while (at < events.size() && events[at].end <= applied) ++at;
  for (const RecordedEvent& found : store->tail) {
    if (at == events.size() || events[at].end != found.end || !(events[at].event == found.event)) {
      report.violation = "an event at " + std::to_string(found.end.value) + " is another one";
      return report;
    }
    ++at;
  }
  if (at < events.size() && events[at].end <= report.end) {
    report.violation = "an event at " + std::to_string(events[at].end.value) + " is missing";
    return report;
  }
  // The tables.
  const auto histories = store->histories();
  if (!histories.ok()) {
    report.violation = "histories: " + histories.status().message();
    return report;
  }
  std::size_t known = 0;
  std::size_t ended_left = 0;
  std::vector<std::uint64_t> missing;
  for (const auto& [number, run] : reference_.runs()) {
    if (run.started > applied) continue;
    const auto found = histories->find(number);
    if (found == histories->end()) {
      missing.push_back(number);
      if (run.ended == Position() || run.ended > applied)
        report.violation = name_of(number) + " is lost while it was live";
      continue;
    }
    ++known;
    ended_left += has_ended(found->second) ? 1 : 0;
    std::size_t i = 0;
    for (const std::size_t index : run.events) {
      if (events[index].end > applied) break;
      if (i == found->second.size() || !(found->second[i] == events[index].event))
        report.violation =
            name_of(number) + ": event " + std::to_string(i) + " of its history is another one or missing";
      if (!report.violation.empty()) return report;
      ++i;
    }
    if (i != found->second.size()) report.violation = name_of(number) + " has events that it never had";
  }
  report.forgotten = missing.size();
  if (report.violation.empty() && known != histories->size()) report.violation = "a run that never was";
  if (report.violation.empty())
    report.violation = check_forgotten(missing, ended_left, promises.retention_count);
  if (report.violation.empty()) report.violation = store->verify_it();
  return report;
}

namespace {

// What bodies began in a life after the power cut.
class Begun {
 public:
  Begun(const Reference& reference, Position end, const Promises& promises)
      : reference_(reference), end_(end), promises_(promises) {}

  void note(RunNumber run, TaskIndex task, Attempt attempt) {
    std::lock_guard lock(mutex_);
    const std::string what = name_of(run.value) + ", task " + std::to_string(task.value) + ", attempt " +
                             std::to_string(attempt.value);
    if (!seen_.insert({run.value, task.value, attempt.value}).second) violation_ = what + " began twice";
    const RunPositions* known = reference_.run(run);
    if (known == nullptr || known->started > end_) {
      if (promises_.told_numbers.contains(run.value))
        violation_ = what + ": a number that was given to a run that is lost";
      return;
    }
    const auto done = known->done.find(task.value);
    if (done != known->done.end() && done->second <= end_)
      violation_ = what + " began, and its end was recorded";
    if (known->ended != Position() && known->ended <= end_)
      violation_ = what + " began, and its run had ended";
  }
  Violation violation() {
    std::lock_guard lock(mutex_);
    return violation_;
  }

 private:
  const Reference& reference_;
  const Position end_;
  const Promises& promises_;
  std::mutex mutex_;
  std::set<std::tuple<std::uint64_t, std::uint32_t, std::uint32_t>> seen_;
  Violation violation_;
};

// Opens, starts one more run, lets all end, and closes.
Violation live_on(const std::string& path, Begun& begun, const Promises& promises) {
  const auto engine = open_store(path, engine_options(Durability::full, 0));
  if (!engine.ok()) return "opening: " + engine.status().message();
  const Status bodies = register_bodies(
      **engine, [&](RunNumber run, TaskIndex task, Attempt attempt) { begun.note(run, task, attempt); }, 0);
  if (!bodies.ok()) return "registering: " + bodies.message();
  StartRequest request;
  request.plan = shapes().back().plan;
  const Result<RunName> more = (*engine)->start(request);
  if (!more.ok()) return "starting one more run: " + more.status().message();
  if (promises.told_numbers.contains(more->number.value))
    return name_of(more->number.value) + ": its number was given before";
  const Status closed = (*engine)->close(CloseHow::drain, kDrainLimit);
  return closed.ok() ? "" : "closing: " + closed.message();
}

using Histories = std::map<std::uint64_t, std::vector<Event>>;

Violation check_history(std::uint64_t number, const std::vector<Event>& now,
                        const std::vector<RecordedEvent>& events, const RunPositions& run, Position end) {
  std::size_t i = 0;
  for (const std::size_t index : run.events) {
    if (events[index].end > end) break;
    if (i == now.size() || !(now[i] == events[index].event))
      return name_of(number) + ": its history changed at the open";
    ++i;
  }
  return {};
}

Violation check_command(const Note& accepted, const StateRead& tables, const Histories& histories) {
  const std::string what = (accepted.is_start ? "the start of " : "the cancel of ") + accepted.run_id;
  const auto outcome = load_command(tables, accepted.command);
  if (!outcome.ok()) return what + ": " + outcome.status().message();
  if (!outcome->has_value()) return what + " was accepted, and has no outcome";
  const CommandOutcome& known = **outcome;
  std::size_t made = 0;
  for (const auto& [number, events] : histories) {
    const auto* started = std::get_if<RunStarted>(&events.front().body);
    if (started == nullptr) return name_of(number) + " does not begin with its start";
    if (accepted.is_start && started->id == accepted.run_id) ++made;
  }
  if (accepted.is_start && known.code != Code::ok) return what + " was refused: " + known.message;
  if (made > 1) return what + " was carried out " + std::to_string(made) + " times";
  if (!accepted.is_start && known.code != Code::ok && known.code != Code::wrong_state &&
      known.code != Code::not_found)
    return what + " was refused: " + known.message;
  const auto run = histories.find(known.subject.value);
  if (known.code != Code::ok || run == histories.end()) return {};  // forgotten since, or refused
  const auto* ended = std::get_if<RunEnded>(&run->second.back().body);
  if (!accepted.is_start && (ended == nullptr || ended->state != RunState::cancelled))
    return what + " was applied, and it is not cancelled";
  return {};
}

}  // namespace

std::string StateCheck::resume(const Promises& promises, Position end) const {
  Begun begun(reference_, end, promises);
  if (Violation v = live_on(path_, begun, promises); !v.empty()) return v;
  if (Violation v = begun.violation(); !v.empty()) return v;
  const Result<StoreDir> dir = StoreDir::open(path_);
  if (!dir.ok()) return "afterwards: " + dir.status().message();
  const Result<Store> store = Store::open(*dir);
  if (!store.ok()) return "afterwards: " + store.status().message();
  if (!store->tail.empty()) return "afterwards: an orderly close left something behind the tables";
  const auto histories = store->histories();
  if (!histories.ok()) return "afterwards: " + histories.status().message();
  for (const auto& [number, events] : *histories) {
    if (!has_ended(events)) return name_of(number) + " has not ended";
    const RunPositions* run = reference_.run(RunNumber(number));
    if (run == nullptr || run->started > end) continue;
    if (Violation v = check_history(number, events, reference_.events(), *run, end); !v.empty()) return v;
  }
  for (const Note& accepted : promises.accepted) {
    if (Violation v = check_command(accepted, *store->tables, *histories); !v.empty()) return v;
  }
  return store->verify_it();
}

}  // namespace tenuto::testing
