#include "core/engine/owner.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "core/engine/store_info.h"
#include "core/engine/thread.h"
#include "core/query/describe.h"
#include "core/query/history.h"
#include "core/query/list.h"
#include "core/query/load.h"
#include "core/query/stats.h"
#include "core/store/file_log.h"
#include "core/store/lmdb_state.h"
#include "core/store/mem_log.h"
#include "core/store/mem_state.h"

namespace tenuto {
namespace {

constexpr std::uint32_t kNativeThreads = 4;
constexpr Nanos kWaitSlice = 100 * kMillisecond;  // between looks at whether the engine closes; not critical

std::uint32_t default_threads() { return std::max(1u, std::thread::hardware_concurrency()); }

CoreOptions core_options(const EngineOptions& options, const StoreUuid& uuid) {
  CoreOptions core;
  core.threads = options.threads == 0 ? default_threads() : options.threads;
  core.store_key = uuid.high ^ uuid.low;
  core.seed = uuid.low;
  core.wait_for_disk = options.durability == Durability::full;
  core.process = static_cast<std::uint32_t>(::getpid());
  core.version = TENUTO_CORE_VERSION;
  core.retention = {options.retention_age_ns, options.retention_count_max};
  core.store_id = {uuid.high, uuid.low};
  return core;
}

Status check_options(const EngineOptions& options) {
  if (options.threads > Idle::kWorkersMax) {
    return {Code::invalid_argument, "threads: at most " + std::to_string(Idle::kWorkersMax)};
  }
  if (options.retention_age_ns < 0) return {Code::invalid_argument, "retention_age_ns: must not be negative"};
  return {};
}

}  // namespace

// ---- Opening --------------------------------------------------------------------------------------------------------

Result<std::shared_ptr<OwnerEngine>> OwnerEngine::open(const StoreDir& dir, std::unique_ptr<OwnerLock> lock,
                                                       const EngineOptions& options) {
  TN_TRY(check_options(options));
  std::shared_ptr<OwnerEngine> engine(new OwnerEngine());
  engine->options_ = options;
  engine->path_ = dir.path();
  engine->lock_ = std::move(lock);
  TN_ASSIGN(engine->log_, FileLog::open(dir.journal(), false));
  TN_ASSIGN(engine->state_, LmdbState::open(dir.state()));
  TN_ASSIGN(engine->shared_, SharedPage::open_owner(dir.shared_page()));
  engine->inbox_ = std::make_unique<Inbox>(dir.inbox());
  TN_TRY(engine->begin(core_options(options, dir.uuid())));
  return engine;
}

Result<std::shared_ptr<OwnerEngine>> OwnerEngine::open_in_memory(const EngineOptions& options) {
  TN_TRY(check_options(options));
  std::shared_ptr<OwnerEngine> engine(new OwnerEngine());
  engine->options_ = options;
  engine->log_ = std::make_unique<MemLog>();
  engine->state_ = std::make_unique<MemState>();
  TN_ASSIGN(const StoreUuid uuid, random_store_uuid());
  TN_TRY(engine->begin(core_options(options, uuid)));
  return engine;
}

Status OwnerEngine::begin(CoreOptions options) {
  store_key_ = options.store_key;
  core_ = std::make_unique<EngineCore>(options, clock_, *log_, *state_);
  core_->on_durable = [this](Position upto) {
    if (shared_ != nullptr) shared_->publish_durable(upto);
    materialise_parker_.unpark();
  };
  core_->on_uncommitted = [this] {
    if (!commit_awake_.exchange(true)) commit_parker_.unpark();
  };
  core_->on_command_settled = [this](const std::string& file) { inbox_->remove(file); };
  TN_TRY(core_->recover());
  if (shared_ != nullptr) {
    shared_->begin(core_->generation(), ::getpid());
    shared_->publish_durable(core_->committer().durable());
  }
  TN_TRY(start_threads());
  core_->resume_runs();
  return {};
}

Status OwnerEngine::start_threads() {
  Housekeeper::Duties duties;
  duties.fire_timers = [this] { core_->fire_timers(); };
  if (inbox_ != nullptr) {
    duties.inbox = inbox_->directory();
    duties.read_inbox = [this] { read_inbox(); };
  }
  housekeeper_ = std::make_unique<Housekeeper>(core_->timers(), std::move(duties));
  Status status = core_->scheduler().start();
  if (status.ok()) status = start_thread(commit_thread_, "tenuto-commit", [this] { commit_loop(); });
  if (status.ok()) status = start_thread(materialise_thread_, "tenuto-tables", [this] { materialise_loop(); });
  if (status.ok()) status = housekeeper_->start();
  if (!status.ok()) stop_threads();
  return status;
}

// ---- Threads --------------------------------------------------------------------------------------------------------

void OwnerEngine::commit_loop() {
  Contexts::Lease lease(core_->contexts());
  Committer& committer = core_->committer();
  while (!stopping_.load(std::memory_order_acquire)) {
    if (core_->commit_one(*lease)) continue;
    if (committer.stall() != Stall::none && committer.is_behind()) {
      (void)commit_parker_.park_for(std::max(committer.retry_after(), kMillisecond));
      continue;
    }
    // Set before the last look, so that who publishes after the look sees it and wakes us.
    commit_awake_.store(false);
    if (core_->commit_one(*lease)) continue;
    commit_parker_.park();
  }
}

void OwnerEngine::materialise_loop() {
  while (!stopping_.load(std::memory_order_acquire)) {
    if (core_->materialise_one()) continue;
    const auto due = core_->materialiser().next_due(clock_.wall());
    if (!due.has_value()) {
      materialise_parker_.park();
    } else {
      (void)materialise_parker_.park_for(std::max<Nanos>(due->ns - clock_.wall().ns, kMillisecond));
    }
  }
}

void OwnerEngine::native_loop() {
  Contexts::Lease lease(core_->contexts());
  std::vector<TicketToken> tokens;
  while (core_->native_pool().poll(1, -1, tokens).ok()) {
    for (const TicketToken token : tokens) core_->run_body(token, *lease);
    tokens.clear();
  }
}

Status OwnerEngine::start_native_threads() {
  MutexLock lock(native_mutex_);
  while (native_threads_.size() < kNativeThreads) {
    std::thread thread;
    const Status status = start_thread(thread, "tenuto-native", [this] { native_loop(); });
    // Fewer threads are slower, none would never run the body.
    if (!status.ok()) return native_threads_.empty() ? status : Status();
    native_threads_.push_back(std::move(thread));
  }
  return {};
}

void OwnerEngine::stop_threads() {
  core_->pools().for_each([](Pool& pool) { pool.close(); });
  core_->native_pool().close();
  if (housekeeper_ != nullptr) housekeeper_->stop();
  core_->scheduler().stop();
  stopping_.store(true, std::memory_order_release);
  commit_parker_.unpark();
  materialise_parker_.unpark();
  if (commit_thread_.joinable()) commit_thread_.join();
  if (materialise_thread_.joinable()) materialise_thread_.join();
  MutexLock lock(native_mutex_);
  for (std::thread& thread : native_threads_) thread.join();
  native_threads_.clear();
}

// ---- Closing --------------------------------------------------------------------------------------------------------

OwnerEngine::~OwnerEngine() { (void)close(CloseHow::detach, 0); }

Role OwnerEngine::role() const { return closed_.load(std::memory_order_acquire) ? Role::none : Role::owner; }

void OwnerEngine::drain(Nanos timeout_ns, Status& status) {
  const auto begin = std::chrono::steady_clock::now();
  while (!core_->is_quiet() && core_->committer().health().ok()) {
    const auto waited = std::chrono::steady_clock::now() - begin;
    if (timeout_ns >= 0 && waited >= std::chrono::nanoseconds(timeout_ns)) {
      status = Status(Code::timed_out, "some runs were still going on; they continue when the store is opened again");
      return;
    }
    core_->on_uncommitted();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Status OwnerEngine::close(CloseHow how, Nanos timeout_ns) {
  MutexLock lock(close_mutex_);
  if (ended_) return {};
  ended_ = true;
  // In a forked child the threads, the lock and the tables are the parent's.
  if (fork_guard::is_forked_child(fork_mark_)) {
    closed_.store(true, std::memory_order_release);
    return {};
  }
  Status status;
  if (core_ == nullptr) return status;
  if (how == CloseHow::drain) drain(timeout_ns, status);
  closed_.store(true, std::memory_order_release);
  core_->sample_pools();
  stop_threads();
  // Waits for the calls that are inside; those that come now see closed_.
  const std::unique_lock calls(calls_);
  {
    Contexts::Lease lease(core_->contexts());
    while (core_->commit_one(*lease)) {
    }
  }
  core_->materialise_all();
  if (status.ok()) status = core_->committer().health();
  if (shared_ != nullptr) shared_->end();
  // The core stays for what hosts still hold of it (arguments of bodies that run); the store can be opened again.
  state_.reset();
  log_.reset();
  lock_.reset();
  return status;
}

Status OwnerEngine::check_open() const {
  if (fork_guard::is_forked_child(fork_mark_)) {
    return {Code::forked, "this process was forked from the one that opened " + path_ + "; open the store again here"};
  }
  if (closed_.load(std::memory_order_acquire)) return {Code::closed, "the engine is closed; open it again"};
  return {};
}

// ---- Requests -------------------------------------------------------------------------------------------------------

RunAnswer OwnerEngine::await(const WaiterRef& waiter, Nanos timeout_ns) const {
  const auto begin = std::chrono::steady_clock::now();
  RunAnswer failed;
  for (;;) {
    Nanos slice = kWaitSlice;
    if (timeout_ns >= 0) {
      const Nanos waited = std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
      slice = std::clamp<Nanos>(timeout_ns - waited, 0, kWaitSlice);
    }
    if (waiter->wait(slice)) return waiter->take();
    failed.status = check_open();
    if (failed.status.ok()) failed.status = core_->committer().health();
    if (!failed.status.ok()) return failed;
    if (timeout_ns >= 0 && std::chrono::steady_clock::now() - begin >= std::chrono::nanoseconds(timeout_ns)) {
      failed.status = Status(Code::timed_out, "no answer in time; ask again");
      return failed;
    }
  }
}

Result<RunName> OwnerEngine::start(const StartRequest& request) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  TN_TRY(core_->committer().health());
  const WaiterRef waiter = std::make_shared<Waiter>();
  Result<RunName> name = core_->start(request, CommandId{}, waiter);
  // A refusal for the sake of another run is told when that run is durable, like everything that follows from it.
  if (!name.ok() && name.code() != Code::conflict) return name.status();
  const RunAnswer answer = await(waiter, -1);
  // The run may have ended and been forgotten between the claim of its id and the question: it is durable then.
  if (!answer.status.ok() && answer.status.code() != Code::not_found) return answer.status;
  return name;
}

Result<RunNumber> OwnerEngine::start_many(const PlanRef& plan, std::span<const Payload> inputs) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  TN_TRY(core_->committer().health());
  const WaiterRef waiter = std::make_shared<Waiter>();
  TN_ASSIGN(const RunNumber first, core_->start_many(plan, inputs, waiter));
  TN_TRY(await(waiter, -1).status);
  return first;
}

Result<View> OwnerEngine::view() {
  TN_TRY(check_open());
  TN_TRY(core_->committer().health());
  return View::open(*state_, *log_, core_->committer().durable(), plan_cache_, store_key_);
}

Result<RunName> OwnerEngine::find(std::string_view id) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  // The exact ids of live runs are known without a look at the disk. The run itself answers, when its start is durable.
  if (const auto live = core_->run_table().find_id(id)) {
    const WaiterRef waiter = std::make_shared<Waiter>();
    if (core_->send(live->number, AskState{waiter})) {
      const RunAnswer answer = await(waiter, -1);
      if (!answer.status.ok() && answer.status.code() != Code::not_found) return answer.status;
    }
    return RunName{live->number, std::string(id)};
  }
  TN_ASSIGN(View picture, view());
  TN_ASSIGN(const FoundRun found, picture.find(id));
  return RunName{found.number, found.id};
}

