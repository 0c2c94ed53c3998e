// Conditions over the columns of runs, as people and generators write them: joined comparisons, some without a value or a sense.
#pragma once

#include <string>
#include <vector>

#include "core/base/random.h"
#include "tests/support/query_world.h"

namespace tenuto::testing {

template <class T, std::size_t n>
const T& one_of(Random& random, const T (&values)[n]) {
  return values[random.below(n)];
}

// Conditions about rows like some given ones, which are their columns as JSON.
class ConditionMaker {
 public:
  ConditionMaker(Random& random, const std::vector<std::string>& rows) : random_(random), rows_(rows) {}

  std::string condition() {
    std::string text = part();
    for (std::uint64_t more = random_.below(4); more > 0; --more) {
      const std::string next = part();
      text = random_.chance(1, 6) ? "(" + text + ") && " + next : text + " && " + next;
    }
    return text;
  }

 private:
  std::string part() {
    static constexpr const char* kParts[] = {
        "state in ['failed', 'timed_out']",
        "state == 'failed' || state == 'cancelled'",
        "!(state == 'completed')",
        "size(state) < 7",
        "size(workflow) == 4",
        "test",
        "!test",
        "test == false",
        "retries > 0 ? workflow == 'line' : true",
        "number % 3 == 1",
        "number >= 7.5",
        "'team' in labels",
        "has(labels.team)",
        "labels.team == 'ops'",
        "size(labels) == 0",
        "labels != {}",
        "error == null",
        "error.type == 'ValueError'",
        "size(error.message) > 50",
        "tasks.done > 1",
        "tasks.failed >= 1",
        "id < 'order-3'",
        "retries > 0 || test",
        "started < ended",
        "ended == null",
        "true",
        "false",
        "state > 5",
        "labels.none",
        "number",
        "error",
        "state == 'completed' && !test",
    };
    if (random_.chance(1, 2)) return one_of(random_, kParts);
    return comparison();
  }

  std::string comparison() {
    static constexpr const char* kOps[] = {"<", "<=", "==", "!=", ">", ">="};
    static constexpr const char* kNames[] = {"number", "started", "ended",    "retries",
                                             "state",  "hash",    "workflow", "id"};
    const std::string name = one_of(random_, kNames);
    const std::string op = one_of(random_, kOps);
    const std::string value = literal(name);
    const std::string text =
        random_.chance(1, 3) ? value + " " + op + " " + name : name + " " + op + " " + value;
    return random_.chance(1, 8) ? "!(" + text + ")" : text;
  }

  // Mostly what some row has, or near it.
  std::string literal(const std::string& name) {
    static constexpr const char* kOthers[] = {"''",  "'zzz'", "'1970'", "0", "-5", "9223372036854775807",
                                              "1.5", "null"};
    if (random_.chance(1, 6)) return one_of(random_, kOthers);
    std::string value = member(rows_[random_.below(rows_.size())], name);
    if (value.front() != '"') return value;
    value = value.substr(1, value.size() - 2);
    if (random_.chance(1, 3)) value.resize(random_.below(value.size() + 1));
    if (random_.chance(1, 8)) value += "0";
    return "'" + value + "'";
  }

  Random& random_;
  const std::vector<std::string>& rows_;
};

}  // namespace tenuto::testing
