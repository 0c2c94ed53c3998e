#include "bench/graph/graph.h"

#include <algorithm>
#include <cmath>

namespace tenuto::bench {

namespace {

constexpr std::uint32_t kNeedsMax = 4;
constexpr std::uint32_t kNear = 64;

// splitmix64: the same numbers with every standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  // In [0, bound), bound > 0; the bias of the remainder is below 2^-40 here.
  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<std::uint32_t>((z ^ (z >> 31)) % bound);
  }

 private:
  std::uint64_t state_;
};

// Appends 1 to 4 different tasks of [first, last), or fewer where there are fewer.
void draw(std::vector<std::uint32_t>& out, Random& random, std::uint32_t first, std::uint32_t last) {
  if (first >= last) return;
  const std::uint32_t count = std::min(last - first, 1 + random.below(kNeedsMax));
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  while (out.size() < static_cast<std::size_t>(begin) + count) {
    const std::uint32_t task = first + random.below(last - first);
    if (std::find(out.begin() + begin, out.end(), task) == out.end()) out.push_back(task);
  }
  std::sort(out.begin() + begin, out.end());
}

void add_needs(std::vector<std::uint32_t>& out, Shape shape, std::uint32_t task, std::uint32_t width,
               Random& random) {
  switch (shape) {
    case Shape::chain:
      if (task > 0) out.push_back(task - 1);
      break;
    case Shape::tree:
      if (task > 0) out.push_back((task - 1) / 2);
      break;
    case Shape::wavefront:
      if (task >= width) out.push_back(task - width);
      if (task % width != 0) out.push_back(task - 1);
      break;
    case Shape::level:
      if (task >= width) draw(out, random, task - task % width - width, task - task % width);
      break;
    case Shape::random_local:
      draw(out, random, task < kNear ? 0 : task - kNear, task);
      break;
    case Shape::random_global:
      draw(out, random, 0, task);
      break;
    case Shape::independent:
      break;
  }
}

// The same edges from the other end.
Graph::Lists reversed(const Graph::Lists& needs) {
  const std::size_t tasks = needs.begin.size() - 1;
  Graph::Lists out{std::vector<std::uint32_t>(tasks + 1), std::vector<std::uint32_t>(needs.lists.size())};
  for (const std::uint32_t task : needs.lists) ++out.begin[task + 1];
  for (std::size_t i = 0; i < tasks; ++i) out.begin[i + 1] += out.begin[i];
  std::vector<std::uint32_t> at(out.begin.begin(), out.begin.end() - 1);
  for (std::uint32_t task = 0; task < tasks; ++task) {
    for (const std::uint32_t before : needs.of(task)) out.lists[at[before]++] = task;
  }
  return out;
}

}  // namespace

std::string_view name_of(Shape shape) {
  static constexpr std::string_view kNames[] = {"chain",        "tree",          "wavefront",  "level",
                                                "random-local", "random-global", "independent"};
  return kNames[static_cast<std::size_t>(shape)];
}

Graph make_graph(Shape shape, std::uint32_t tasks, std::uint64_t seed) {
  Random random(seed);
  const auto width = static_cast<std::uint32_t>(std::sqrt(static_cast<double>(tasks)));
  if (shape == Shape::wavefront) tasks = width * width;
  Graph graph{shape, {}, {}};
  graph.needs.begin.push_back(0);
  for (std::uint32_t task = 0; task < tasks; ++task) {
    add_needs(graph.needs.lists, shape, task, width, random);
    graph.needs.begin.push_back(static_cast<std::uint32_t>(graph.needs.lists.size()));
  }
  graph.successors = reversed(graph.needs);
  return graph;
}

}  // namespace tenuto::bench
