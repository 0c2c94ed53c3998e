// The engine as its callers see it: one interface, two roles.
//
// OwnerEngine owns the store and runs the workflows; ClientEngine reads snapshots of a store that another process owns
// and sends commands through its inbox. open_engine() gives whichever fits.
//
// Thread safety: all functions by any thread. After close() every function returns Code::closed; in a forked child,
// Code::forked.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/limits.h"
#include "core/base/status.h"
#include "core/engine/actions.h"
#include "core/engine/waiter.h"
#include "core/plan/plan.h"
#include "core/upkeep/progress.h"

namespace tenuto {

enum class OpenMode : std::int32_t { automatic = 0, owner = 1, client = 2 };
enum class Durability : std::int32_t { full = 0, relaxed = 1, memory = 2 };
enum class Role : std::int32_t { none = 0, owner = 1, client = 2 };
enum class CloseHow : std::int32_t { detach = 0, drain = 1 };

// What tests make smaller, so that a short run meets what takes millions of events otherwise.
struct EngineSizes {
  std::size_t segment_bytes = limits::kSegmentBytes;
  std::uint64_t numbers_at_once = limits::kRunNumbersAtOnce;
  Nanos tables_due_after = limits::kTablesDueAfter;
};

struct EngineOptions {
  OpenMode mode = OpenMode::automatic;
  Durability durability = Durability::full;
  std::uint32_t threads = 0;  // 0: one per core
  bool create = true;
  Nanos retention_age_ns = 0;
  std::uint64_t retention_count_max = 0;
  EngineSizes sizes;
};

struct StartRequest {
  PlanRef plan;
  std::string id;  // empty: generated
  Payload input;
  std::string labels;
  std::string by;
  bool test = false;
};

struct RunName {
  RunNumber number;  // 0: a client's start that no owner has applied yet
  std::string id;
};

// Serves a pool for a host; see tenuto_worker_* in the C header.
class PoolWorker {
 public:
  virtual ~PoolWorker() = default;
  // timed_out, closed.
  virtual Status poll(std::uint32_t max, Nanos timeout_ns, std::vector<TicketToken>& out) = 0;
  // False: the ticket was withdrawn; pass it over. Otherwise `call.ticket` may be read until complete().
  virtual bool begin(TicketToken token, BodyCall& call) = 0;
  // Puts tickets that were polled and not begun back.
  virtual void give_back(std::span<const TicketToken> tokens) = 0;
  struct Report {
    TicketToken token;
    BodyReport report;
  };
  // Returns how many came late and have no effect. The reports are moved from.
  virtual std::size_t complete(std::span<Report> reports) = 0;
  virtual Result<int> event_fd() = 0;
  virtual void close() = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  [[nodiscard]] virtual Role role() const = 0;
  // timed_out: it did not drain in time and is closed all the same.
  virtual Status close(CloseHow how, Nanos timeout_ns) = 0;
  // Waits until no run can go on by itself, at most timeout_ns (negative: no limit). timed_out: some still go on.
  virtual Status drain(Nanos timeout_ns) = 0;

  virtual Result<RunName> start(const StartRequest& request) = 0;
  // The first number; the others follow without a gap.
  virtual Result<RunNumber> start_many(const PlanRef& plan, std::span<const Payload> inputs) = 0;
  virtual Result<RunName> find(std::string_view id) = 0;
  virtual Result<RunState> state(const RunName& run) = 0;
  // The answer of an ended run; its status is timed_out while it is not.
  virtual RunAnswer wait(const RunName& run, Nanos timeout_ns) = 0;
  virtual Status cancel(const RunName& run, std::string_view reason, std::string_view by) = 0;

  virtual Result<Bytes> describe(const RunName& run) = 0;
  virtual Result<Bytes> events(const RunName& run) = 0;
  virtual Result<Bytes> runs(std::string_view query) = 0;
  virtual Result<Bytes> stats(std::string_view query) = 0;
  virtual Result<Bytes> info() = 0;

  // JSON as in tenuto_engine_backup and tenuto_engine_prune.
  virtual Result<Bytes> back_up(const std::string& target, const Progress& progress) = 0;
  virtual Result<Bytes> prune(std::string_view query) = 0;

  virtual Result<std::uint32_t> register_native(std::string_view action, NativeBody body) = 0;
  virtual Result<std::uint32_t> register_hosted(std::string_view action) = 0;
  virtual Result<std::shared_ptr<PoolWorker>> open_worker(std::string_view pool, std::uint32_t slots) = 0;

  // The ticket of a body that has begun and has not been reported; nullptr otherwise.
  virtual const Ticket* held_ticket(TicketToken token) const = 0;
  // Texts about a ticket that a body holds.
  virtual std::string run_id_of(const Ticket& ticket) const = 0;
  virtual std::string idempotency_key_of(const Ticket& ticket) const = 0;
};

// One more caller lets go of `engine`, which open_engine() gave; the last one closes it, as asked.
Status close_engine(const std::shared_ptr<Engine>& engine, CloseHow how, Nanos timeout_ns);

// Opens the store in `path`. A store that this process has open already gives the same engine.
// owned, not_found, damaged, newer_format, storage_error, invalid_argument.
Result<std::shared_ptr<Engine>> open_engine(const std::string& path, const EngineOptions& options);

// Checks everything in the store at `path` without opening an engine; JSON as in tenuto_store_verify. `sound` tells
// whether there was no problem.
Result<Bytes> verify_store(const std::string& path, bool& sound);

// JSON as in tenuto_store_restore, tenuto_backup_check and tenuto_store_compact.
Result<Bytes> restore_store(const std::string& backup, const std::string& path, const Progress& progress);
Result<Bytes> check_store_backup(const std::string& backup, const Progress& progress);
Result<Bytes> compact_store(const std::string& path, const Progress& progress);

}  // namespace tenuto
