#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "capi/src/body.h"
#include "capi/src/handles.h"

using namespace tenuto;
using namespace tenuto::capi;

// Tasks handed out together. `next` is the shared cursor of the host's threads. The sources of its tasks stay valid until
// their completion, also when the batch is destroyed before: they belong to the worker's engine.
struct tenuto_batch {
  tenuto::capi::Tag tag = Tag::batch;
  std::uint32_t fork_mark = fork_guard::mark();
  std::shared_ptr<Engine> engine;
  std::shared_ptr<PoolWorker> worker;
  std::vector<TicketToken> tokens;
  std::atomic<std::size_t> next{0};
};

namespace {

Status complete(tenuto_worker* worker, const tenuto_completion* completions, size_t count, size_t* out_late) {
  std::vector<PoolWorker::Report> reports;
  reports.reserve(count);
  // Walked by the size that the caller's header has: an array of an older, shorter struct has another stride.
  const auto* at = reinterpret_cast<const char*>(completions);
  for (size_t i = 0; i < count; ++i) {
    const auto* given = reinterpret_cast<const tenuto_completion*>(at);
    tenuto_completion completion;
    TN_TRY(read_options(given, tenuto_completion TENUTO_COMPLETION_INIT, "completions[i]", completion));
    at += given->struct_size;
    reports.push_back({TicketToken(completion.token), report_of(completion)});
  }
  const std::size_t late = worker->worker->complete(reports);
  if (out_late != nullptr) *out_late = late;
  return {};
}

}  // namespace

extern "C" {

tenuto_status tenuto_engine_register_hosted(tenuto_engine* engine, const char* action, size_t action_size,
                                            uint32_t* out_action) {
  return guard([&]() -> Status {
    if (out_action != nullptr) *out_action = 0;
    TN_TRY(check_engine(engine));
    std::string_view name;
    TN_TRY(text_argument(action, action_size, "action", name));
    if (name.empty() || name.size() > limits::kNameBytesMax)
      return invalid("action: a name has 1 to 255 bytes");
    TN_ASSIGN(const std::uint32_t number, engine->engine->register_hosted(name));
    if (out_action != nullptr) *out_action = number;
    return {};
  });
}

tenuto_status tenuto_worker_open(tenuto_engine* engine, const char* pool, size_t pool_size,
                                 const tenuto_worker_options* options, tenuto_worker** out_worker) {
  return guard([&]() -> Status {
    if (out_worker == nullptr) return invalid("out_worker is NULL");
    *out_worker = nullptr;
    TN_TRY(check_engine(engine));
    std::string_view name;
    TN_TRY(text_argument(pool, pool_size, "pool", name));
    tenuto_worker_options read;
    TN_TRY(read_options(options, tenuto_worker_options TENUTO_WORKER_OPTIONS_INIT, "options", read));
    auto handle = std::make_unique<tenuto_worker>();
    handle->engine = engine->engine;
    TN_ASSIGN(handle->worker, engine->engine->open_worker(name, read.slots));
    *out_worker = handle.release();
    return {};
  });
}

tenuto_status tenuto_worker_close(tenuto_worker* worker) {
  return guard([&]() -> Status {
    TN_TRY(check_live(worker, Tag::worker, "worker"));
    worker->worker->close();
    return {};
  });
}

void tenuto_worker_destroy(tenuto_worker** worker) {
  destroy(worker, Tag::worker);
}

tenuto_status tenuto_worker_poll(tenuto_worker* worker, uint32_t max, int64_t timeout_ns,
                                 tenuto_batch** out_batch) {
  return guard([&]() -> Status {
    if (out_batch == nullptr) return invalid("out_batch is NULL");
    *out_batch = nullptr;
    TN_TRY(check_live(worker, Tag::worker, "worker"));
    if (max == 0) return invalid("max is 0");
    auto batch = std::make_unique<tenuto_batch>();
    batch->engine = worker->engine;
    batch->worker = worker->worker;
    TN_TRY(worker->worker->poll(max, timeout_ns, batch->tokens));
    *out_batch = batch.release();
    return {};
  });
}

tenuto_status tenuto_worker_event_fd(tenuto_worker* worker, int32_t* out_fd) {
  return guard([&]() -> Status {
    if (out_fd == nullptr) return invalid("out_fd is NULL");
    *out_fd = -1;
    TN_TRY(check_live(worker, Tag::worker, "worker"));
    TN_ASSIGN(*out_fd, worker->worker->event_fd());
    return {};
  });
}

tenuto_status tenuto_batch_next(tenuto_batch* batch, tenuto_task* out_task) {
  return guard([&]() -> Status {
    if (out_task == nullptr) return invalid("out_task is NULL");
    // The caller may have been built with a header whose struct is shorter or longer than ours.
    const std::size_t size = out_task->struct_size;
    if (size < kTaskBytesMin || size > kStructBytesMax) {
      return invalid("out_task.struct_size is not set; initialise it with TENUTO_TASK_INIT");
    }
    TN_TRY(check_live(batch, Tag::batch, "batch"));
    for (;;) {
      const std::size_t i = batch->next.fetch_add(1, std::memory_order_relaxed);
      if (i >= batch->tokens.size()) return {Code::not_found, "the batch is used up"};
      BodyCall call{};
      if (!batch->worker->begin(batch->tokens[i], call)) continue;
      const tenuto_task task = view_of(call, batch->engine.get());
      std::memset(static_cast<void*>(out_task), 0, size);
      std::memcpy(static_cast<void*>(out_task), &task, std::min(size, sizeof task));
      out_task->struct_size = static_cast<std::uint32_t>(size);
      return {};
    }
  });
}

void tenuto_batch_destroy(tenuto_batch** batch) {
  if (batch == nullptr || *batch == nullptr || (*batch)->tag != Tag::batch) return;
  if (!fork_guard::is_forked_child((*batch)->fork_mark)) {
    const std::size_t taken =
        std::min((*batch)->next.load(std::memory_order_relaxed), (*batch)->tokens.size());
    (*batch)->worker->give_back(std::span<const TicketToken>((*batch)->tokens).subspan(taken));
  }
  destroy(batch, Tag::batch);
}

tenuto_status tenuto_worker_complete(tenuto_worker* worker, const tenuto_completion* completions,
                                     size_t count, size_t* out_late) {
  return guard([&]() -> Status {
    if (out_late != nullptr) *out_late = 0;
    TN_TRY(check_live(worker, Tag::worker, "worker"));
    if (completions == nullptr && count != 0) return invalid("completions is NULL");
    return complete(worker, completions, count, out_late);
  });
}

}  // extern "C"
