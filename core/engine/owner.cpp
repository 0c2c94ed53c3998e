#include "core/engine/owner.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>

#include "core/engine/thread.h"
#include "core/store/file_log.h"
#include "core/store/lmdb_state.h"
#include "core/store/mem_log.h"
#include "core/store/mem_state.h"

namespace tenuto {
namespace {

constexpr std::uint32_t kNativeThreads = 4;
constexpr std::uint32_t kRecoveryThreadsMax = 8;  // They are limited by memory.

std::uint32_t default_threads() {
  return std::max(1u, std::thread::hardware_concurrency());
}

// One of the jobs is done here, and so are those that get no thread. An exception goes to the caller.
void do_in_threads(std::span<const std::function<void()>> jobs) {
  std::vector<std::exception_ptr> problems(jobs.size());
  const auto do_one = [&](std::size_t i) {
    try {
      jobs[i]();
    } catch (...) {
      problems[i] = std::current_exception();
    }
  };
  std::vector<std::thread> threads(jobs.size());
  for (std::size_t i = 1; i < jobs.size(); ++i) {
    if (!start_thread(threads[i], "tenuto-recover", [&do_one, i] { do_one(i); }).ok()) do_one(i);
  }
  if (!jobs.empty()) do_one(0);
  for (std::thread& thread : threads) {
    if (thread.joinable()) thread.join();
  }
  for (const std::exception_ptr& problem : problems) {
    if (problem) std::rethrow_exception(problem);
  }
}

CoreOptions core_options(const EngineOptions& options, const StoreUuid& uuid, const StoreKeys& keys) {
  CoreOptions core;
  core.threads = options.threads == 0 ? default_threads() : options.threads;
  core.store_key = keys;
  core.seed = uuid.low;
  core.wait_for_disk = options.durability == Durability::full;
  core.process = static_cast<std::uint32_t>(::getpid());
  core.version = TENUTO_CORE_VERSION;
  core.retention = {options.retention_age_ns, options.retention_count_max};
  core.store_id = {uuid.high, uuid.low};
  core.numbers_at_once = options.sizes.numbers_at_once;
  core.journal_window_bytes =
      limits::kJournalWindowBytes / limits::kSegmentBytes * options.sizes.segment_bytes;
  core.tables_due_after = options.sizes.tables_due_after;
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
  TN_ASSIGN(engine->log_, FileLog::open(dir.journal(), false, options.sizes.segment_bytes));
  TN_ASSIGN(std::unique_ptr<LmdbState> tables, LmdbState::open(dir.state()));
  engine->tables_ = tables.get();
  engine->state_ = std::move(tables);
  TN_ASSIGN(engine->shared_, SharedPage::open_owner(dir.shared_page()));
  engine->inbox_ = std::make_unique<Inbox>(dir.inbox());
  TN_TRY(engine->begin(core_options(options, dir.uuid(), dir.keys())));
  return engine;
}

Result<std::shared_ptr<OwnerEngine>> OwnerEngine::open_in_memory(const EngineOptions& options) {
  TN_TRY(check_options(options));
  std::shared_ptr<OwnerEngine> engine(new OwnerEngine());
  engine->options_ = options;
  engine->log_ = std::make_unique<MemLog>();
  engine->state_ = std::make_unique<MemState>();
  TN_ASSIGN(const StoreUuid uuid, random_store_uuid());
  CoreOptions core = core_options(options, uuid, uuid.key());
  core.is_in_memory = true;
  TN_TRY(engine->begin(std::move(core)));
  return engine;
}

Status OwnerEngine::begin(CoreOptions options) {
  store_key_ = options.store_key;
  core_ = std::make_unique<EngineCore>(options, clock_, *log_, *state_);
  core_->on_durable = [this](Position upto) {
    if (shared_ != nullptr) shared_->publish_durable(upto);
    wake_tables(upto);
  };
  core_->on_prune = [this] { tables_bell_.wake(); };
  core_->on_uncommitted = [this] { commit_bell_.ring(); };
  if (inbox_ != nullptr) {
    inbox_duty_ = std::make_unique<InboxDuty>(*core_, *inbox_, [this] { return view(); });
    core_->on_command_settled = [this](CommandId command) { inbox_duty_->settled(command); };
  }
  core_->jobs_at_once = std::min(options.threads, kRecoveryThreadsMax);
  core_->do_jobs = do_in_threads;
  TN_TRY(core_->recover());
  if (shared_ != nullptr) {
    shared_->begin(core_->generation(), ::getpid());
    shared_->publish_durable(core_->committer().durable());
  }
  TN_TRY(start_threads());
  // Commands that came while nobody was here go first: a run that was cancelled begins no further body.
  if (inbox_ != nullptr) inbox_duty_->read();
  core_->resume_runs();
  return start_housekeeper();
}

Status OwnerEngine::start_threads() {
  Status status = core_->scheduler().start();
  if (status.ok()) status = start_thread(commit_thread_, "tenuto-commit", [this] { commit_loop(); });
  if (status.ok())
    status = start_thread(materialise_thread_, "tenuto-tables", [this] { materialise_loop(); });
  if (!status.ok()) stop_threads();
  return status;
}

Status OwnerEngine::start_housekeeper() {
  Housekeeper::Duties duties;
  duties.fire_timers = [this] { core_->fire_timers(); };
  if (inbox_ != nullptr) {
    duties.inbox = inbox_->directory();
    duties.read_inbox = [this] { inbox_duty_->read(); };
  }
  housekeeper_ = std::make_unique<Housekeeper>(core_->timers(), std::move(duties));
  const Status status = housekeeper_->start();
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
      commit_bell_.sleep_for(std::max(committer.retry_after(), kMillisecond));
      continue;
    }
    commit_bell_.about_to_sleep();
    if (core_->commit_one(*lease)) continue;
    commit_bell_.sleep();
  }
}

