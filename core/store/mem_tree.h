// An ordered map that keeps its old versions: a copy is one pointer, and a change copies only the path to the entry.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/bytes.h"

namespace tenuto {

// A treap whose priorities are hashes of the keys, so the same entries have the same shape whatever the order of
// changes.
//
// Invariants: (1) a node that more than one tree can reach is never changed; (2) a node is changed in place only when
// its `edit` is the number of the edit that made it, and only one tree can reach the nodes of an edit until it is
// copied, which the owner of the numbers ensures by taking a new one after each copy.
// Thread safety: any number of threads may read and copy one tree; put and erase need it alone.
class MemTree {
 public:
  using Visit = std::function<bool(ByteView key, ByteView value)>;

  // The value lives as long as this version of the tree. nullptr when there is none.
  [[nodiscard]] const Bytes* find(ByteView key) const;
  // Visits entries with key >= from, in order, until the visitor returns false.
  void scan(ByteView from, const Visit& visit) const;
  // Visits entries with key <= from, downwards; an empty `from` starts at the end.
  void scan_back(ByteView from, const Visit& visit) const;
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Bytes of all keys and values.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  void put(ByteView key, ByteView value, std::uint64_t edit);
  void erase(ByteView key, std::uint64_t edit);

 private:
  struct Entry;
  struct Node;
  using Link = std::shared_ptr<Node>;

  static Node* editable(Link& link, std::uint64_t edit);
  static void insert(Link& link, const std::shared_ptr<const Entry>& entry, std::uint64_t priority,
                     std::uint64_t edit);
  static void split(Link tree, ByteView key, Link& below, Link& above, std::uint64_t edit);
  static Link merge(Link below, Link above, std::uint64_t edit);
  static void replace(Link& link, const std::shared_ptr<const Entry>& entry, std::uint64_t edit);
  static void remove(Link& link, ByteView key, std::uint64_t edit);

  Link root_;
  std::uint64_t size_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace tenuto
