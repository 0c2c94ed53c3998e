// How far a copy has come, for people who wait for it.
#pragma once

#include <cstdint>
#include <functional>

namespace tenuto {

// Bytes done so far, of about so many in all. Called by the thread that copies, between two pieces of some MiB; empty: nobody asks.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

}  // namespace tenuto
