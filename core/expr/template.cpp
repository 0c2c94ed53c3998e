#include "core/expr/template.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/limits.h"
#include "core/expr/lexer.h"

namespace tenuto::expr {

// The JSON text of the pattern, cut where values come in.
struct TemplateCode {
  // A value that comes in behind `literal`.
  struct Hole {
    std::uint32_t literal_end = 0;  // the literal begins where the one before ends
    bool inside_text = false;
    std::int32_t operand = -1;  // if the expression is one name: it is not even parsed
    std::uint32_t program = 0;
    Bytes where;  // of the string within the pattern: "env.PATH: " or ""
  };
  Bytes literals;
  std::vector<Hole> holes;
  std::vector<Program> programs;  // names numbered together
  std::vector<std::string> names;
};

namespace {

class TemplateCompiler {
 public:
  Result<Template> run(const json::Value& pattern) {
    TN_TRY(add_value(pattern));
    return Template(std::shared_ptr<const TemplateCode>(std::move(code_)));
  }

 private:
  // Recursion is bounded by the depth of JSON.
  Status add_value(const json::Value& v) {
    switch (v.kind()) {
      case json::Kind::string:
        return add_string(v.as_string());
      case json::Kind::array:
        return add_array(v);
      case json::Kind::object:
        return add_object(v);
      default:
        out_ += v.raw();
        return Status();
    }
  }

  Status add_array(const json::Value& v) {
    const std::size_t path_size = path_.size();
    std::size_t index = 0;
    for (const json::Value& item : v.elements()) {
      out_.push_back(index == 0 ? '[' : ',');
      path_ += "[" + std::to_string(index++) + "]";
      TN_TRY(add_value(item));
      path_.resize(path_size);
    }
    out_ += index == 0 ? "[]" : "]";
    return Status();
  }

  Status add_object(const json::Value& v) {
    const std::size_t path_size = path_.size();
    out_.push_back('{');
    bool first = true;
    for (const json::Member member : v.members()) {
      if (!std::exchange(first, false)) out_.push_back(',');
      json::append_quoted(out_, member.key());
      out_.push_back(':');
      if (!path_.empty()) path_.push_back('.');
      path_ += member.key();
      TN_TRY(add_value(member.value));
      path_.resize(path_size);
    }
    out_.push_back('}');
    return Status();
  }

  Status add_string(ByteView text) {
    if (text.substr(0, 2) == "${") {
      TN_ASSIGN(const std::size_t end, find_end(text, 0));
      if (end == text.size()) return add_hole(text, 2, end - 1, false);
    }
    out_.push_back('"');
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t next = text.find("${", at);
      if (next == ByteView::npos) break;
      if (next > at && text[next - 1] == '$') {  // `$${`
        json::append_escaped(out_, text.substr(at, next - at - 1));
        out_ += "${";
        at = next + 2;
        continue;
      }
      json::append_escaped(out_, text.substr(at, next - at));
      TN_ASSIGN(const std::size_t end, find_end(text, next));
      at = end;
      TN_TRY(add_hole(text, next + 2, at - 1, true));
    }
    json::append_escaped(out_, text.substr(at));
    out_.push_back('"');
    return Status();
  }

  // The byte behind the brace that closes the `${` at `begin`. Braces within the expression and its strings do not
  // count.
  Result<std::size_t> find_end(ByteView text, std::size_t begin) {
    if (text.size() >= std::numeric_limits<std::uint32_t>::max())
      return Status(Code::too_large, "a string of 4 GiB");
    Lexer lexer(text, static_cast<std::uint32_t>(begin + 2));
    int depth = 1;
    while (true) {
      const Token token = lexer.next();
      if (token.kind == TokenKind::error) return failure(text, lexer.error_offset(), lexer.error());
      if (token.kind == TokenKind::end) {
        return failure(text, begin, "`${` without its closing `}`; a literal `${` is written `$${`");
      }
      if (token.is("{")) ++depth;
      if (token.is("}") && --depth == 0) return std::size_t{token.end};
    }
  }

  Status add_hole(ByteView text, std::size_t begin, std::size_t end, bool inside_text) {
    Result<Program> program = compile_within(text, begin, end, code_->names);
    if (!program.ok()) return Status(program.code(), where() + program.status().message());
    if (out_.size() >= std::numeric_limits<std::uint32_t>::max())
      return Status(Code::too_large, "a pattern of 4 GiB");
    TemplateCode::Hole hole;
    hole.literal_end = static_cast<std::uint32_t>(out_.size());
    hole.inside_text = inside_text;
    hole.operand = inside_text ? -1 : program->single_name();
    hole.program = static_cast<std::uint32_t>(code_->programs.size());
    hole.where = where();
    code_->holes.push_back(std::move(hole));
    code_->programs.push_back(*std::move(program));
    return Status();
  }

