// The policy keys of a task or of `defaults`: retry, timeout, pool, pure.
#pragma once

#include "core/base/bytes.h"
#include "core/payload/json.h"
#include "core/plan/problem_sink.h"
#include "core/plan/spec.h"

namespace tenuto {

// Reads `value` as the policy key `key`, one of the four. What is wrong goes to `problems` with the place `at`.
void parse_policy_key(ByteView key, const json::Value& value, TextPosition at, PolicySpec& policy,
                      ProblemSink& problems);

}  // namespace tenuto
