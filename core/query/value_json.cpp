#include "core/query/value_json.h"

#include <algorithm>

#include "core/query/time_text.h"

namespace tenuto {
namespace {

void append_hex(std::string& out, std::uint64_t value) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kDigits[value >> shift & 15]);
}

std::string base64(ByteView bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      word = word << 8 | (k < left ? static_cast<std::uint8_t>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) out.push_back(k <= left ? kDigits[word >> (18 - 6 * k) & 63] : '=');
  }
  return out;
}

bool breaks_line(char c) {
  return c == '\n' || c == '\r';
}

}  // namespace

std::string to_hex(std::uint64_t high, std::uint64_t low) {
  std::string out;
  out.reserve(32);
  append_hex(out, high);
  append_hex(out, low);
  return out;
}

void write_count(json::Writer& out, std::uint64_t value) {
  out.integer(static_cast<std::int64_t>(value));
}

void write_count(json::Writer& out, ByteView key, std::uint64_t value) {
  write_count(out.key(key), value);
}

void write_time(json::Writer& out, WallTime time) {
  if (time.ns == 0) {
    out.null();
  } else {
    out.string(format_time(time));
  }
}

void write_text_or_null(json::Writer& out, std::string_view text) {
  if (text.empty()) {
    out.null();
  } else {
    out.string(text);
  }
}

void write_json(json::Writer& out, ByteView text, ByteView fallback) {
  if (text.empty()) text = fallback;
  if (std::none_of(text.begin(), text.end(), breaks_line)) {
    out.raw(text);
    return;
  }
  // A line break never stands inside a string of JSON.
  Bytes line(text);
  std::replace_if(line.begin(), line.end(), breaks_line, ' ');
  out.raw(line);
}

void write_payload(json::Writer& out, const Payload& payload) {
  if (payload.content_type() == ContentType::json) {
    write_json(out, payload.view());
    return;
  }
  out.begin_object().key("base64").string(base64(payload.view())).end_object();
}

void write_failure(json::Writer& out, const Failure& failure, std::string_view task, std::uint32_t attempt) {
  out.begin_object();
  out.key("type").string(failure.type);
  out.key("message").string(failure.message);
  out.key("task");
  write_text_or_null(out, task);
  out.key("attempt");
  if (task.empty()) {
    out.null();
  } else {
    out.integer(attempt);
  }
  out.key("traceback");
  write_text_or_null(out, failure.trace);
  out.end_object();
}

}  // namespace tenuto