// A run that is not live any more: all of it is in the tables.
RunAnswer OwnerEngine::ended_answer(const RunName& run) {
  RunAnswer answer;
  auto read = state_->begin_read();
  if (!read.ok()) {
    answer.status = read.status();
    return answer;
  }
  auto ended = load_ended(**read, run.number, plan_cache_);
  if (!ended.ok()) {
    answer.status = ended.status();
    return answer;
  }
  answer.number = run.number;
  answer.state = ended->event.state;
  answer.output = ended->event.output;
  answer.failure = ended->event.failure;
  answer.culprit = ended->culprit;
  answer.culprit_attempt = ended->culprit_attempt;
  return answer;
}

RunAnswer OwnerEngine::wait(const RunName& run, Nanos timeout_ns) {
  const std::shared_lock call(calls_);
  RunAnswer answer;
  answer.status = check_open();
  if (!answer.status.ok()) return answer;
  const WaiterRef waiter = std::make_shared<Waiter>();
  if (!core_->send(run.number, AwaitEnd{waiter})) return ended_answer(run);
  answer = await(waiter, timeout_ns);
  return answer.status.code() == Code::not_found ? ended_answer(run) : answer;
}

Result<RunState> OwnerEngine::state(const RunName& run) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  const WaiterRef waiter = std::make_shared<Waiter>();
  RunAnswer answer;
  if (core_->send(run.number, AskState{waiter})) answer = await(waiter, -1);
  if (answer.number.value == 0 || answer.status.code() == Code::not_found) answer = ended_answer(run);
  TN_TRY(answer.status);
  return answer.state;
}

