#include "core/expr/lexer.h"

#include <array>
#include <charconv>

#include "core/payload/text.h"

namespace tenuto::expr {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

}  // namespace

Token Lexer::next() {
  if (!error_.empty()) {
    Token token;
    token.kind = TokenKind::error;
    token.begin = token.end = error_offset_;
    return token;
  }
  skip_space();
  Token token = read();
  token.end = at_;
  if (!error_.empty()) {
    token.kind = TokenKind::error;
    token.begin = error_offset_;
  }
  return token;
}

bool Lexer::fail(std::uint32_t offset, Bytes message) {
  error_offset_ = offset;
  error_ = std::move(message);
  return false;
}

void Lexer::skip_space() {
  while (!at_end()) {
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++at_;
    } else if (starts_with("//")) {
      while (!at_end() && peek() != '\n') ++at_;
    } else {
      return;
    }
  }
}

Token Lexer::read() {
  Token token;
  token.begin = at_;
  if (at_end()) return token;
  const char c = peek();
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
    read_number(token);
    return token;
  }
  std::uint32_t prefix = 0;
  while (prefix < 2 && ByteView("rRbB").find(peek(prefix)) != ByteView::npos && peek(prefix) != '\0')
    ++prefix;
  if (peek(prefix) == '"' || peek(prefix) == '\'') {
    read_string(token);
    return token;
  }
  if (is_letter(c)) {
    while (is_letter(peek()) || is_digit(peek())) ++at_;
    token.kind = TokenKind::identifier;
    token.text = text_.substr(token.begin, at_ - token.begin);
    return token;
  }
  if (c == '`') {
    read_quoted_name(token);
  } else {
    read_punctuation(token);
  }
  return token;
}

bool Lexer::read_number(Token& token) {
  token.kind = TokenKind::int_literal;
  const bool hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
  if (hex) at_ += 2;
  const int base = hex ? 16 : 10;
  const std::uint32_t digits = at_;
  while (digit_value(peek()) < base) ++at_;
  if (hex && digits == at_) return fail(token.begin, "`0x` needs hexadecimal digits");
  if (!hex && peek() == '.' && is_digit(peek(1))) {
    token.kind = TokenKind::double_literal;
    ++at_;
    while (is_digit(peek())) ++at_;
  }
  if (!hex && (peek() == 'e' || peek() == 'E')) {
    const std::uint32_t sign = (peek(1) == '+' || peek(1) == '-') ? 1 : 0;
    if (!is_digit(peek(1 + sign))) return fail(token.begin, "a number whose exponent has no digits");
    token.kind = TokenKind::double_literal;
    at_ += 1 + sign;
    while (is_digit(peek())) ++at_;
  }
  const ByteView literal = text_.substr(digits, at_ - digits);
  if (peek() == 'u' || peek() == 'U')
    return fail(token.begin, "unsigned integers are not supported; leave out the `u`");
  if (is_letter(peek())) return fail(at_, "a letter directly behind a number");
  if (token.kind == TokenKind::double_literal) {
    token.number = read_double(literal);
    return true;
  }
  const auto parsed = std::from_chars(literal.data(), literal.data() + literal.size(), token.integer, base);
  if (parsed.ec != std::errc() || token.integer > std::uint64_t{1} << 63) {
    return fail(token.begin, "an integer that does not fit 64 bits");
  }
  return true;
}

bool Lexer::read_string(Token& token) {
  token.kind = TokenKind::string_literal;
  bool raw = false;
  for (; peek() != '"' && peek() != '\''; ++at_) {
    if (peek() == 'b' || peek() == 'B') return fail(token.begin, "byte strings are not supported");
    raw = true;
  }
  const char quote = peek();
  const Bytes triple(3, quote);
  const ByteView close = starts_with(triple) ? ByteView(triple) : ByteView(triple).substr(0, 1);
  at_ += static_cast<std::uint32_t>(close.size());
  while (!starts_with(close)) {
    if (at_end()) return fail(token.begin, "a string without its closing quote");
    const char c = peek();
    if (close.size() == 1 && (c == '\n' || c == '\r')) {
      return fail(token.begin, "a string that does not end on its line; use three quotes for several lines");
    }
    if (c == '\\' && !raw) {
      if (!read_escape(token.text)) return false;
    } else {
      token.text.push_back(c);
      ++at_;
    }
  }
  at_ += static_cast<std::uint32_t>(close.size());
  return true;
}

