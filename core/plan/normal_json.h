// JSON values in their one normal text: no white space, keys sorted by their bytes, numbers and strings in one spelling.
#pragma once

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
  // `text` must outlive this object, as does what is returned. invalid_argument if it is no JSON value or has a key twice.
  [[nodiscard]] Result<ByteView> normal(ByteView text);

 private:
  NameTable known_;  // text -> index into normal_
  std::deque<Bytes> normal_;
  json::Parser parser_;
};

}  // namespace tenuto