Status OwnerEngine::cancel(const RunName& run, std::string_view reason, std::string_view by) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  const WaiterRef waiter = std::make_shared<Waiter>();
  RunAnswer answer;
  answer.status = Status(Code::not_found, "");
  if (core_->send(run.number, boxed(CancelRun{{std::string(reason), std::string(by), CommandId{}}, waiter}))) {
    answer = await(waiter, -1);
  }
  if (answer.status.code() != Code::not_found) return answer.status;
  answer = ended_answer(run);
  TN_TRY(answer.status);
  return {Code::wrong_state, "run " + run.id + " has ended as " + std::string(to_text(answer.state)) +
                                 "; an ended run can't be cancelled"};
}

Result<Bytes> OwnerEngine::describe(const RunName& run) {
  const std::shared_lock call(calls_);
  TN_ASSIGN(View picture, view());
  DescribeHints hints;
  hints.is_served = [this](std::string_view action) { return core_->actions().is_served(action); };
  return tenuto::describe(picture, run.number, hints);
}

Result<Bytes> OwnerEngine::events(const RunName& run) {
  const std::shared_lock call(calls_);
  TN_ASSIGN(View picture, view());
  return history_lines(picture, run.number);
}

Result<Bytes> OwnerEngine::runs(std::string_view query) {
  const std::shared_lock call(calls_);
  TN_ASSIGN(View picture, view());
  return list_runs(picture, query, clock_.wall());
}