bool Lexer::read_escape(Bytes& out) {
  constexpr ByteView kNames = "abfnrtv\\?\"'`";
  constexpr ByteView kMeanings = "\a\b\f\n\r\t\v\\?\"'`";
  const char c = peek(1);
  const std::size_t simple = c == '\0' ? ByteView::npos : kNames.find(c);
  if (simple != ByteView::npos) {
    out.push_back(kMeanings[simple]);
    at_ += 2;
    return true;
  }
  switch (c) {
    case 'x':
    case 'X':
      return read_code_point(out, 2, 16);
    case 'u':
      return read_code_point(out, 4, 16);
    case 'U':
      return read_code_point(out, 8, 16);
    case '0':
    case '1':
    case '2':
    case '3':
      return read_code_point(out, 3, 8);
    default:
      return fail(at_, "an unknown escape in a string; a backslash is written `\\\\`");
  }
}

// Reads a backslash, a letter unless octal, and `digits` digits.
bool Lexer::read_code_point(Bytes& out, std::uint32_t digits, std::uint32_t base) {
  const std::uint32_t begin = at_;
  at_ += base == 8 ? 1 : 2;
  std::uint64_t code = 0;
  for (std::uint32_t i = 0; i < digits; ++i) {
    const auto digit = static_cast<std::uint32_t>(digit_value(peek()));
    if (digit >= base) return fail(begin, "an escape with too few digits in a string");
    code = code * base + digit;
    ++at_;
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
    return fail(begin, "an escape that is not a character");
  append_utf8(out, static_cast<std::uint32_t>(code));
  return true;
}

bool Lexer::read_quoted_name(Token& token) {
  token.kind = TokenKind::quoted_name;
  ++at_;
  const std::size_t close = text_.find('`', at_);
  if (close == ByteView::npos) return fail(token.begin, "a name without its closing backquote");
  token.text = text_.substr(at_, close - at_);
  if (token.text.empty()) return fail(token.begin, "an empty name in backquotes");
  for (char c : token.text) {
    if (!is_letter(c) && !is_digit(c) && ByteView("_.-/ ").find(c) == ByteView::npos) {
      return fail(token.begin,
                  "a name in backquotes holds letters, digits, `_`, `.`, `-`, `/` and spaces only");
    }
  }
  at_ = static_cast<std::uint32_t>(close + 1);
  return true;
}

bool Lexer::read_punctuation(Token& token) {
  constexpr std::array<ByteView, 24> kAll = {"<=", ">=", "==", "!=", "&&", "||", "(", ")",
                                             "[",  "]",  "{",  "}",  ".",  ",",  "?", ":",
                                             "+",  "-",  "*",  "/",  "%",  "!",  "<", ">"};
  for (const ByteView p : kAll) {
    if (!starts_with(p)) continue;
    token.kind = TokenKind::punctuation;
    token.text = p;
    at_ += static_cast<std::uint32_t>(p.size());
    return true;
  }
  switch (peek()) {
    case '&':
      return fail(at_, "`&` is not an operator; write `&&` for and");
    case '|':
      return fail(at_, "`|` is not an operator; write `||` for or");
    case '=':
      return fail(at_, "`=` is not an operator; write `==` to compare");
    case '~':
      return fail(at_, "`~` is not an operator; write `!` for not");
    default:
      break;
  }
  const std::size_t size = utf8_sequence(text_.substr(at_));
  if (size == 0 || static_cast<unsigned char>(peek()) < 0x20)
    return fail(at_, "a character that has no meaning here");
  return fail(at_, "the character `" + Bytes(text_.substr(at_, size)) + "` has no meaning here");
}

}  // namespace tenuto::expr
