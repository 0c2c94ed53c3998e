#include "core/payload/json.h"

#include <simdjson.h>

namespace tenuto::json {

ByteView kind_name(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "boolean";
    case Kind::integer:
      return "integer";
    case Kind::number:
      return "number";
    case Kind::big:
      return "big number";
    case Kind::string:
      return "string";
    case Kind::array:
      return "array";
    case Kind::object:
      return "object";
  }
  return "unknown";
}

const Value& Value::at(std::uint32_t index) const {
  TN_CHECK(is_array() && index < size());
  const Value* child = this + 1;
  if (as_.container.descendants == as_.container.count) return child[index];
  for (; index > 0; --index) child = child->next();
  return *child;
}

const Value* Value::find(ByteView key) const {
  for (const Member member : members()) {
    if (member.key() == key) return &member.value;
  }
  return nullptr;
}

Result<Document> Document::parse(ByteView text, Duplicates duplicates, LineColumn* error_at) {
  Document document;
  document.text_ = std::make_unique_for_overwrite<char[]>(text.size());
  document.size_ = text.size();
  if (!text.empty()) std::memcpy(document.text_.get(), text.data(), text.size());
  Result<const Value*> root = document.parser_.parse(document.text(), duplicates);
  if (!root.ok()) {
    if (error_at != nullptr) *error_at = document.parser_.error_at();
    return root.status();
  }
  document.root_ = *root;
  return document;
}

LineColumn Document::location(const Value& value) const {
  return line_column(text(), static_cast<std::size_t>(value.raw().data() - text_.get()));
}

bool is_utf8(ByteView text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

Status validate(ByteView text) {
  Parser parser;
  Result<const Value*> root = parser.parse(text);
  return root.ok() ? Status() : root.status();
}

}  // namespace tenuto::json
