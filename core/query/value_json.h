// Values of the store as JSON, each on one line: the shapes that every answer shares.
//
// Thread safety: functions without state.
#pragma once

#include <string>
#include <string_view>

#include "core/machine/event.h"
#include "core/payload/json_writer.h"

namespace tenuto {

// 32 hexadecimal digits.
[[nodiscard]] std::string to_hex(std::uint64_t high, std::uint64_t low);
// A count; larger ones than int64 don't come up.
void write_count(json::Writer& out, std::uint64_t value);
// The same as a member of an object.
void write_count(json::Writer& out, ByteView key, std::uint64_t value);
// RFC 3339; null for 0, which means "not yet".
void write_time(json::Writer& out, WallTime time);
// null when empty.
void write_text_or_null(json::Writer& out, std::string_view text);
// JSON text that was checked when it was stored; line breaks between its parts become spaces. `fallback` when empty.
void write_json(json::Writer& out, ByteView text, ByteView fallback = "null");
// JSON as it is; bytes as {"base64": "…"}.
void write_payload(json::Writer& out, const Payload& payload);
// {"type", "message", "task", "attempt", "traceback"}; task and attempt are null when `task` is empty.
void write_failure(json::Writer& out, const Failure& failure, std::string_view task, std::uint32_t attempt);

}  // namespace tenuto
