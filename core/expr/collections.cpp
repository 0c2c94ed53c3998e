#include "core/expr/collections.h"

#include <cstring>

#include "core/expr/workspace.h"

namespace tenuto::expr {
namespace {

bool is_key(const Value& key) {
  return key.kind == ValueKind::string || key.kind == ValueKind::boolean || key.is_numeric();
}

// Of two keys, or of scalars other than big numbers.
bool same_scalar(const Value& a, const Value& b) {
  if (a.is_numeric() && b.is_numeric()) {
    if (a.kind == ValueKind::integer && b.kind == ValueKind::integer) return a.integer == b.integer;
    return a.as_double() == b.as_double();
  }
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case ValueKind::null:
      return true;
    case ValueKind::boolean:
      return a.boolean == b.boolean;
    case ValueKind::string:
      return a.as_text() == b.as_text();
    default:
      return false;
  }
}

std::optional<Value> find_entry(const Value& map, const Value& key) {
  if (map.of_json) {
    if (key.kind != ValueKind::string) return std::nullopt;
    const json::Value* found = map.json->find(key.as_text());
    return found == nullptr ? std::nullopt : std::optional<Value>(Value::of(*found));
  }
  for (std::uint32_t i = 0; i < map.size; ++i) {
    if (same_scalar(map.entries[i].key, key)) return map.entries[i].value;
  }
  return std::nullopt;
}

// Walks over the entries of a map, made or of an operand.
class Entries {
 public:
  explicit Entries(const Value& map) : map_(map), at_(begin_of(map)) {}
  bool next(Entry& entry) {
    if (index_ == map_.size) return false;
    if (map_.of_json) {
      const json::Member member = *at_;
      entry = Entry{Value::of(member.key()), Value::of(member.value)};
      ++at_;
    } else {
      entry = map_.entries[index_];
    }
    ++index_;
    return true;
  }

 private:
  using JsonIterator = json::Range<json::Member>::Iterator;
  static JsonIterator begin_of(const Value& map) {
    return map.of_json ? map.json->members().begin() : JsonIterator(nullptr, nullptr);
  }
  const Value& map_;
  JsonIterator at_;
  std::uint32_t index_ = 0;
};

Value equal_lists(Workspace& work, const Value& left, const Value& right) {
  Items a(left);
  Items b(right);
  Value x;
  Value y;
  while (a.next(x) && b.next(y)) {
    const Value same = equal(work, x, y);
    if (!same.is_true()) return same;
  }
  return Value::of(true);
}

Value equal_maps(Workspace& work, const Value& left, const Value& right) {
  Entries a(left);
  Entries b(right);
  Entry x;
  Entry y;
  // Equal maps mostly have their keys in the same order; searching is for those that have not.
  while (a.next(x) && b.next(y)) {
    if (!same_scalar(x.key, y.key)) {
      const std::optional<Value> found = find_key(work, right, x.key);
      if (!found.has_value()) return Value::of(false);
      if (!found->is_usable()) return *found;
      y.value = *found;
    }
    const Value same = equal(work, x.value, y.value);
    if (!same.is_true()) return same;
  }
  return Value::of(true);
}

}  // namespace

std::optional<Value> find_key(Workspace& work, const Value& map, const Value& key) {
  if (!is_key(key)) return work.fail(ErrorKind::wrong_key, {}, key);
  if (!work.charge(1 + map.size / 8)) return work.out_of_steps();
  return find_entry(map, key);
}

Value make_list(Workspace& work, std::span<const Value> items) {
  Value list;
  list.kind = ValueKind::list;
  list.size = static_cast<std::uint32_t>(items.size());
  Value* copies = work.allocate_array<Value>(items.size());
  if (copies == nullptr && !items.empty()) return work.out_of_memory();
  std::copy(items.begin(), items.end(), copies);
  list.items = copies;
  return list;
}

