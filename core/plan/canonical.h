// The canonical form of a definition and its hash.
//
// Two specs have the same canonical form exactly if they say the same: it is the JSON form of docs/workflow-format.md
// in normal text, with defaults applied and left out where they are those of the format, `needs` sorted, and without
// descriptions. parse_workflow() reads it back, and the canonical form of what it reads is the same text again.
#pragma once

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/payload/json_writer.h"
#include "core/plan/normal_json.h"
#include "core/plan/policy.h"
#include "core/plan/spec.h"

namespace tenuto {

// `spec` must be valid (validate.h); `texts` must not outlive it.
[[nodiscard]] Bytes canonical_form(const WorkflowSpec& spec, NormalTexts& texts);

// Of a task, as members of its object: what is not as the format has it anyway.
void write_policy(json::Writer& writer, const EffectivePolicy& policy);

[[nodiscard]] WorkflowHash hash_of(ByteView canonical_form);

}  // namespace tenuto
