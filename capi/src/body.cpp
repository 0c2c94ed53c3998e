// Native bodies, and what any body may ask about its task.
#include <cstring>
#include <vector>

#include "capi/src/body.h"

using namespace tenuto;
using namespace tenuto::capi;

namespace tenuto::capi {

tenuto_task view_of(const BodyCall& call, const Engine* source) {
  tenuto_task task{};
  task.struct_size = sizeof task;
  task.action = call.ticket->binding->action_of(call.ticket->task);
  task.token = call.token.word;
  task.run_number = call.ticket->number.value;
  task.attempt = call.ticket->attempt.value;
  task.content_type = static_cast<int32_t>(call.ticket->argument.content_type());
  task.argument = call.ticket->argument.view().data();
  task.argument_size = call.ticket->argument.size();
  task.source = source;
  return task;
}

namespace {

BodyReport failed(FailureKind kind, std::string type, std::string message, std::string trace) {
  BodyReport report;
  report.done = false;
  report.kind = kind;
  report.failure = {std::move(type), std::move(message), std::move(trace)};
  return report;
}

std::string text_of(const char* data, size_t size) {
  return data == nullptr ? std::string() : std::string(data, size);
}

BodyReport report_of_result(const tenuto_completion& completion) {
  BodyReport report;
  const bool is_bytes = completion.content_type == TENUTO_CONTENT_BYTES;
  if (completion.content_type != 0 && completion.content_type != TENUTO_CONTENT_JSON && !is_bytes) {
    return failed(FailureKind::stop, "InvalidArgument", "the result has an unknown content type", "");
  }
  if (completion.result == nullptr && completion.result_size != 0) {
    return failed(FailureKind::stop, "InvalidArgument", "the result is NULL but has a length", "");
  }
  if (completion.result_size > limits::kValueBytesMax) {
    return failed(FailureKind::stop, "TooLarge",
                  "the result has " + std::to_string(completion.result_size) + " bytes; the limit is " +
                      std::to_string(limits::kValueBytesMax) + "; store it elsewhere and return its address",
                  "");
  }
  if (completion.result_size == 0 && !is_bytes) return report;
  const ByteView value(completion.result, completion.result_size);
  if (!is_bytes) {
    if (value == "null") return report;
    if (const Status status = json::validate(value); !status.ok()) {
      return failed(FailureKind::stop, "InvalidArgument", "the result is not valid JSON: " + status.message(),
                    "");
    }
  }
  report.result = Payload::make(is_bytes ? ContentType::bytes : ContentType::json, value);
  return report;
}

}  // namespace

BodyReport report_of(const tenuto_completion& completion) {
  const auto failed_as = [&](FailureKind kind, const char* usual_type) {
    std::string type = text_of(completion.error_type, completion.error_type_size);
    if (type.empty()) type = usual_type;
    return failed(kind, std::move(type), text_of(completion.error_message, completion.error_message_size),
                  text_of(completion.error_trace, completion.error_trace_size));
  };
  switch (completion.outcome) {
    case TENUTO_OUTCOME_DONE:
      return report_of_result(completion);
    case TENUTO_OUTCOME_FAILED:
      return failed_as(FailureKind::error, "Error");
    case TENUTO_OUTCOME_STOP:
      return failed_as(FailureKind::stop, "Error");
    case TENUTO_OUTCOME_TIMED_OUT:
      return failed_as(FailureKind::timed_out, "TimedOut");
    default:
      return failed(FailureKind::stop, "InvalidArgument",
                    "unknown outcome " + std::to_string(completion.outcome) + " of a body", "");
  }
}

namespace {

// Storage of tenuto_completion_copy: of the body that runs on this thread.
struct BodyStorage {
  bool in_body = false;
  std::vector<std::unique_ptr<char[]>> copies;
};
thread_local BodyStorage storage;

// The text that the last tenuto_task_* call of this thread returned.
thread_local std::string task_text;

// Null for what is no task, and for one whose body has come back.
const Ticket* ticket_of(const tenuto_task* task) {
  if (task == nullptr || task->struct_size < kTaskBytesMin || task->source == nullptr) return nullptr;
  return static_cast<const Engine*>(task->source)->held_ticket(TicketToken(task->token));
}

template <class Text>
const char* task_text_of(const tenuto_task* task, Text&& text) {
  task_text.clear();
  try {
    if (const Ticket* ticket = ticket_of(task))
      task_text = text(*static_cast<const Engine*>(task->source), *ticket);
  } catch (const std::bad_alloc&) {
    task_text.clear();
  }
  return task_text.c_str();
}

}  // namespace

constexpr tenuto_completion kUntouched = TENUTO_COMPLETION_INIT;

void call_native(const NativeEntry& entry, const BodyCall& call, BodyReport& report) {
  const tenuto_task task = view_of(call, entry.engine);
  tenuto_completion completion = kUntouched;
  storage.in_body = true;
  entry.body(entry.user_data, &task, &completion);
  fork_guard::check(entry.fork_mark);
  report = report_of(completion);
  storage.in_body = false;
  storage.copies.clear();
}

namespace {

// True if the body has left everything as it was given: done, without a result.
bool is_untouched(const tenuto_completion& completion) {
  return completion.outcome == TENUTO_OUTCOME_DONE && completion.result == nullptr &&
         completion.result_size == 0 && completion.content_type == kUntouched.content_type;
}

}  // namespace

bool call_native_span(const NativeEntry& entry, const SpanCall& span, BodyReport& report) {
  const tenuto_task task = view_of({span.token, span.ticket}, entry.engine);
  tenuto_completion completion = kUntouched;
  BodyStorage& mine = storage;  // looked up once: that takes as long as a body
  mine.in_body = true;
  bool through = true;
  for (TaskIndex& at = span.ticket->task; through && at.value < span.end;) {
    entry.body(entry.user_data, &task, &completion);
    fork_guard::check(entry.fork_mark);
    if (!is_untouched(completion)) {
      report = report_of(completion);
      through = report.done && report.result.is_null_json();
      completion = kUntouched;
    }
    if (!mine.copies.empty()) mine.copies.clear();
    if (through) ++at.value;
  }
  mine.in_body = false;
  return through;
}

}  // namespace tenuto::capi

