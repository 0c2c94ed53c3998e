#include "core/engine/client.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/base/fork_guard.h"
#include "core/base/run_id.h"
#include "core/engine/store_info.h"
#include "core/query/describe.h"
#include "core/query/history.h"
#include "core/query/list.h"
#include "core/query/load.h"
#include "core/query/run_filter.h"
#include "core/query/stats.h"
#include "core/query/tail.h"
#include "core/store/file_log.h"
#include "core/store/owner_lock.h"
#include "core/upkeep/backup.h"

namespace tenuto {
namespace {

// How long a client sleeps between looks at the journal: short at first, for most answers take a few milliseconds.
class Patience {
 public:
  explicit Patience(Nanos timeout_ns) : timeout_ns_(timeout_ns) {}
  [[nodiscard]] bool is_over() const { return timeout_ns_ >= 0 && waited() >= timeout_ns_; }
  void sleep() {
    Nanos nap = nap_;
    if (timeout_ns_ >= 0) nap = std::clamp<Nanos>(timeout_ns_ - waited(), 0, nap);
    std::this_thread::sleep_for(std::chrono::nanoseconds(nap));
    nap_ = std::min(nap_ * 3 / 2, 20 * kMillisecond);
  }

 private:
  [[nodiscard]] Nanos waited() const {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin_).count();
  }
  const Nanos timeout_ns_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  Nanos nap_ = kMillisecond / 2;
};

// Notices the end of a run in the journal, reading each event once.
class EndWatch {
 public:
  EndWatch(const State& state, const Log& log) : state_(state), log_(log) {}

  // From here on; call it before looking at the run.
  Status begin() {
    TN_ASSIGN(const std::unique_ptr<StateRead> read, state_.begin_read());
    TN_ASSIGN(Tail tail, Tail::from_watermark(log_, *read));
    tail_.emplace(std::move(tail));
    return {};
  }
  // 0: a run that no owner has applied yet; then any new event is news.
  void set_run(RunNumber run) { run_ = run; }

  // True: look at the run again, and begin anew.
  bool has_news(Position durable) {
    bool news = false;
    const Status status = tail_->poll(durable, [&](const Event& event, Position) {
      news = news || run_.value == 0 || (event.run == run_ && event.type() == EventType::run_ended);
    });
    // The journal was recycled under the tail: what it had is in the tables by now.
    return news || !status.ok();
  }

 private:
  const State& state_;
  const Log& log_;
  RunNumber run_;
  std::optional<Tail> tail_;
};

Status owner_only(const char* what) {
  return {Code::owned, std::string(what) +
                           " needs the engine itself, and another process owns the store; do it there, or "
                           "close that process first"};
}

WallTime now() {
  return SystemClock().wall();
}

}  // namespace

Result<std::shared_ptr<ClientEngine>> ClientEngine::open(const StoreDir& dir) {
  std::shared_ptr<ClientEngine> client(new ClientEngine(dir));
  client->fork_mark_ = fork_guard::mark();
  LmdbState::Options read_only;
  read_only.read_only = true;
  TN_ASSIGN(client->state_, LmdbState::open(dir.state(), read_only));
  TN_ASSIGN(client->log_, FileLog::open(dir.journal(), true));
  TN_ASSIGN(client->shared_, SharedPage::open_reader(dir.shared_page()));
  return client;
}

Status ClientEngine::check_open() const {
  if (fork_guard::is_forked_child(fork_mark_)) {
    return {Code::forked, "this process was forked from the one that opened the store; open it again here"};
  }
  if (closed_.load(std::memory_order_acquire)) return {Code::closed, "the engine is closed; open it again"};
  return {};
}

Role ClientEngine::role() const {
  return check_open().ok() ? Role::client : Role::none;
}

// Nothing goes on in a client.
Status ClientEngine::drain(Nanos) {
  return check_open();
}

Status ClientEngine::close(CloseHow, Nanos) {
  const bool forked = fork_guard::is_forked_child(fork_mark_);  // Then the tables are the parent's.
  closed_.store(true, std::memory_order_release);
  if (forked) return {};
  // Waits for the calls that are inside; those that come now see closed_. The store can be opened again while hosts still
  // hold handles, by a client that takes over for one.
  const std::unique_lock calls(calls_);
  state_.reset();
  log_.reset();
  return {};
}

bool ClientEngine::has_owner() const {
  const auto owner = owner_of(dir_.owner_lock());
  return owner.ok() && *owner != 0;
}

Position ClientEngine::durable() const {
  return shared_->durable();
}

Result<View> ClientEngine::view() {
  TN_TRY(check_open());
  return View::open(*state_, *log_, durable(), plan_cache_, dir_.keys());
}

// ---- Commands -------------------------------------------------------------------------------------------------------

