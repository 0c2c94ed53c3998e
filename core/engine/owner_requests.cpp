// What callers ask of an owner: runs and their answers, and the read side.
#include <algorithm>
#include <chrono>

#include "core/base/run_id.h"
#include "core/engine/attendant.h"
#include "core/engine/owner.h"
#include "core/engine/store_info.h"
#include "core/query/describe.h"
#include "core/query/history.h"
#include "core/query/list.h"
#include "core/query/load.h"
#include "core/query/stats.h"

namespace tenuto {
namespace {

// A wait that is shorter must not take part in work: a turn may last a millisecond.
constexpr Nanos kAttendedWaitMin = 10 * kMillisecond;
constexpr Nanos kWaitSlice = 100 * kMillisecond;  // between looks at whether the engine closes; not critical

}  // namespace

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
    if (failed.status.ok()) failed.status = core_->health();
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
  TN_TRY(core_->health());
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
  TN_TRY(core_->health());
  const WaiterRef waiter = std::make_shared<Waiter>();
  TN_ASSIGN(const RunNumber first, core_->start_many(plan, inputs, waiter));
  TN_TRY(await(waiter, -1).status);
  return first;
}

Result<View> OwnerEngine::view() {
  TN_TRY(check_open());
  TN_TRY(core_->health());
  // Where answers don't wait for the disk, what was answered before is made durable now, so that it is in the picture.
  if (!core_->options().wait_for_disk) core_->commit_all();
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

// Asks for the end of the run and does what this thread can do for it. False when the run is not live.
bool OwnerEngine::attend(RunNumber run, const WaiterRef& waiter, Nanos timeout_ns) {
  EngineCore::Attendant attendant(*core_, run);
  if (!attendant.send(AwaitEnd{waiter})) return false;
  const MonoTime begin = clock_.monotonic();
  while (!waiter->is_answered() && check_open().ok() && attendant.run_one()) {
    if (timeout_ns >= 0 && clock_.monotonic().ns - begin.ns >= timeout_ns) break;
  }
  return true;
}

RunAnswer OwnerEngine::wait(const RunName& run, Nanos timeout_ns) {
  const std::shared_lock call(calls_);
  RunAnswer answer;
  answer.status = check_open();
  if (!answer.status.ok()) return answer;
  const WaiterRef waiter = std::make_shared<Waiter>();
  const MonoTime begin = clock_.monotonic();
  const bool is_live = timeout_ns < 0 || timeout_ns >= kAttendedWaitMin
                           ? attend(run.number, waiter, timeout_ns)
                           : core_->send(run.number, AwaitEnd{waiter});
  if (!is_live) return ended_answer(run);
  const Nanos attended = clock_.monotonic().ns - begin.ns;
  answer = await(waiter, timeout_ns < 0 ? timeout_ns : std::max<Nanos>(timeout_ns - attended, 0));
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
  return cancel_run(run, CancelAsked{std::string(reason), std::string(by), CommandId{}});
}

Status OwnerEngine::cancel_run(const RunName& run, CancelAsked cancel) {
  const WaiterRef waiter = std::make_shared<Waiter>();
  RunAnswer answer;
  answer.status = Status(Code::not_found, "");
  if (core_->send(run.number, boxed(CancelRun{std::move(cancel), waiter}))) answer = await(waiter, -1);
  if (answer.status.code() != Code::not_found) return answer.status;
  answer = ended_answer(run);
  TN_TRY(answer.status);
  if (answer.state == RunState::cancelled) return {};
  return {Code::wrong_state, "run " + run.id + " has ended as " + std::string(to_text(answer.state)) +
                                 "; an ended run can't be cancelled"};
}

std::string OwnerEngine::run_id_of(const Ticket& ticket) const {
  if (std::string id = core_->run_id_of(ticket); !id.empty()) return id;
  // The body outlives its run, which was forgotten because all of it is in the tables.
  const std::shared_lock call(calls_);
  if (!check_open().ok()) return {};
  const auto read = state_->begin_read();
  if (!read.ok()) return {};
  std::string id;
  (void)for_each_event(**read, ticket.number, [&](const Event& event) {
    if (const auto* started = std::get_if<RunStarted>(&event.body)) {
      id = shown_run_id(started->id, event.at, event.run, store_key_);
    }
    return false;
  });
  return id;
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
  look_after_readers();
  return store_info(dir, *tables_, *log_, *shared_);
}

}  // namespace tenuto