Result<Bytes> OwnerEngine::stats(std::string_view query) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  core_->sample_pools();
  const WaiterRef waiter = std::make_shared<Waiter>();
  core_->record({}, std::make_unique<Answer>(Answer{waiter, {}}));
  TN_TRY(await(waiter, -1).status);
  TN_ASSIGN(View picture, view());
  return run_stats(picture, query, clock_.wall());
}

Result<Bytes> OwnerEngine::info() {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  if (shared_ == nullptr) return Bytes(R"({"path":null,"durability":"memory"})");
  TN_ASSIGN(const StoreDir dir, StoreDir::open(path_));
  return store_info(dir, *state_, *log_, *shared_);
}

// ---- Bodies ---------------------------------------------------------------------------------------------------------

Result<std::uint32_t> OwnerEngine::register_native(std::string_view action, NativeBody body) {
  const std::shared_lock call(calls_);
  if (Status status = check_open(); !status.ok()) {
    if (body.free) body.free();
    return status;
  }
  if (!body.runs_inline) {
    if (Status status = start_native_threads(); !status.ok()) {
      if (body.free) body.free();
      return status;
    }
  }
  std::vector<Offer> released;
  auto number = core_->actions().register_native(action, std::move(body), released);
  core_->release(released, nullptr);
  return number;
}