// Whoever waits for a commit gets a core before the tables do, which have time until the journal's window is full. Lowers the calling
// thread alone, below what the host gave it; nothing depends on it.
void OwnerEngine::step_back() {
  constexpr int kNicer = 5;
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));  // Linux has priorities by thread
  errno = 0;
  const int before = ::getpriority(PRIO_PROCESS, thread);
  if (errno == 0) (void)::setpriority(PRIO_PROCESS, thread, before + kNicer);
}

// The tables take up what is little when its time has come: no commit needs to wake them for it.
void OwnerEngine::wake_tables(Position upto) {
  if (core_->materialiser().is_far_behind(upto)) {
    tables_bell_.wake();
  } else {
    tables_bell_.ring();
  }
}

// Between transactions of the tables, for only they make the file grow: a reader that died costs what one of them replaces. And
// when somebody asks, for after the last transaction nobody looks again.
void OwnerEngine::look_after_readers() {
  if (tables_ == nullptr) return;
  MutexLock lock(readers_mutex_);
  (void)tables_->clear_dead_readers();
  const auto readers = tables_->readers();
  const auto info = tables_->info();
  if (!readers.ok() || !info.ok()) return;  // an environment that fails is told of by the next transaction
  reader_watch_.look(*readers, info->used_bytes, clock_.wall(), clock_.monotonic());
  shared_->put_held_readers(reader_watch_.held());
}

void OwnerEngine::materialise_loop() {
  step_back();
  while (!stopping_.load(std::memory_order_acquire)) {
    if (core_->materialise_one() || core_->prune_one()) {
      look_after_readers();
      continue;
    }
    tables_bell_.about_to_sleep();
    // With something behind there is a time for it, whatever else is committed. Looked at before the time is asked for: what gets durable
    // in between has no time yet, and rings.
    const bool is_behind = core_->materialiser().applied() < core_->committer().durable();
    const auto due = core_->materialiser().next_due(clock_.wall());
    if (is_behind) tables_bell_.will_wake_by_itself();
    if (!due.has_value()) {
      tables_bell_.sleep();
    } else {
      tables_bell_.sleep_for(std::max<Nanos>(due->ns - clock_.wall().ns, kMillisecond));
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
  commit_bell_.wake();
  tables_bell_.wake();
  if (commit_thread_.joinable()) commit_thread_.join();
  if (materialise_thread_.joinable()) materialise_thread_.join();
  MutexLock lock(native_mutex_);
  for (std::thread& thread : native_threads_) thread.join();
  native_threads_.clear();
}

// ---- Closing --------------------------------------------------------------------------------------------------------

OwnerEngine::~OwnerEngine() {
  (void)close(CloseHow::detach, 0);
}

Role OwnerEngine::role() const {
  return closed_.load(std::memory_order_acquire) ? Role::none : Role::owner;
}

Status OwnerEngine::drain(Nanos timeout_ns) {
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    {
      const std::shared_lock calls(calls_);
      TN_TRY(check_open());
      TN_TRY(core_->health());
      if (core_->is_quiet()) return {};
      core_->on_uncommitted();
    }
    const auto waited = std::chrono::steady_clock::now() - begin;
    if (timeout_ns >= 0 && waited >= std::chrono::nanoseconds(timeout_ns))
      return {Code::timed_out, "some runs are still going on; they continue when the store is opened again"};
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
  if (how == CloseHow::drain) status = drain(timeout_ns);
  closed_.store(true, std::memory_order_release);
  core_->sample_pools();
  stop_threads();
  // Waits for the calls that are inside; those that come now see closed_.
  const std::unique_lock calls(calls_);
  const Status written = core_->write_out();
  if (status.ok()) status = written;
  if (shared_ != nullptr) shared_->end();
  // The core stays for what hosts still hold of it (arguments of bodies that run); the store can be opened again.
  state_.reset();
  tables_ = nullptr;
  log_.reset();
  lock_.reset();
  return status;
}

Status OwnerEngine::check_open() const {
  if (fork_guard::is_forked_child(fork_mark_)) {
    return {Code::forked,
            "this process was forked from the one that opened " + path_ + "; open the store again here"};
  }
  if (closed_.load(std::memory_order_acquire)) return {Code::closed, "the engine is closed; open it again"};
  return {};
}

}  // namespace tenuto