extern "C" {

const char* tenuto_task_path(const tenuto_task* task) {
  return task_text_of(task, [](const Engine&, const Ticket& ticket) {
    return std::string(ticket.binding->plan->name_of(ticket.task));
  });
}

const char* tenuto_task_run_id(const tenuto_task* task) {
  return task_text_of(task,
                      [](const Engine& engine, const Ticket& ticket) { return engine.run_id_of(ticket); });
}

const char* tenuto_task_idempotency_key(const tenuto_task* task) {
  return task_text_of(
      task, [](const Engine& engine, const Ticket& ticket) { return engine.idempotency_key_of(ticket); });
}

int64_t tenuto_task_timeout_ns(const tenuto_task* task) {
  const Ticket* ticket = ticket_of(task);
  if (ticket == nullptr) return -1;
  const Nanos timeout = ticket->binding->plan->policy_of(ticket->task).timeout_ns;
  return timeout > 0 ? timeout : -1;
}

tenuto_status tenuto_engine_register_native(tenuto_engine* engine, const char* action, size_t action_size,
                                            tenuto_task_fn body, uint32_t flags, void* user_data,
                                            void (*free_user_data)(void*), uint32_t* out_action) {
  bool handed_over = false;
  const tenuto_status status = guard([&]() -> Status {
    if (out_action != nullptr) *out_action = 0;
    TN_TRY(check_engine(engine));
    std::string_view name;
    TN_TRY(text_argument(action, action_size, "action", name));
    if (name.empty() || name.size() > limits::kNameBytesMax)
      return invalid("action: a name has 1 to 255 bytes");
    if (body == nullptr) return invalid("body is NULL");
    if ((flags & ~TENUTO_NATIVE_INLINE) != 0) return invalid("flags: unknown bits");
    NativeBody native;
    const NativeEntry entry{engine->engine.get(), body, user_data, engine->fork_mark};
    native.call = [entry](const BodyCall& call, BodyReport& report) { call_native(entry, call, report); };
    native.call_span = [entry](const SpanCall& span, BodyReport& report) {
      return call_native_span(entry, span, report);
    };
    if (free_user_data != nullptr) native.free = [free_user_data, user_data] { free_user_data(user_data); };
    native.runs_inline = (flags & TENUTO_NATIVE_INLINE) != 0;
    handed_over = true;
    TN_ASSIGN(const std::uint32_t number, engine->engine->register_native(name, std::move(native)));
    if (out_action != nullptr) *out_action = number;
    return {};
  });
  if (!handed_over && free_user_data != nullptr) free_user_data(user_data);
  return status;
}

const char* tenuto_completion_copy(const char* data, size_t size) {
  if (!storage.in_body || (data == nullptr && size != 0)) return nullptr;
  try {
    auto copy = std::make_unique<char[]>(size + 1);
    if (size != 0) std::memcpy(copy.get(), data, size);
    storage.copies.push_back(std::move(copy));
    return storage.copies.back().get();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // extern "C"