Result<std::optional<RunNumber>> ClientEngine::submit_and_wait(const Command& command) {
  TN_TRY(check_open());
  TN_ASSIGN(const StoreUuid random, random_store_uuid());
  // In the order of time: file times are the kernel's ticks, so that a cancel may have that of its start.
  const CommandId id{static_cast<std::uint64_t>(now().ns), random.low};
  TN_TRY(inbox_.submit(id, command));
  Patience patience(-1);
  for (;;) {
    // While the file is there, the outcome can't be durable: no need to read the journal.
    if (!inbox_.contains(id)) {
      TN_ASSIGN(const View picture, view());
      TN_ASSIGN(const std::optional<CommandOutcome> outcome, picture.command(id));
      if (outcome.has_value()) {
        if (outcome->code != Code::ok) return Status(outcome->code, outcome->message);
        return std::optional(outcome->subject);
      }
    } else if (!has_owner()) {
      return std::optional<RunNumber>();
    }
    TN_TRY(check_open());
    patience.sleep();
  }
}

Result<RunName> ClientEngine::start(const StartRequest& request) {
  const std::shared_lock call(calls_);
  StartCommand start;
  start.definition = request.plan->definition();
  start.id = request.id;
  if (start.id.empty()) {
    // The owner would only know a number after it took the command; the client needs a name to ask for now.
    TN_ASSIGN(const StoreUuid random, random_store_uuid());
    start.id = make_run_id(now(), RunNumber{random.high}, random.low);
  }
  TN_TRY(check_chosen_id(start.id));
  if (request.input.content_type() != ContentType::json) {
    return Status(Code::invalid_argument, "a client can start runs with JSON input only");
  }
  start.input = request.input.view();
  start.labels = request.labels;
  start.by = request.by;
  start.test = request.test;
  const std::string id = start.id;
  TN_ASSIGN(const std::optional<RunNumber> number, submit_and_wait(start));
  return RunName{number.value_or(RunNumber{}), id};
}

Result<RunNumber> ClientEngine::start_many(const PlanRef&, std::span<const Payload>) {
  return owner_only("starting many runs at once");
}

Status ClientEngine::cancel(const RunName& run, std::string_view reason, std::string_view by) {
  const std::shared_lock call(calls_);
  auto outcome = submit_and_wait(CancelCommand{run.id, std::string(reason), std::string(by)});
  return outcome.ok() ? Status() : outcome.status();
}

// ---- Reading --------------------------------------------------------------------------------------------------------

// A start that was accepted is no run before an owner has taken it.
Status ClientEngine::explain_missing(const Status& status) const {
  if (status.code() != Code::not_found || has_owner()) return status;
  const auto waiting = inbox_.list();
  if (!waiting.ok() || waiting->empty()) return status;
  const bool one = waiting->size() == 1;
  return {Code::not_found, status.message() + "; no engine is running, and " +
                               std::to_string(waiting->size()) + (one ? " command waits" : " commands wait") +
                               " for one to open the store: the start of this run may be among them"};
}

Result<RunName> ClientEngine::find(std::string_view id) {
  const std::shared_lock call(calls_);
  TN_ASSIGN(const View picture, view());
  auto found = picture.find(id);
  if (!found.ok()) return explain_missing(found.status());
  return RunName{found->number, std::move(found->id)};
}

Result<RunAnswer> ClientEngine::look(const RunName& run) {
  TN_ASSIGN(const View picture, view());
  RunNumber number = run.number;
  if (number.value == 0) {
    // Accepted, and not applied yet when it was started.
    auto found = picture.find_exactly(run.id);
    if (!found.ok() && found.code() == Code::not_found)
      return RunAnswer{{}, RunNumber{}, RunState::queued, {}, {}, {}, 0};
    if (!found.ok()) return found.status();
    number = found->number;
  }
  TN_ASSIGN(const ReplayedRun replayed, replay(picture, number));
  RunAnswer answer;
  answer.number = number;
  answer.state = shown_state(replayed.run);
  answer.output = replayed.run.output();
  if (is_final(answer.state) && answer.state != RunState::completed && replayed.run.trouble != nullptr) {
    answer.failure = replayed.run.trouble->failure;
    if (const TaskIndex culprit = replayed.run.trouble->culprit; culprit != kNoTask) {
      answer.culprit = replayed.run.plan->name_of(culprit);
      answer.culprit_attempt = replayed.run.row(culprit).attempt;
    }
  }
  return answer;
}

Result<RunState> ClientEngine::state(const RunName& run) {
  const std::shared_lock call(calls_);
  TN_ASSIGN(const RunAnswer answer, look(run));
  return answer.state;
}

