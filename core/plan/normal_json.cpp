#include "core/plan/normal_json.h"

#include <algorithm>
#include <vector>

#include "core/payload/json_writer.h"

namespace tenuto {
namespace {

void append_object(Bytes& out, const json::Value& object) {
  struct Entry {
    ByteView key;
    const json::Value* value;
  };
  std::vector<Entry> entries;
  entries.reserve(object.size());
  for (const json::Member member : object.members()) entries.push_back({member.key(), &member.value});
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
  char separator = '{';
  for (const Entry& entry : entries) {
    out.push_back(separator);
    separator = ',';
    json::append_quoted(out, entry.key);
    out.push_back(':');
    append_normal(out, *entry.value);
  }
  if (entries.empty()) out.push_back('{');
  out.push_back('}');
}

void append_array(Bytes& out, const json::Value& array) {
  out.push_back('[');
  bool first = true;
  for (const json::Value& element : array.elements()) {
    if (!first) out.push_back(',');
    first = false;
    append_normal(out, element);
  }
  out.push_back(']');
}

}  // namespace

// Recursion is bounded by limits::kDepthMax, which every parsed tree keeps.
void append_normal(Bytes& out, const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::null:
    case json::Kind::boolean:
    case json::Kind::big:
      out.append(value.raw());
      return;
    case json::Kind::integer:
      return json::append_integer(out, value.as_integer());
    case json::Kind::number:
      return json::append_double(out, value.as_double());
    case json::Kind::string:
      return json::append_quoted(out, value.as_string());
    case json::Kind::array:
      return append_array(out, value);
    case json::Kind::object:
      return append_object(out, value);
  }
}

Result<std::uint32_t> NormalTexts::number_of(ByteView text) {
  const bool is_last = !text.empty() && text.data() == last_text_.data() && text.size() == last_text_.size();
  if (is_last) return last_number_;
  std::uint32_t number = known_.find(text);
  if (number == kNoNode) {
    TN_ASSIGN(const json::Value* value, parser_.parse(text, json::Duplicates::reject));
    number = known_.put(text, static_cast<std::uint32_t>(normal_.size()));
    append_normal(normal_.emplace_back(), *value);
  }
  last_text_ = text;
  last_number_ = number;
  return number;
}

Result<ByteView> NormalTexts::normal(ByteView text) {
  TN_ASSIGN(const std::uint32_t number, number_of(text));
  return normal(number);
}

}  // namespace tenuto
