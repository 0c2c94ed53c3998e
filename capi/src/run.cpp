#include <vector>

#include "capi/src/handles.h"
#include "core/payload/json.h"

using namespace tenuto;
using namespace tenuto::capi;

namespace {

Status give_run(const tenuto_engine* engine, RunName name, tenuto_run** out) {
  auto handle = std::make_unique<tenuto_run>();
  handle->engine = engine->engine;
  handle->name = std::move(name);
  *out = handle.release();
  return {};
}

// A JSON value from outside, checked and copied.
Status json_argument(const char* data, size_t size, const char* name, Payload& out) {
  std::string_view text;
  TN_TRY(text_argument(data, size, name, text));
  if (text.empty()) return {};
  if (text.size() > limits::kValueBytesMax) {
    return {Code::too_large, std::string(name) + " has " + std::to_string(text.size()) +
                                 " bytes; the limit is " + std::to_string(limits::kValueBytesMax)};
  }
  if (Status status = json::validate(text); !status.ok()) {
    return {status.code(), std::string(name) + " is not valid JSON: " + status.message()};
  }
  out = Payload::json(text);
  return {};
}

Status read_labels(std::string_view labels, std::string& out) {
  if (labels.empty()) return {};
  TN_ASSIGN(const json::Document document, json::Document::parse(labels));
  if (!document.root().is_object()) return invalid("labels must be a JSON object of text values");
  for (const json::Member member : document.root().members()) {
    if (!member.value.is_string()) return invalid("labels." + std::string(member.key()) + " is not a text");
  }
  out = labels;
  return {};
}

Status read_start(const tenuto_workflow* workflow, const tenuto_start_options* given, StartRequest& request) {
  TN_TRY(check_handle(workflow, Tag::workflow, "workflow"));
  tenuto_start_options options;
  TN_TRY(read_options(given, tenuto_start_options TENUTO_START_OPTIONS_INIT, "options", options));
  request.plan = workflow->plan;
  request.test = options.test != 0;
  std::string_view text;
  TN_TRY(text_argument(options.id, options.id_size, "options.id", text));
  if (options.id != nullptr && text.empty())
    return invalid("options.id is empty; pass NULL for a generated id");
  request.id = text;
  TN_TRY(json_argument(options.input, options.input_size, "options.input", request.input));
  TN_TRY(text_argument(options.labels, options.labels_size, "options.labels", text));
  TN_TRY(read_labels(text, request.labels));
  TN_TRY(text_argument(options.by, options.by_size, "options.by", text));
  request.by = text;
  return {};
}

// The error of an ended run as JSON.
Bytes failure_json(const RunAnswer& answer) {
  Bytes text;
  json::Writer out(text);
  out.begin_object();
  out.key("type");
  out.string(answer.failure.type);
  out.key("message");
  out.string(answer.failure.message);
  out.key("task");
  if (answer.culprit.empty()) {
    out.null();
  } else {
    out.string(answer.culprit);
  }
  out.key("attempt");
  if (answer.culprit.empty()) {
    out.null();
  } else {
    out.integer(answer.culprit_attempt);
  }
  out.key("traceback");
  if (answer.failure.trace.empty()) {
    out.null();
  } else {
    out.string(answer.failure.trace);
  }
  out.end_object();
  return text;
}

Code code_of(RunState state) {
  switch (state) {
    case RunState::completed:
      return Code::ok;
    case RunState::failed:
      return Code::task_failed;
    case RunState::timed_out:
      return Code::run_timed_out;
    case RunState::rejected:
      return Code::rejected;
    case RunState::cancelled:
      return Code::cancelled;
    default:
      return Code::internal_error;
  }
}

Status end_status(const RunName& run, const RunAnswer& answer) {
  const Code code = code_of(answer.state);
  if (code == Code::ok) return {};
  std::string text = "run " + run.id + " " + std::string(to_text(answer.state));
  if (!answer.culprit.empty()) text += " at `" + answer.culprit + "`";
  if (!answer.failure.type.empty()) text += ": " + answer.failure.type;
  if (!answer.failure.message.empty()) text += ": " + answer.failure.message;
  return {code, std::move(text)};
}

// Calls `ask()` for a text about the run and gives it out.
template <class Ask>
tenuto_status give_text(tenuto_run* run, tenuto_buffer** out, Ask&& ask) {
  return guard([&]() -> Status {
    if (out == nullptr) return invalid("the output is NULL");
    *out = nullptr;
    TN_TRY(check_live(run, Tag::run, "run"));
    TN_ASSIGN(Bytes text, ask());
    return give(std::move(text), out);
  });
}

}  // namespace

