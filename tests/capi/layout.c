/* Size and place of every member of every public struct: a change here breaks programs that are built already. */
#include <stddef.h>

#include "tenuto/tenuto.h"

#define MEMBER(type, member, offset) \
  _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved")
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " has another size")

#if UINTPTR_MAX == UINT64_MAX
SIZE(tenuto_value, 24);
MEMBER(tenuto_value, data, 0);
MEMBER(tenuto_value, size, 8);
MEMBER(tenuto_value, content_type, 16);

SIZE(tenuto_engine_options, 40);
MEMBER(tenuto_engine_options, struct_size, 0);
MEMBER(tenuto_engine_options, mode, 4);
MEMBER(tenuto_engine_options, durability, 8);
MEMBER(tenuto_engine_options, threads, 12);
MEMBER(tenuto_engine_options, create, 16);
MEMBER(tenuto_engine_options, retention_age_ns, 24);
MEMBER(tenuto_engine_options, retention_count_max, 32);

SIZE(tenuto_text, 16);
MEMBER(tenuto_text, data, 0);
MEMBER(tenuto_text, size, 8);

SIZE(tenuto_graph, 104);
MEMBER(tenuto_graph, struct_size, 0);
MEMBER(tenuto_graph, action_count, 4);
MEMBER(tenuto_graph, name, 8);
MEMBER(tenuto_graph, name_size, 16);
MEMBER(tenuto_graph, task_count, 24);
MEMBER(tenuto_graph, needs_begin, 32);
MEMBER(tenuto_graph, needs, 40);
MEMBER(tenuto_graph, needs_count, 48);
MEMBER(tenuto_graph, names, 56);
MEMBER(tenuto_graph, actions, 64);
MEMBER(tenuto_graph, action_of, 72);
MEMBER(tenuto_graph, policies, 80);
MEMBER(tenuto_graph, policy_of, 88);
MEMBER(tenuto_graph, policy_count, 96);
MEMBER(tenuto_graph, reserved, 100);

SIZE(tenuto_start_options, 72);
MEMBER(tenuto_start_options, test, 4);
MEMBER(tenuto_start_options, id, 8);
MEMBER(tenuto_start_options, id_size, 16);
MEMBER(tenuto_start_options, input, 24);
MEMBER(tenuto_start_options, input_size, 32);
MEMBER(tenuto_start_options, labels, 40);
MEMBER(tenuto_start_options, labels_size, 48);
MEMBER(tenuto_start_options, by, 56);
MEMBER(tenuto_start_options, by_size, 64);

SIZE(tenuto_task, 56);
MEMBER(tenuto_task, action, 4);
MEMBER(tenuto_task, token, 8);
MEMBER(tenuto_task, run_number, 16);
MEMBER(tenuto_task, attempt, 24);
MEMBER(tenuto_task, content_type, 28);
MEMBER(tenuto_task, argument, 32);
MEMBER(tenuto_task, argument_size, 40);
MEMBER(tenuto_task, source, 48);

SIZE(tenuto_completion, 88);
MEMBER(tenuto_completion, outcome, 4);
MEMBER(tenuto_completion, token, 8);
MEMBER(tenuto_completion, result, 16);
MEMBER(tenuto_completion, result_size, 24);
MEMBER(tenuto_completion, content_type, 32);
MEMBER(tenuto_completion, error_type, 40);
MEMBER(tenuto_completion, error_type_size, 48);
MEMBER(tenuto_completion, error_message, 56);
MEMBER(tenuto_completion, error_message_size, 64);
MEMBER(tenuto_completion, error_trace, 72);
MEMBER(tenuto_completion, error_trace_size, 80);

SIZE(tenuto_worker_options, 8);
MEMBER(tenuto_worker_options, slots, 4);
#endif

int main(void) {
  return 0;
}