  [[nodiscard]] Bytes where() const { return path_.empty() ? Bytes() : "`" + path_ + "`, "; }
  [[nodiscard]] Status failure(ByteView text, std::size_t offset, const Bytes& message) const {
    return Status(Code::invalid_argument, where() + describe(line_column(text, offset)) + ": " + message);
  }

  Bytes path_;  // of the value at hand: `env.PATH`, `cmd[2]`
  std::shared_ptr<TemplateCode> code_ = std::make_shared<TemplateCode>();
  Bytes& out_ = code_->literals;
};

// One render of a template that is no constant.
class Renderer {
 public:
  Renderer(const TemplateCode& code, std::span<const Operand> operands, Evaluator& evaluator, Bytes& out,
           Skipped skipped)
      : code_(code),
        operands_(operands),
        evaluator_(evaluator),
        out_(out),
        start_(out.size()),
        skipped_(skipped) {}

  Result<Rendered> run() {
    evaluator_.begin(operands_);
    std::size_t literal = 0;
    Status failure;
    for (const TemplateCode::Hole& hole : code_.holes) {
      out_.append(code_.literals, literal, hole.literal_end - literal);
      literal = hole.literal_end;
      const Result<Rendered> rendered = fill(hole);
      if (rendered.ok() && *rendered == Rendered::skipped) return Rendered::skipped;
      if (failure.ok()) failure = rendered.ok() ? check_size(hole) : rendered.status();
      // After a failure the rest is looked at for skipped values only: whether a task is skipped must not depend on the
      // order of its arguments.
      if (!failure.ok()) out_.resize(start_);
    }
    if (!failure.ok()) return failure;
    out_.append(code_.literals, literal);
    TN_TRY(check_size(code_.holes.back()));
    return Rendered::value;
  }

 private:
  Result<Rendered> fill(const TemplateCode::Hole& hole) {
    const auto slot = static_cast<std::size_t>(hole.operand);
    if (hole.operand >= 0 && slot < operands_.size() && operands_[slot].kind == Operand::Kind::value) {
      out_ += operands_[slot].json;
      return Rendered::value;
    }
    const Outcome outcome = evaluator_.run(code_.programs[hole.program]);
    if (outcome.kind == Outcome::Kind::skipped) {
      if (skipped_ == Skipped::spreads) return Rendered::skipped;
      out_ += "null";
      return Rendered::value;
    }
    const Status status = hole.inside_text ? append_text(outcome) : outcome.append_json(out_);
    if (!status.ok()) return Status(status.code(), hole.where + status.message());
    return Rendered::value;
  }

  [[nodiscard]] Status check_size(const TemplateCode::Hole& hole) const {
    if (out_.size() - start_ <= limits::kValueBytesMax) return Status();
    return Status(Code::too_large, hole.where + "the value is larger than " +
                                       std::to_string(limits::kValueBytesMax >> 20) + " MiB");
  }

  Status append_text(const Outcome& outcome) {
    if (outcome.kind == Outcome::Kind::value && outcome.value.kind == ValueKind::string) {
      json::append_escaped(out_, outcome.value.as_text());
      return Status();
    }
    Bytes text;
    TN_TRY(outcome.append_json(text));
    json::append_escaped(out_, text);
    return Status();
  }

  const TemplateCode& code_;
  std::span<const Operand> operands_;
  Evaluator& evaluator_;
  Bytes& out_;
  std::size_t start_;
  Skipped skipped_;
};

}  // namespace

std::span<const std::string> Template::names() const {
  return code_->names;
}

bool Template::is_constant() const {
  return code_->holes.empty();
}

Result<Template> compile_template(const json::Value& pattern) {
  return TemplateCompiler().run(pattern);
}

Result<Rendered> render(const Template& pattern, std::span<const Operand> operands, Evaluator& evaluator,
                        Bytes& out, Skipped skipped) {
  if (pattern.is_constant()) {
    out += pattern.code().literals;
    return Rendered::value;
  }
  const std::size_t size = out.size();
  Result<Rendered> rendered = Renderer(pattern.code(), operands, evaluator, out, skipped).run();
  if (!rendered.ok() || *rendered == Rendered::skipped) out.resize(size);
  return rendered;
}

}  // namespace tenuto::expr
