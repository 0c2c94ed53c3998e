#include "core/plan/definition_cursor.h"

#include <algorithm>
#include <utility>

#include "core/payload/json.h"
#include "core/payload/text.h"
#include "core/plan/names.h"

namespace tenuto {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

bool has_control(ByteView text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

DefinitionCursor::DefinitionCursor(ByteView text) : text_(text) {
  if (!json::is_utf8(text)) fail({}, "the definition is not valid UTF-8 text");
}

void DefinitionCursor::skip_space() {
  while (next_ < text_.size() && is_space(text_[next_])) ++next_;
}

char DefinitionCursor::peek() {
  skip_space();
  return next_ < text_.size() ? text_[next_] : '\0';
}

TextPosition DefinitionCursor::here() {
  skip_space();
  return place_of(next_);
}

bool DefinitionCursor::open(char bracket) {
  if (failed_) return false;
  if (peek() != bracket) {
    fail_here(bracket == '{' ? "an object" : "a list");
    return false;
  }
  ++next_;
  fresh_ = true;
  return true;
}

// True in front of the next member or element; false behind the closing bracket.
bool DefinitionCursor::step_in_container(char bracket) {
  if (failed_) return false;
  if (peek() == bracket) {
    ++next_;
    fresh_ = false;
    return false;
  }
  if (!std::exchange(fresh_, false)) {
    if (peek() != ',') {
      fail_here(bracket == '}' ? "`,` or `}`" : "`,` or `]`");
      return false;
    }
    ++next_;
  }
  return true;
}

bool DefinitionCursor::next_member(std::string& key, TextPosition& at) {
  if (!step_in_container('}')) return false;
  if (peek() != '"') {
    fail_here("a key in double quotes");
    return false;
  }
  at = here();
  const ByteView token = take_string();
  if (failed_) return false;
  // Most keys hold no escape: then the token without its quotes is the key.
  if (token.find('\\') == ByteView::npos && !has_control(token)) {
    key.assign(token.substr(1, token.size() - 2));
  } else {
    const json::Value* text = parse(token);
    if (text == nullptr) return false;
    key.assign(text->as_string());
  }
  if (peek() != ':') {
    fail_here("`:` after the key");
    return false;
  }
  ++next_;
  return true;
}

bool DefinitionCursor::next_element() {
  return step_in_container(']');
}

const json::Value* DefinitionCursor::value() {
  if (failed_) return nullptr;
  const ByteView slice = take_value();
  return failed_ ? nullptr : parse(slice);
}

void DefinitionCursor::expect_end() {
  if (!failed_ && peek() != '\0') fail_here("the end");
}

void DefinitionCursor::fail(TextPosition at, std::string text) {
  if (failed_) return;
  failed_ = true;
  failure_ = {at, std::move(text)};
}

void DefinitionCursor::fail_here(std::string_view expected) {
  const TextPosition at = here();
  if (next_ >= text_.size()) return fail(at, "expected " + std::string(expected) + ", the text ends here");
  std::size_t end = next_ + 1;
  while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
  fail(at, "expected " + std::string(expected) + ", found " + backquoted(text_.substr(next_, end - next_)));
}

// The token of the string that begins at the next byte.
ByteView DefinitionCursor::take_string() {
  const std::size_t begin = next_;
  std::size_t end = begin + 1;
  while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
  if (end >= text_.size()) {
    fail(place_of(begin), "this string has no closing quote");
    return {};
  }
  next_ = end + 1;
  return text_.substr(begin, next_ - begin);
}

// Everything up to the comma or bracket that ends the value; the parser judges it.
ByteView DefinitionCursor::take_value() {
  skip_space();
  const std::size_t begin = next_;
  std::size_t depth = 0;
  while (next_ < text_.size()) {
    const char c = text_[next_];
    if (c == '"') {
      if (take_string().empty()) return {};
      if (depth == 0) break;
      continue;
    }
    const bool opens = c == '{' || c == '[';
    const bool closes = c == '}' || c == ']';
    if (depth == 0 && (closes || c == ',' || is_space(c))) break;
    if (opens) ++depth;
    if (closes) --depth;
    ++next_;
    if (closes && depth == 0) break;
  }
  if (next_ == begin) fail_here("a value");
  return text_.substr(begin, next_ - begin);
}

TextPosition DefinitionCursor::place_of(std::size_t offset) {
  if (offset < counted_) {
    counted_ = 0;
    counted_at_ = {1, 1};
  }
  for (; counted_ < offset; ++counted_) {
    const auto byte = static_cast<unsigned char>(text_[counted_]);
    if (byte == '\n') {
      ++counted_at_.line;
      counted_at_.column = 1;
    } else if ((byte & 0xC0) != 0x80) {
      ++counted_at_.column;
    }
  }
  return counted_at_;
}

const json::Value* DefinitionCursor::parse(ByteView slice) {
  const Result<const json::Value*> parsed = parser_.parse(slice, json::Duplicates::reject);
  if (parsed.ok()) return *parsed;
  const LineColumn within = parser_.error_at();
  TextPosition at = place_of(static_cast<std::size_t>(slice.data() - text_.data()));
  if (within.line > 1) at.column = 0;
  at.line += within.line - 1;
  at.column += within.line > 1 ? within.column : within.column - 1;
  // The message begins with the place within the slice; the problem has the place within the document.
  const std::string& message = parsed.status().message();
  const Bytes prefix = describe(within) + ": ";
  fail(at, message.starts_with(prefix) ? message.substr(prefix.size()) : message);
  return nullptr;
}

}  // namespace tenuto
