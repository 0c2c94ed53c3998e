// Between tickets and the structs of the C header.
#pragma once

#include <cstddef>

#include "capi/src/handles.h"
#include "core/engine/actions.h"
#include "core/engine/plans.h"
#include "core/engine/ticket.h"
#include "core/payload/json.h"

namespace tenuto::capi {

// A tenuto_task of the first header; later ones may be longer.
inline constexpr std::size_t kTaskBytesMin = offsetof(tenuto_task, source) + sizeof(tenuto_task::source);

// Valid while the ticket is held. `source` stays behind tenuto_task.source: where texts about the task come from.
[[nodiscard]] tenuto_task view_of(const BodyCall& call, const Engine* source);

// Copies everything. What is wrong with the completion fails the task with a clear error.
[[nodiscard]] BodyReport report_of(const tenuto_completion& completion);

struct NativeEntry {
  const Engine* engine;
  tenuto_task_fn body;
  void* user_data;
  std::uint32_t fork_mark;  // of the engine
};
void call_native(const NativeEntry& entry, const BodyCall& call, BodyReport& report);
// See NativeBody::call_span.
[[nodiscard]] bool call_native_span(const NativeEntry& entry, const SpanCall& span, BodyReport& report);

}  // namespace tenuto::capi