extern "C" {

tenuto_status tenuto_engine_start(tenuto_engine* engine, const tenuto_workflow* workflow,
                                  const tenuto_start_options* options, tenuto_run** out_run) {
  return guard([&]() -> Status {
    if (out_run == nullptr) return invalid("out_run is NULL");
    *out_run = nullptr;
    TN_TRY(check_engine(engine));
    StartRequest request;
    TN_TRY(read_start(workflow, options, request));
    TN_ASSIGN(RunName name, engine->engine->start(request));
    return give_run(engine, std::move(name), out_run);
  });
}

tenuto_status tenuto_engine_start_many(tenuto_engine* engine, const tenuto_workflow* workflow,
                                       const tenuto_value* inputs, size_t count, uint64_t* out_first_number) {
  return guard([&]() -> Status {
    if (out_first_number == nullptr) return invalid("out_first_number is NULL");
    *out_first_number = 0;
    TN_TRY(check_engine(engine));
    TN_TRY(check_handle(workflow, Tag::workflow, "workflow"));
    if (inputs == nullptr && count != 0) return invalid("inputs is NULL");
    std::vector<Payload> values(count);
    for (size_t i = 0; i < count; ++i) {
      TN_TRY(json_argument(inputs[i].data, inputs[i].size, ("inputs[" + std::to_string(i) + "]").c_str(),
                           values[i]));
    }
    TN_ASSIGN(const RunNumber first, engine->engine->start_many(workflow->plan, values));
    *out_first_number = first.value;
    return {};
  });
}

tenuto_status tenuto_engine_find(tenuto_engine* engine, const char* id, size_t id_size,
                                 tenuto_run** out_run) {
  return guard([&]() -> Status {
    if (out_run == nullptr) return invalid("out_run is NULL");
    *out_run = nullptr;
    TN_TRY(check_engine(engine));
    std::string_view wanted;
    TN_TRY(text_argument(id, id_size, "id", wanted));
    if (wanted.empty()) return invalid("id is empty");
    TN_ASSIGN(RunName name, engine->engine->find(wanted));
    return give_run(engine, std::move(name), out_run);
  });
}

void tenuto_run_destroy(tenuto_run** run) {
  destroy(run, Tag::run);
}

const char* tenuto_run_id(const tenuto_run* run) {
  return check_handle(run, Tag::run, "run").ok() ? run->name.id.c_str() : "";
}

uint64_t tenuto_run_number(const tenuto_run* run) {
  return check_handle(run, Tag::run, "run").ok() ? run->name.number.value : 0;
}

tenuto_status tenuto_run_state(tenuto_run* run, int32_t* out_state) {
  return guard([&]() -> Status {
    if (out_state == nullptr) return invalid("out_state is NULL");
    *out_state = 0;
    TN_TRY(check_live(run, Tag::run, "run"));
    TN_ASSIGN(const RunState state, run->engine->state(run->name));
    *out_state = static_cast<int32_t>(state);
    return {};
  });
}

tenuto_status tenuto_run_result(tenuto_run* run, int64_t timeout_ns, tenuto_buffer** out_output) {
  return guard([&]() -> Status {
    if (out_output != nullptr) *out_output = nullptr;
    TN_TRY(check_live(run, Tag::run, "run"));
    RunAnswer answer = run->engine->wait(run->name, timeout_ns);
    TN_TRY(answer.status);
    const bool completed = answer.state == RunState::completed;
    if (out_output != nullptr) {
      TN_TRY(completed ? give(Bytes(answer.output.view()), out_output, answer.output.content_type())
                       : give(failure_json(answer), out_output));
    }
    return end_status(run->name, answer);
  });
}

tenuto_status tenuto_run_cancel(tenuto_run* run, const char* reason, size_t reason_size, const char* by,
                                size_t by_size) {
  return guard([&]() -> Status {
    TN_TRY(check_live(run, Tag::run, "run"));
    std::string_view why;
    TN_TRY(text_argument(reason, reason_size, "reason", why));
    std::string_view who;
    TN_TRY(text_argument(by, by_size, "by", who));
    return run->engine->cancel(run->name, why, who);
  });
}

tenuto_status tenuto_run_describe(tenuto_run* run, tenuto_buffer** out_json) {
  return give_text(run, out_json, [&] { return run->engine->describe(run->name); });
}

tenuto_status tenuto_run_events(tenuto_run* run, tenuto_buffer** out_jsonl) {
  return give_text(run, out_jsonl, [&] { return run->engine->events(run->name); });
}

}  // extern "C"
