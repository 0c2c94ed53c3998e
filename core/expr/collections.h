// Lists and maps of expressions: reading both kinds alike, building, equality. Internal to core/expr.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/expr/value.h"
#include "core/payload/json.h"

namespace tenuto::expr {

class Workspace;

// Walks over the items of a list, made or of an operand.
class Items {
 public:
  explicit Items(const Value& list) : list_(list), at_(begin_of(list)) {}
  // False behind the last item.
  bool next(Value& item) {
    if (index_ == list_.size) return false;
    if (list_.of_json) {
      item = Value::of(*at_);
      ++at_;
    } else {
      item = list_.items[index_];
    }
    ++index_;
    return true;
  }

 private:
  using JsonIterator = json::Range<const json::Value&>::Iterator;
  static JsonIterator begin_of(const Value& list) {
    return list.of_json ? list.json->elements().begin() : JsonIterator(nullptr, nullptr);
  }
  const Value& list_;
  JsonIterator at_;
  std::uint32_t index_ = 0;
};

// The value of a key; an error value if it is no key or the budget is spent; nothing if the map has no such key. Keys
// compare as by `==`: 1 finds 1.0.
[[nodiscard]] std::optional<Value> find_key(Workspace& work, const Value& map, const Value& key);

// Copies `items`.
[[nodiscard]] Value make_list(Workspace& work, std::span<const Value> items);
// From key, value, key, value …; an error for a key that is repeated or no string, integer or boolean.
[[nodiscard]] Value make_map(Workspace& work, std::span<const Value> keys_and_values);
[[nodiscard]] Value concatenate_strings(Workspace& work, const Value& left, const Value& right);
[[nodiscard]] Value concatenate_lists(Workspace& work, const Value& left, const Value& right);

// A boolean, or an error if a number outside 64 bits would have to be compared or the budget is spent.
[[nodiscard]] Value equal(Workspace& work, const Value& left, const Value& right);
// Whether a list has an equal item or a map the key.
[[nodiscard]] Value contains(Workspace& work, const Value& item, const Value& collection);

}  // namespace tenuto::expr
