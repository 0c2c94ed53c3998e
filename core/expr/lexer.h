// CEL text -> tokens, one at a time.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace tenuto::expr {

enum class TokenKind : std::uint8_t {
  end,
  error,  // Lexer::error() says why
  identifier,  // text; keywords of CEL are identifiers too, but `true`, `false`, `null` and `in` never name anything
  quoted_name,  // `…` in backquotes, only allowed behind a dot: text without the quotes
  int_literal,  // integer: up to 2^63, which only fits behind a minus
  double_literal,
  string_literal,  // text, unescaped
  punctuation,     // text: one of ( ) [ ] { } . , ? : + - * / % ! < <= > >= == != && ||
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t begin = 0;  // byte offsets within the text
  std::uint32_t end = 0;
  std::uint64_t integer = 0;
  double number = 0;
  Bytes text;

  [[nodiscard]] bool is(ByteView punctuation) const {
    return kind == TokenKind::punctuation && text == punctuation;
  }
  [[nodiscard]] bool is_word(ByteView word) const { return kind == TokenKind::identifier && text == word; }
};

// Reads `text` from byte `begin` on; `text` is UTF-8, shorter than 4 GiB, and outlives the lexer.
class Lexer {
 public:
  explicit Lexer(ByteView text, std::uint32_t begin = 0) : text_(text), at_(begin) {}

  // The next token. After an error, again an error.
  [[nodiscard]] Token next();
  // The message of an error token and the byte it is about.
  [[nodiscard]] const Bytes& error() const { return error_; }
  [[nodiscard]] std::uint32_t error_offset() const { return error_offset_; }

 private:
  Token read();
  void skip_space();
  bool read_number(Token& token);
  bool read_string(Token& token);
  bool read_escape(Bytes& out);
  bool read_code_point(Bytes& out, std::uint32_t digits, std::uint32_t base);
  bool read_quoted_name(Token& token);
  bool read_punctuation(Token& token);
  bool fail(std::uint32_t offset, Bytes message);

  [[nodiscard]] char peek(std::uint32_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] bool starts_with(ByteView prefix) const { return text_.substr(at_, prefix.size()) == prefix; }

  ByteView text_;
  std::uint32_t at_;
  Bytes error_;
  std::uint32_t error_offset_ = 0;
};

}  // namespace tenuto::expr