Result<std::uint32_t> OwnerEngine::register_hosted(std::string_view action) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  std::vector<Offer> released;
  auto number = core_->actions().register_hosted(action, released);
  core_->release(released, nullptr);
  return number;
}

// Keeps the engine alive as long as the host holds it; after close() its pool is closed.
class OwnerEngine::HostedWorker final : public PoolWorker {
 public:
  HostedWorker(std::shared_ptr<OwnerEngine> engine, Pool& pool, std::uint32_t slots)
      : engine_(std::move(engine)), pool_(pool), slots_(slots) {
    pool_.add_slots(slots_, engine_->clock_.wall());
  }
  ~HostedWorker() override { close(); }
  HostedWorker(const HostedWorker&) = delete;
  HostedWorker& operator=(const HostedWorker&) = delete;

  Status poll(std::uint32_t max, Nanos timeout_ns, std::vector<TicketToken>& out) override {
    TN_TRY(engine_->check_open());
    if (closed_.load(std::memory_order_acquire)) return {Code::closed, "the worker is closed"};
    return pool_.poll(max, timeout_ns, out);
  }
  bool begin(TicketToken token, BodyCall& call) override {
    return engine_->check_open().ok() && engine_->core_->begin_body(token, call);
  }
  void give_back(std::span<const TicketToken> tokens) override {
    if (engine_->check_open().ok()) pool_.push(tokens);
  }
  std::size_t complete(std::span<Report> reports) override {
    const std::shared_lock call(engine_->calls_);
    if (!engine_->check_open().ok()) return reports.size();
    Contexts::Lease lease(engine_->core_->contexts());
    std::size_t late = 0;
    for (Report& one : reports) {
      if (!engine_->core_->report(one.token, std::move(one.report), *lease)) ++late;
    }
    return late;
  }
  Result<int> event_fd() override { return pool_.event_fd(); }
  void close() override {
    if (!closed_.exchange(true)) pool_.add_slots(-std::int64_t{slots_}, engine_->clock_.wall());
  }

 private:
  const std::shared_ptr<OwnerEngine> engine_;
  Pool& pool_;
  const std::uint32_t slots_;
  std::atomic<bool> closed_{false};
};

Result<std::shared_ptr<PoolWorker>> OwnerEngine::open_worker(std::string_view pool, std::uint32_t slots) {
  TN_TRY(check_open());
  if (pool.empty() || pool.size() > limits::kNameBytesMax) {
    return Status(Code::invalid_argument, "a pool's name has 1 to 255 bytes");
  }
  return std::shared_ptr<PoolWorker>(
      std::make_shared<HostedWorker>(shared_from_this(), core_->pools().get(pool), std::max(1u, slots)));
}

}  // namespace tenuto
