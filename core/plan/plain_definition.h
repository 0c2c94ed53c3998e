// The canonical form of a plain plan (Plan::Parts::is_plain), written from its arrays.
//
// It is the very text that canonical_form() makes of a spec that says the same. So a plan needs no text to be made or kept:
// whoever stores, shows or hashes it has it written then.
#pragma once

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/plan/plan.h"

namespace tenuto {

[[nodiscard]] Bytes plain_definition(const Plan& plan);

// hash_of(plain_definition(plan)), without having the whole text in memory.
[[nodiscard]] WorkflowHash plain_hash(const Plan& plan);

}  // namespace tenuto
