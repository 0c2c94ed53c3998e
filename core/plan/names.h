// Names: which are allowed, and which one was probably meant.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/bytes.h"

namespace tenuto {

// What is wrong with a text that a person reads as a name (an action, a pool), "" if nothing: it must have 1 to
// limits::kNameBytesMax bytes of UTF-8 without control characters.
[[nodiscard]] std::string label_problem(ByteView label);
// The same for names of workflows and nodes, which are parts of paths: no '/' either.
[[nodiscard]] std::string name_problem(ByteView name);

// Whether expressions use the word, so that no node can be named so.
[[nodiscard]] inline bool is_reserved_name(ByteView name) {
  return name == "input" || name == "tasks";
}

// A name as messages show it: in backquotes, cut when it is too long, control characters made visible.
[[nodiscard]] std::string backquoted(ByteView name);

// Finds the name nearest to `wanted` among those offered, by edit distance with transpositions. Remembers views: the
// offered names must outlive it.
class NearestName {
 public:
  explicit NearestName(ByteView wanted);
  void offer(ByteView name);
  // "; did you mean `tests`?", or "" if nothing offered is near.
  [[nodiscard]] std::string question() const;

 private:
  ByteView wanted_;
  ByteView best_;
  std::size_t best_distance_;  // names at this distance or farther are not near
};

}  // namespace tenuto