RunAnswer ClientEngine::wait(const RunName& run, Nanos timeout_ns) {
  const std::shared_lock call(calls_);
  RunAnswer answer;
  answer.status = check_open();
  if (!answer.status.ok()) return answer;
  Patience patience(timeout_ns);
  EndWatch watch(*state_, *log_);
  bool look_again = true;
  for (;;) {
    answer.status = check_open();
    if (!answer.status.ok()) return answer;
    if (look_again) {
      // The watch begins before the look, so that an end between the two is seen by one of them.
      if (!watch.begin().ok()) {
        // The journal was recycled between its snapshot and its segments; the next snapshot is newer.
        if (patience.is_over()) break;
        patience.sleep();
        continue;
      }
      auto looked = look(run);
      if (!looked.ok()) {
        answer.status = looked.status();
        return answer;
      }
      if (is_final(looked->state)) return *std::move(looked);
      watch.set_run(looked->number);
    }
    if (patience.is_over()) break;
    patience.sleep();
    look_again = watch.has_news(durable());
  }
  answer.status = Status(Code::timed_out, "run " + run.id + " has not ended yet; wait again");
  return answer;
}

namespace {

// The number of a run that was only accepted when it was started.
Result<RunNumber> number_of(const View& picture, const RunName& run) {
  if (run.number.value != 0) return run.number;
  TN_ASSIGN(const FoundRun found, picture.find_exactly(run.id));
  return found.number;
}

}  // namespace

Result<Bytes> ClientEngine::describe(const RunName& run) {
  const std::shared_lock call(calls_);
  TN_ASSIGN(const View picture, view());
  TN_ASSIGN(const RunNumber number, number_of(picture, run));
  return tenuto::describe(picture, number, DescribeHints{});
}

Result<Bytes> ClientEngine::events(const RunName& run) {
  const std::shared_lock call(calls_);
  TN_ASSIGN(const View picture, view());
  TN_ASSIGN(const RunNumber number, number_of(picture, run));
  return history_lines(picture, number);
}

Result<Bytes> ClientEngine::runs(std::string_view query) {
  const std::shared_lock call(calls_);
  TN_ASSIGN(const View picture, view());
  return list_runs(picture, query, now());
}

Result<Bytes> ClientEngine::stats(std::string_view query) {
  const std::shared_lock call(calls_);
  TN_ASSIGN(const View picture, view());
  return run_stats(picture, query, now());
}

Result<Bytes> ClientEngine::info() {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  return store_info(dir_, *state_, *log_, *shared_);
}

// ---- Care of the store ----------------------------------------------------------------------------------------------

Result<Bytes> ClientEngine::back_up(const std::string& target, const Progress& progress) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  // Without an owner all that is in the journal will be there for the next one.
  const auto durable_now = [this] { return has_owner() ? std::optional(durable()) : std::nullopt; };
  return tenuto::back_up({dir_, *state_, *log_, durable_now, TENUTO_CORE_VERSION}, target, now(), progress);
}

Result<Bytes> ClientEngine::prune(std::string_view query) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  TN_ASSIGN(const PruneQuery asked, parse_prune_query(query));
  TN_ASSIGN(const PruneCount before, [&]() -> Result<PruneCount> {
    TN_ASSIGN(const std::unique_ptr<StateRead> read, state_->begin_read());
    return count_prunable(*read, asked.request);
  }());
  if (asked.dry_run) return prune_report(before, true);
  if (!has_owner()) {
    return Status(Code::wrong_state,
                  "no process owns " + dir_.path() +
                      ", and a client can't change it; open the store as its owner to prune it");
  }
  TN_ASSIGN(const std::optional<RunNumber> runs, submit_and_wait(PruneCommand{asked.request}));
  if (!runs.has_value()) {
    return Status(Code::wrong_state,
                  "the owner of " + dir_.path() + " has gone; the next one carries the command out");
  }
  PruneCount gone;
  gone.matching = before.matching;
  gone.runs = runs->value;
  return prune_report(gone, false);
}

// ---- Bodies ---------------------------------------------------------------------------------------------------------

Result<std::uint32_t> ClientEngine::register_native(std::string_view, NativeBody body) {
  if (body.free) body.free();
  return owner_only("registering a native body");
}

// Bodies run in the owner; a host that registers its tasks at import need not know which it is.
Result<std::uint32_t> ClientEngine::register_hosted(std::string_view) {
  TN_TRY(check_open());
  return std::uint32_t{0};
}

Result<std::shared_ptr<PoolWorker>> ClientEngine::open_worker(std::string_view, std::uint32_t) {
  return owner_only("serving a pool");
}

const Ticket* ClientEngine::held_ticket(TicketToken) const {
  return nullptr;
}
std::string ClientEngine::run_id_of(const Ticket&) const {
  return {};
}
std::string ClientEngine::idempotency_key_of(const Ticket&) const {
  return {};
}

}  // namespace tenuto
