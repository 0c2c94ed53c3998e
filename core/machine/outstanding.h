// state -> effects: everything that must be running, armed or decided in a state.
//
// The property that recovery rests on: for every prefix of every history, outstanding(replay(prefix)) holds every effect that
// was not completed in that prefix. What apply() reports step by step is, taken together, the same (tested).
#pragma once

#include "core/machine/changes.h"
#include "core/machine/state.h"

namespace tenuto {

// Pure and total. O(nodes).
void outstanding(const Run& run, Changes& changes);

}  // namespace tenuto
