// The row of table `commands`: what became of a command, so that the same id is never applied twice.
#pragma once

#include <string>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/status.h"

namespace tenuto {

// How long outcomes are kept at least. A client that sends a command again does so within days.
inline constexpr Nanos kCommandsKept = 7 * 24 * 3600 * kSecond;

struct CommandOutcome {
  WallTime at;
  Code code = Code::ok;  // ok: applied
  RunNumber subject;     // the run it made or changed; 0: none
  std::string message;   // why it was refused
  friend bool operator==(const CommandOutcome&, const CommandOutcome&) = default;
};

// `key` is the key of the row, which the value is sealed with.
[[nodiscard]] Bytes encode(const CommandOutcome& outcome, ByteView key);
[[nodiscard]] Result<CommandOutcome> decode_command_outcome(ByteView key,
                                                            ByteView value);  // damaged, newer_format

}  // namespace tenuto
