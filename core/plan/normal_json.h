// JSON values in their one normal text: no white space, keys sorted by their bytes, numbers and strings spelled one way.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/payload/json.h"
#include "core/plan/name_table.h"

namespace tenuto {

// Appends the normal text of `value`. Integers outside int64 and numbers outside double keep their own spelling.
void append_normal(Bytes& out, const json::Value& value);

// Normal texts, remembered: tasks often share one argument text, and each text is asked for several times.
class NormalTexts {
 public:
  // The number of `text`, which must outlive this object: dense from 0, the same for equal texts. invalid_argument if
  // it is no JSON value or has a key twice.
  [[nodiscard]] Result<std::uint32_t> number_of(ByteView text);
  // The normal text; lives as long as this object.
  [[nodiscard]] ByteView normal(std::uint32_t number) const { return normal_[number]; }
  // normal(number_of(text)).
  [[nodiscard]] Result<ByteView> normal(ByteView text);

 private:
  NameTable known_;  // text -> number
  std::deque<Bytes> normal_;
  json::Parser parser_;
  ByteView last_text_;  // mostly asked for again at once
  std::uint32_t last_number_ = 0;
};

}  // namespace tenuto
