// The cases of idle_model.cpp in which the work comes into a deque: they are the deque's, too.
#pragma once

#include "tests/model/expect.h"

namespace tenuto::testing {

[[nodiscard]] Cases sleepers_at_a_deque();

}  // namespace tenuto::testing
