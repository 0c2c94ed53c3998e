// The engine of a process that does not own the store: it reads snapshots, and its commands are files in the inbox.
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>

#include "core/engine/engine.h"
#include "core/engine/inbox.h"
#include "core/query/load.h"
#include "core/query/replay.h"
#include "core/query/view.h"
#include "core/store/lmdb_state.h"
#include "core/store/shared_page.h"
#include "core/store/store_dir.h"

namespace tenuto {

class ClientEngine final : public Engine {
 public:
  static Result<std::shared_ptr<ClientEngine>> open(const StoreDir& dir);

  [[nodiscard]] Role role() const override;
  Status close(CloseHow how, Nanos timeout_ns) override;
  Status drain(Nanos timeout_ns) override;
  // Waits until an owner has applied or refused the command. With no owner the command stays accepted: the name then has
  // the id and the number 0.
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
  // By the owner, which must be there.
  Result<Bytes> prune(std::string_view query) override;
  Result<std::uint32_t> register_native(std::string_view action, NativeBody body) override;
  Result<std::uint32_t> register_hosted(std::string_view action) override;
  Result<std::shared_ptr<PoolWorker>> open_worker(std::string_view pool, std::uint32_t slots) override;
  const Ticket* held_ticket(TicketToken token) const override;
  std::string run_id_of(const Ticket& ticket) const override;
  std::string idempotency_key_of(const Ticket& ticket) const override;

 private:
  explicit ClientEngine(const StoreDir& dir) : dir_(dir), inbox_(dir.inbox()) {}

  Status check_open() const;
  [[nodiscard]] bool has_owner() const;
  // Says of a run that is not found that its start may still wait in the inbox.
  [[nodiscard]] Status explain_missing(const Status& status) const;
  [[nodiscard]] Position durable() const;
  Result<View> view();
  // The run that the command made or changed (of a prune: how many have gone), when its outcome is recorded; none when no
  // owner is there to apply it.
  Result<std::optional<RunNumber>> submit_and_wait(const Command& command);
  // What is durable of the run; queued while no owner has applied its start.
  Result<RunAnswer> look(const RunName& run);

  StoreDir dir_;
  Inbox inbox_;
  std::unique_ptr<LmdbState> state_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<SharedPage> shared_;
  PlanCache plan_cache_;
  std::uint32_t fork_mark_ = 0;
  // Held by every call while it uses the tables; close() takes it alone.
  mutable std::shared_mutex calls_;
  std::atomic<bool> closed_{false};
};

}  // namespace tenuto
