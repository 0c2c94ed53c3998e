// One life of a working engine, whose system calls and answers are recorded.
#pragma once

#include <memory>

#include "core/base/random.h"
#include "core/engine/owner.h"
#include "tests/power/record.h"

namespace tenuto::testing {

struct LifeOptions {
  Durability durability = Durability::full;
  std::uint64_t retention_count = 0;  // 0: all ended runs are kept
  std::uint32_t steps = 60;           // of each of the callers
  bool drains = false;                // the close waits for all runs
};

inline constexpr std::size_t kSegmentBytes = 32u << 10;

// Small segments, few numbers at once, tables that follow soon.
[[nodiscard]] EngineOptions engine_options(Durability durability, std::uint64_t retention_count);
// The engine itself, without the list of the engines of this process.
[[nodiscard]] Result<std::shared_ptr<OwnerEngine>> open_store(const std::string& path,
                                                              const EngineOptions& options);

// Opens the store at `path`, lets callers start, wait for, and cancel runs, and send commands through the inbox, and closes it.
// Everything that callers and bodies are told is noted.
void live(const std::string& path, const LifeOptions& options, std::uint64_t seed);

}  // namespace tenuto::testing
