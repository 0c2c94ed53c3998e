#include "core/expr/messages.h"

#include "core/payload/text.h"

namespace tenuto::expr {
namespace {

Bytes quoted(ByteView text) {
  return "`" + Bytes(text) + "`";
}

// A scalar as it is, in short; anything else by its kind.
Bytes shown(const Value& v) {
  constexpr std::size_t kShown = 40;
  const bool scalar = v.kind <= ValueKind::string && v.kind != ValueKind::null;
  Bytes text;
  if (!scalar || !append_json(text, v).ok()) return Bytes(describe(v.kind));
  if (text.size() > kShown) return Bytes(describe(v.kind));
  return quoted(text);
}

// "in `input.person`", or nothing where the instruction has no target.
Bytes in_target(const Bytecode& code, const Site& site) {
  constexpr std::size_t kShown = 60;
  if (site.target_end == site.target_begin) return "";
  const ByteView target =
      ByteView(code.source).substr(site.target_begin, site.target_end - site.target_begin);
  return target.size() > kShown ? Bytes() : " in " + quoted(target);
}

Bytes no_overload(const Error& e) {
  const Bytes left(describe(e.left.kind));
  const Bytes right(describe(e.right.kind));
  const bool ordering = e.detail == "<" || e.detail == "<=" || e.detail == ">" || e.detail == ">=";
  if (e.detail == "[]") {
    return e.left.kind == ValueKind::list ? "the position in a list is an integer, this is " + right
                                          : left + " has no items: `[ ]` needs a list or a map";
  }
  if (e.detail == "in") return "`in` needs a list or a map behind it, this is " + right;
  if (e.unary) return quoted(e.detail) + " does not work with " + left;
  if (ordering) return quoted(e.detail) + " cannot compare " + left + " with " + right;
  return quoted(e.detail) + " does not work with " + left + " and " + right;
}

Bytes cause(const Bytecode& code, const Site& site, const Error& e) {
  switch (e.kind) {
    case ErrorKind::no_operand:
      return "no value by the name " + quoted(e.detail);
    case ErrorKind::broken_operand:
      return "the value of " + quoted(e.detail) + " is not JSON";
    case ErrorKind::no_member: {
      const Bytes target = in_target(code, site);
      return "no member " + quoted(e.detail) + target + ": " + (target.empty() ? "this" : "it") + " is " +
             Bytes(describe(e.left.kind));
    }
    case ErrorKind::no_key:
      return "no such key " + (e.left.kind == ValueKind::string ? quoted(e.left.as_text()) : shown(e.left)) +
             in_target(code, site);
    case ErrorKind::no_index:
      return "no item " + shown(e.left) + in_target(code, site) + ", which has " +
             std::to_string(e.right.size);
    case ErrorKind::no_overload:
      return no_overload(e);
    case ErrorKind::not_boolean:
      return "this must be true or false, but is " + Bytes(describe(e.left.kind));
    case ErrorKind::overflow:
      return "the result of " + quoted(e.detail) + " does not fit 64 bits";
    case ErrorKind::divided_by_zero:
      return quoted(e.detail) + " by zero";
    case ErrorKind::big_number:
      return "the number " + shown(e.left) + " does not fit 64 bits";
    case ErrorKind::repeated_key:
      return "the key " + shown(e.left) + " stands twice in a map";
    case ErrorKind::wrong_key:
      return "a key of a map is a string, an integer or a boolean, not " + Bytes(describe(e.left.kind));
    case ErrorKind::not_convertible:
      return shown(e.left) + " cannot be converted by " + quoted(e.detail);
    case ErrorKind::too_many_bytes:
      return "the expression creates more than " + std::to_string(limits::kEvaluationBytesMax >> 20) + " MiB";
    case ErrorKind::too_many_steps:
      return "the expression takes too many steps; use less data or fewer operations";
  }
  return "unknown error";
}

}  // namespace

Bytes error_text(const Bytecode& code, const Error& error) {
  const Site& site = code.sites[error.instruction];
  const bool of_operand = error.kind == ErrorKind::no_operand || error.kind == ErrorKind::broken_operand;
  const bool has_target = site.target_end != site.target_begin;
  const std::uint32_t at = of_operand && has_target ? site.target_begin : site.at;
  return describe(line_column(code.source, at)) + ": " + cause(code, site, error);
}

}  // namespace tenuto::expr
