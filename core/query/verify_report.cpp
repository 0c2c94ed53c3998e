#include "core/query/verify_report.h"

#include "core/query/value_json.h"

namespace tenuto {

void VerifyReport::problem(std::string where, std::string what) {
  if (problems_.size() < kProblemsMax) {
    problems_.emplace_back(std::move(where), std::move(what));
  } else {
    ++more_;
  }
}

bool VerifyReport::expect(const std::string& where, const Status& status) {
  if (!status.ok()) problem(where, status.message());
  return status.ok();
}

std::uint64_t& VerifyReport::checked(std::string_view kind) {
  for (auto& [name, count] : checked_) {
    if (name == kind) return count;
  }
  return checked_.emplace_back(std::string(kind), 0).second;
}

Bytes VerifyReport::to_json() const {
  Bytes text;
  json::Writer out(text);
  out.begin_object();
  out.key("ok").boolean(sound());
  out.key("checked").begin_object();
  for (const auto& [name, count] : checked_) {
    out.key(name);
    write_count(out, count);
  }
  out.end_object();
  out.key("problems").begin_array();
  for (const auto& [where, what] : problems_) {
    out.begin_object().key("where").string(where).key("what").string(what).end_object();
  }
  out.end_array();
  out.key("more_problems");
  write_count(out, more_);
  out.end_object();
  return text;
}

}  // namespace tenuto
