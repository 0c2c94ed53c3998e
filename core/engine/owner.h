// The engine that owns its store: files, threads and the process around an EngineCore.
//
// Threads: the scheduler's workers; one that commits when no worker is idle; one that materialises; the housekeeper; and
// native-pool threads, from the first native body that may block. Each loop only calls a run_one() of the core.
//
// Shutdown, in close():
//   1. Requests are refused from here on (closed_), waiting callers are told.
//   2. Pools are closed: polls end. The housekeeper stops: no timer fires, no command is read.
//   3. The scheduler stops: no run is processed any more. Native-pool threads end.
//   4. Calls that are inside leave; what is in the ring is committed, then materialised; nothing appends any more.
//   5. The shared page is ended, log and tables are closed, and the lock is released: the store can be opened again.
// Bodies that are out at 3 are lost attempts: their tasks start again at the next open.
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/base/fork_guard.h"
#include "core/engine/core.h"
#include "core/engine/engine.h"
#include "core/engine/housekeeper.h"
#include "core/engine/inbox.h"
#include "core/engine/inbox_duty.h"
#include "core/engine/reader_watch.h"
#include "core/query/view.h"
#include "core/sched/doorbell.h"
#include "core/store/owner_lock.h"
#include "core/store/shared_page.h"
#include "core/store/store_dir.h"

namespace tenuto {

class OwnerEngine final : public Engine, public std::enable_shared_from_this<OwnerEngine> {
 public:
  // `lock` was taken for `dir`.
  static Result<std::shared_ptr<OwnerEngine>> open(const StoreDir& dir, std::unique_ptr<OwnerLock> lock,
                                                   const EngineOptions& options);
  // An engine without a store.
  static Result<std::shared_ptr<OwnerEngine>> open_in_memory(const EngineOptions& options);
  ~OwnerEngine() override;

  [[nodiscard]] Role role() const override;
  Status close(CloseHow how, Nanos timeout_ns) override;
  Status drain(Nanos timeout_ns) override;
  Result<RunName> start(const StartRequest& request) override;
  Result<RunNumber> start_many(const PlanRef& plan, std::span<const Payload> inputs) override;
  Result<RunName> find(std::string_view id) override;
  Result<RunState> state(const RunName& run) override;
  RunAnswer wait(const RunName& run, Nanos timeout_ns) override;
  Status cancel(const RunName& run, std::string_view reason, std::string_view by) override;
  Result<Bytes> describe(const RunName& run) override;
  Result<Bytes> events(const RunName& run) override;
  Result<Bytes> runs(std::string_view query) override;
  Result<Bytes> stats(std::string_view query) override;
  Result<Bytes> info() override;
  Result<Bytes> back_up(const std::string& target, const Progress& progress) override;
  Result<Bytes> prune(std::string_view query) override;
  Result<std::uint32_t> register_native(std::string_view action, NativeBody body) override;
  Result<std::uint32_t> register_hosted(std::string_view action) override;
  Result<std::shared_ptr<PoolWorker>> open_worker(std::string_view pool, std::uint32_t slots) override;
  const Ticket* held_ticket(TicketToken token) const override { return core_->held_ticket(token); }
  std::string run_id_of(const Ticket& ticket) const override;
  std::string idempotency_key_of(const Ticket& ticket) const override {
    return core_->idempotency_key_of(ticket);
  }

 private:
  class HostedWorker;
  OwnerEngine() = default;

  Status begin(CoreOptions core_options);
  Status start_threads();
  Status start_housekeeper();
  void stop_threads();
  void commit_loop();
  void materialise_loop();
  static void step_back();
  void look_after_readers() TN_EXCLUDES(readers_mutex_);
  void wake_tables(Position upto);
  void native_loop();
  Status start_native_threads();

  // Ok while requests may be answered.
  Status check_open() const;
  // Waits for the answer of a request, until it comes or the engine closes.
  RunAnswer await(const WaiterRef& waiter, Nanos timeout_ns) const;
  [[nodiscard]] bool attend(RunNumber run, const WaiterRef& waiter, Nanos timeout_ns);
  RunAnswer ended_answer(const RunName& run);
  Status cancel_run(const RunName& run, CancelAsked cancel);
  Result<View> view();

  EngineOptions options_;
  std::string path_;  // empty: in memory
  std::unique_ptr<OwnerLock> lock_;
  std::unique_ptr<SharedPage> shared_;
  SystemClock clock_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<State> state_;
  LmdbState* tables_ = nullptr;  // state_, of a store
  Mutex readers_mutex_;
  ReaderWatch reader_watch_ TN_GUARDED_BY(readers_mutex_);
  std::unique_ptr<EngineCore> core_;
  std::unique_ptr<Housekeeper> housekeeper_;
  std::unique_ptr<Inbox> inbox_;
  std::unique_ptr<InboxDuty> inbox_duty_;
  StoreKeys store_key_;
  PlanCache plan_cache_;

  const std::uint32_t fork_mark_ = fork_guard::mark();
  std::atomic<bool> closed_{false};
  std::atomic<bool> stopping_{false};
  // Held shared by every call that uses the store, exclusively by the end of close().
  mutable std::shared_mutex calls_;
  Mutex close_mutex_;
  bool ended_ TN_GUARDED_BY(close_mutex_) = false;

  Doorbell commit_bell_;
  Doorbell tables_bell_;
  std::thread commit_thread_;
  std::thread materialise_thread_;
  Mutex native_mutex_;
  std::vector<std::thread> native_threads_ TN_GUARDED_BY(native_mutex_);
};

}  // namespace tenuto
