// The graphs that engines are compared on: seven shapes, made from a seed alone.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tenuto::bench {

enum class Shape : std::uint8_t { chain, tree, wavefront, level, random_local, random_global, independent };
inline constexpr Shape kShapes[] = {Shape::chain,      Shape::tree,         Shape::wavefront,
                                    Shape::level,      Shape::random_local, Shape::random_global,
                                    Shape::independent};
std::string_view name_of(Shape shape);

// Tasks are numbered in topological order. Successors and needs as flat arrays: those of task i are
// lists[begin[i]] … lists[begin[i + 1] - 1], ascending.
struct Graph {
  struct Lists {
    std::vector<std::uint32_t> begin;
    std::vector<std::uint32_t> lists;
    [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t task) const {
      return std::span(lists).subspan(begin[task], begin[task + 1] - begin[task]);
    }
  };
  Shape shape;
  Lists needs;
  Lists successors;

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(needs.begin.size() - 1); }
  [[nodiscard]] std::uint32_t edge_count() const { return static_cast<std::uint32_t>(needs.lists.size()); }
};

// chain           task i after i - 1
// tree            binary: task i after (i - 1) / 2
// wavefront       a square grid, row by row: each cell after its left and its upper one
// level           levels of sqrt(tasks), each task after 1 to 4 random ones of the level before
// random_local    each task after 1 to 4 random ones of the 64 before it
// random_global   each task after 1 to 4 random ones of all before it
// independent     no order
// The wavefront has the largest square number of tasks that is not above `tasks`; all others have `tasks`.
Graph make_graph(Shape shape, std::uint32_t tasks, std::uint64_t seed);

}  // namespace tenuto::bench
