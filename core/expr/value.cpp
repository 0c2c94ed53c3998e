#include "core/expr/value.h"

#include <cmath>

#include "core/expr/collections.h"

namespace tenuto::expr {
namespace {

Status append_list(Bytes& out, const Value& list) {
  out.push_back('[');
  Items items(list);
  Value item;
  for (bool first = true; items.next(item); first = false) {
    if (!first) out.push_back(',');
    TN_TRY(append_json(out, item));
  }
  out.push_back(']');
  return Status();
}

Status append_map(Bytes& out, const Value& map) {
  out.push_back('{');
  for (std::uint32_t i = 0; i < map.size; ++i) {
    const Entry& entry = map.entries[i];
    if (entry.key.kind != ValueKind::string) {
      return Status(Code::invalid_argument, "a map whose keys are not strings cannot be written as JSON");
    }
    if (i > 0) out.push_back(',');
    json::append_quoted(out, entry.key.as_text());
    out.push_back(':');
    TN_TRY(append_json(out, entry.value));
  }
  out.push_back('}');
  return Status();
}

}  // namespace

ByteView describe(ValueKind kind) {
  switch (kind) {
    case ValueKind::null:
      return "null";
    case ValueKind::boolean:
      return "a boolean";
    case ValueKind::integer:
      return "an integer";
    case ValueKind::number:
      return "a double";
    case ValueKind::big:
      return "a number outside 64 bits";
    case ValueKind::string:
      return "a string";
    case ValueKind::list:
      return "a list";
    case ValueKind::map:
      return "a map";
    case ValueKind::skipped:
      return "skipped";
    case ValueKind::error:
      return "an error";
  }
  return "unknown";
}

Value Value::of(const json::Value& v) {
  Value x;
  switch (v.kind()) {
    case json::Kind::null:
      return null();
    case json::Kind::boolean:
      return of(v.as_bool());
    case json::Kind::integer:
      return of(v.as_integer());
    case json::Kind::number:
      return of(v.as_double());
    case json::Kind::string:
      return of(v.as_string());
    case json::Kind::big:
      x = of(v.raw());
      x.kind = ValueKind::big;
      return x;
    case json::Kind::array:
    case json::Kind::object:
      x.kind = v.is_array() ? ValueKind::list : ValueKind::map;
      x.of_json = true;
      x.size = v.size();
      x.json = &v;
      return x;
  }
  return x;
}

Status append_json(Bytes& out, const Value& v) {
  switch (v.kind) {
    case ValueKind::null:
      out += "null";
      return Status();
    case ValueKind::boolean:
      out += v.boolean ? "true" : "false";
      return Status();
    case ValueKind::integer:
      json::append_integer(out, v.integer);
      return Status();
    case ValueKind::number:
      if (!std::isfinite(v.number)) {
        return Status(Code::invalid_argument,
                      "a number that is infinite or not a number cannot be written as JSON");
      }
      json::append_double(out, v.number);
      return Status();
    case ValueKind::big:
      out += v.as_text();
      return Status();
    case ValueKind::string:
      json::append_quoted(out, v.as_text());
      return Status();
    case ValueKind::list:
    case ValueKind::map:
      if (v.of_json) {
        out += v.json->raw();
        return Status();
      }
      return v.kind == ValueKind::list ? append_list(out, v) : append_map(out, v);
    case ValueKind::skipped:
    case ValueKind::error:
      break;
  }
  return Status(Code::invalid_argument, "no value to write: " + Bytes(describe(v.kind)));
}

}  // namespace tenuto::expr