Value make_map(Workspace& work, std::span<const Value> keys_and_values) {
  Entry* entries = work.allocate_array<Entry>(keys_and_values.size() / 2);
  if (entries == nullptr && !keys_and_values.empty()) return work.out_of_memory();
  Value map;
  map.kind = ValueKind::map;
  map.entries = entries;
  for (; map.size < keys_and_values.size() / 2; ++map.size) {
    const Value& key = keys_and_values[map.size * 2];
    if (!is_key(key) || key.kind == ValueKind::number) return work.fail(ErrorKind::wrong_key, {}, key);
    const std::optional<Value> earlier = find_key(work, map, key);
    if (earlier.has_value())
      return earlier->is_usable() ? work.fail(ErrorKind::repeated_key, {}, key) : *earlier;
    entries[map.size] = Entry{key, keys_and_values[map.size * 2 + 1]};
  }
  return map;
}

Value concatenate_strings(Workspace& work, const Value& left, const Value& right) {
  const std::size_t size = std::size_t{left.size} + right.size;
  if (!work.charge_bytes(right.size)) return work.out_of_steps();
  if (size > limits::kEvaluationBytesMax) return work.out_of_memory();
  Value joined = left;
  joined.size = static_cast<std::uint32_t>(size);
  char* to;
  if (work.grow(left.text, left.size, size)) {
    to = const_cast<char*>(left.text);  // it is the workspace's own
  } else {
    if (!work.charge_bytes(left.size)) return work.out_of_steps();
    to = work.allocate_growing(size);
    if (to == nullptr) return work.out_of_memory();
    if (left.size > 0) std::memcpy(to, left.text, left.size);
    joined.text = to;
  }
  if (right.size > 0) std::memcpy(to + left.size, right.text, right.size);
  return joined;
}

Value concatenate_lists(Workspace& work, const Value& left, const Value& right) {
  const std::size_t size = std::size_t{left.size} + right.size;
  if (!work.charge(1 + right.size)) return work.out_of_steps();
  if (size > limits::kEvaluationBytesMax / sizeof(Value)) return work.out_of_memory();
  Value joined;
  joined.kind = ValueKind::list;
  joined.size = static_cast<std::uint32_t>(size);
  Value* to;
  if (!left.of_json &&
      work.grow(reinterpret_cast<const char*>(left.items), left.size * sizeof(Value), size * sizeof(Value))) {
    to = const_cast<Value*>(left.items) + left.size;  // it is the workspace's own
    joined.items = left.items;
  } else {
    if (!work.charge(left.size)) return work.out_of_steps();
    to = reinterpret_cast<Value*>(work.allocate_growing(size * sizeof(Value)));
    if (to == nullptr) return work.out_of_memory();
    joined.items = to;
    Items items(left);
    while (items.next(*to)) ++to;
  }
  Items items(right);
  while (items.next(*to)) ++to;
  return joined;
}

Value equal(Workspace& work, const Value& left, const Value& right) {
  if (left.kind == ValueKind::big || right.kind == ValueKind::big) {
    return work.fail(ErrorKind::big_number, {}, left.kind == ValueKind::big ? left : right);
  }
  if (left.kind != right.kind) return Value::of(same_scalar(left, right));
  if (left.kind == ValueKind::string) {
    if (left.size != right.size) return Value::of(false);
    if (!work.charge_bytes(left.size)) return work.out_of_steps();
  }
  if (left.kind == ValueKind::list || left.kind == ValueKind::map) {
    if (left.size != right.size) return Value::of(false);
    if (!work.charge(1 + left.size)) return work.out_of_steps();
    return left.kind == ValueKind::list ? equal_lists(work, left, right) : equal_maps(work, left, right);
  }
  return Value::of(same_scalar(left, right));
}

Value contains(Workspace& work, const Value& item, const Value& collection) {
  if (collection.kind == ValueKind::map) {
    const std::optional<Value> found = find_key(work, collection, item);
    if (found.has_value() && !found->is_usable()) return *found;
    return Value::of(found.has_value());
  }
  if (!work.charge(1 + collection.size)) return work.out_of_steps();
  Items items(collection);
  Value candidate;
  Value result = Value::of(false);
  while (items.next(candidate)) {
    const Value same = equal(work, item, candidate);
    if (same.is_true()) return same;
    if (same.kind == ValueKind::error && result.kind != ValueKind::error) result = same;
  }
  return result;
}

}  // namespace tenuto::expr
