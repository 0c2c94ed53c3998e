#include "core/plan/parse_policy.h"

#include <optional>
#include <string>

#include "core/base/limits.h"
#include "core/plan/names.h"
#include "core/plan/parse.h"
#include "core/plan/policy.h"

namespace tenuto {
namespace {

// One policy value with everything that a problem of it needs.
class PolicyReader {
 public:
  PolicyReader(TextPosition at, ProblemSink& problems) : at_(at), problems_(problems) {}

  void problem(std::string text) {
    failed_ = true;
    problems_.add(at_, std::move(text));
  }
  void wrong(ByteView key, const std::string& expected, const json::Value& found) {
    problem("`" + std::string(key) + "` must be " + expected + ", found " +
            std::string(json::kind_name(found.kind())));
  }

  Nanos duration(ByteView key, const json::Value& value) {
    if (!value.is_string()) {
      wrong(key, "a duration in quotes like \"30s\"", value);
      return 0;
    }
    const Result<Nanos> duration = parse_duration(value.as_string());
    if (duration.ok()) return *duration;
    problem("`" + std::string(key) + "`: " + duration.status().message());
    return 0;
  }

  std::uint32_t attempts(const json::Value& value) {
    const bool in_bounds =
        value.is_integer() && value.as_integer() >= 0 && value.as_integer() <= limits::kAttemptsMax;
    if (in_bounds) return static_cast<std::uint32_t>(value.as_integer());
    problem("`retry` must be a number of further tries from 0 to " + std::to_string(limits::kAttemptsMax) +
            ", or an object with `attempts`");
    return 0;
  }

  std::optional<RetrySpec> retry(const json::Value& value) {
    RetrySpec retry;
    if (value.is_object()) {
      if (value.find("attempts") == nullptr)
        problem("`retry` has no `attempts`; add the number of further tries");
      for (const json::Member member : value.members()) retry_key(member.key(), member.value, retry);
    } else {
      retry.attempts = attempts(value);
    }
    if (failed_) return std::nullopt;
    if (const std::string text = retry_problem(retry); !text.empty()) problem("`retry`: " + text);
    return retry;
  }

 private:
  void retry_key(ByteView key, const json::Value& value, RetrySpec& retry) {
    if (key == "attempts") {
      retry.attempts = attempts(value);
    } else if (key == "backoff") {
      retry.backoff = duration(key, value);
    } else if (key == "max") {
      retry.max = duration(key, value);
    } else if (key == "factor") {
      if (!value.is_number() && !value.is_integer()) return wrong(key, "a number of at least 1", value);
      retry.factor = value.as_double();
    } else if (key == "jitter") {
      const bool known = value.is_string() && (value.as_string() == "full" || value.as_string() == "none");
      if (!known) return problem("`jitter` must be \"full\" or \"none\"");
      retry.full_jitter = value.as_string() == "full";
    } else {
      NearestName nearest(key);
      for (const ByteView name : {"attempts", "backoff", "factor", "max", "jitter"}) nearest.offer(name);
      problem("unknown key " + backquoted(key) + " in `retry`" + nearest.question());
    }
  }

  TextPosition at_;
  ProblemSink& problems_;
  bool failed_ = false;
};

}  // namespace

void parse_policy_key(ByteView key, const json::Value& value, TextPosition at, PolicySpec& policy,
                      ProblemSink& problems) {
  PolicyReader reader(at, problems);
  if (key == "retry") {
    policy.retry = reader.retry(value);
  } else if (key == "timeout") {
    policy.timeout = reader.duration(key, value);
  } else if (key == "pool") {
    if (!value.is_string()) return reader.wrong(key, "a name in quotes", value);
    policy.pool = std::string(value.as_string());
  } else {
    TN_CHECK(key == "pure");
    if (!value.is_bool()) return reader.wrong(key, "true or false", value);
    policy.pure = value.as_bool();
  }
}

}  // namespace tenuto
