// How bodies reach an owner: registration, and pools that hosts serve.
#include <algorithm>

#include "core/engine/owner.h"

namespace tenuto {

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
  std::vector<RunRef> released;
  auto number = core_->actions().register_native(action, std::move(body), released);
  core_->wake_parked(released);
  return number;
}

Result<std::uint32_t> OwnerEngine::register_hosted(std::string_view action) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  std::vector<RunRef> released;
  auto number = core_->actions().register_hosted(action, released);
  core_->wake_parked(released);
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
    return pool_.poll(max, timeout_ns, out, &closed_);
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
    return engine_->core_->report(reports, *lease);
  }
  Result<int> event_fd() override { return pool_.event_fd(); }
  void close() override {
    if (closed_.exchange(true)) return;
    pool_.add_slots(-std::int64_t{slots_}, engine_->clock_.wall());
    pool_.wake_all();
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
