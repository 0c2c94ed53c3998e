#include "core/payload/json_writer.h"

#include <charconv>
#include <cmath>

#include "core/base/check.h"
#include "core/payload/json.h"

namespace tenuto::json {
namespace {

constexpr ByteView kReplacement = "\xEF\xBF\xBD";

bool is_plain(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x20 && c != '"' && c != '\\';
}

void append_escape(Bytes& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u00";
  out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
  out.push_back(kDigits[c & 0xF]);
}

// `text` with every byte outside a well-formed sequence replaced.
Bytes replace_invalid(ByteView text) {
  Bytes valid;
  while (!text.empty()) {
    const std::size_t size = utf8_sequence(text);
    valid += size == 0 ? kReplacement : text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return valid;
}

void append_valid(Bytes& out, ByteView text) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_plain(text[i])) continue;
    out.append(text, begin, i - begin);
    append_escape(out, text[i]);
    begin = i + 1;
  }
  out.append(text, begin);
}

}  // namespace

void append_escaped(Bytes& out, ByteView text) {
  if (is_utf8(text)) {
    append_valid(out, text);
  } else {
    append_valid(out, replace_invalid(text));
  }
}

void append_quoted(Bytes& out, ByteView text) {
  out.push_back('"');
  append_escaped(out, text);
  out.push_back('"');
}

void append_integer(Bytes& out, std::int64_t v) {
  char buffer[24];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, v);
  TN_CHECK(error == std::errc());
  out.append(buffer, end);
}

void append_double(Bytes& out, double v) {
  TN_CHECK(std::isfinite(v));
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, v);
  TN_CHECK(error == std::errc());
  const ByteView text(buffer, static_cast<std::size_t>(end - buffer));
  out += text;
  if (text.find_first_of(".e") == ByteView::npos) out += ".0";
}

Writer& Writer::key(ByteView name) {
  separate();
  append_quoted(out_, name);
  out_.push_back(':');
  comma_ = false;
  return *this;
}

Writer& Writer::string(ByteView text) {
  separate();
  append_quoted(out_, text);
  return *this;
}

Writer& Writer::integer(std::int64_t v) {
  separate();
  append_integer(out_, v);
  return *this;
}

Writer& Writer::number(double v) {
  separate();
  append_double(out_, v);
  return *this;
}

Writer& Writer::boolean(bool v) {
  separate();
  out_ += v ? "true" : "false";
  return *this;
}

Writer& Writer::null() {
  separate();
  out_ += "null";
  return *this;
}

Writer& Writer::raw(ByteView json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace tenuto::json
