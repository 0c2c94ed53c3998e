#include "tests/sim/shrink.h"

#include <algorithm>
#include <vector>

namespace tenuto::testing {
namespace {

// Simulations that one search may cost: seconds.
constexpr int kTriesMax = 800;

// What goes wrong, without the numbers: they change with the case.
std::string kind_of(const Verdict& verdict) {
  std::string kind = std::to_string(static_cast<unsigned>(verdict.kind)) + verdict.text.substr(0, 200);
  std::erase_if(kind, [](char c) { return c >= '0' && c <= '9'; });
  // Names of nodes differ: what is said stands behind the last colon.
  return kind.substr(kind.rfind(':') == std::string::npos ? 0 : kind.rfind(':'));
}

class Search {
 public:
  Search(SimOptions options, const Verdict& found, bool twice)
      : best_(std::move(options)), kind_(kind_of(found)), twice_(twice) {
    best_.prints = false;
    if (found.kind == Verdict::Kind::violation) end_at(found.steps);
  }

  SimOptions run() {
    leave_out_runs();
    leave_out_nodes();
    leave_out_steps();
    leave_out_nodes();
    return best_;
  }

 private:
  void end_at(std::uint64_t step) { best_.steps_max = std::min(best_.steps_max, step); }

  bool try_it(const SimOptions& options) {
    if (++tries_ > kTriesMax) return false;
    const Verdict verdict = simulate_apart(options, twice_);
    if (verdict.kind == Verdict::Kind::fine || kind_of(verdict) != kind_) return false;
    best_ = options;
    if (verdict.kind == Verdict::Kind::violation) end_at(verdict.steps);
    return true;
  }

  void leave_out_runs() {
    for (std::size_t runs = 1; runs < best_.runs_max; ++runs) {
      SimOptions fewer = best_;
      fewer.runs_max = runs;
      if (try_it(fewer)) return;
    }
  }

  // Halves, quarters and so on down to single things. `leave_out(options, begin, end)`.
  template <class LeaveOut>
  void leave_out_parts(std::size_t count, const LeaveOut& leave_out) {
    for (std::size_t part = std::max<std::size_t>(count / 2, 1); count > 0; part /= 2) {
      for (std::size_t begin = 0; begin < count; begin += part) {
        SimOptions smaller = best_;
        if (leave_out(smaller, begin, std::min(begin + part, count))) (void)try_it(smaller);
      }
      if (part == 1) return;
    }
  }

  void leave_out_nodes() {
    std::vector<std::string> nodes;
    for (const SimWorkflow& workflow : workflows_of(best_)) {
      for (const SimNode& node : workflow.nodes) nodes.push_back(workflow.name + "." + node.name);
    }
    // From the end: what is needed by others goes after them.
    std::reverse(nodes.begin(), nodes.end());
    leave_out_parts(nodes.size(), [&](SimOptions& smaller, std::size_t begin, std::size_t end) {
      const std::size_t before = smaller.drop.size();
      smaller.drop.insert(nodes.begin() + static_cast<std::ptrdiff_t>(begin),
                          nodes.begin() + static_cast<std::ptrdiff_t>(end));
      return smaller.drop.size() > before;
    });
  }

  void leave_out_steps() {
    leave_out_parts(best_.steps_max, [](SimOptions& smaller, std::size_t begin, std::size_t end) {
      end = std::min<std::size_t>(end, smaller.steps_max);
      if (begin >= end) return false;
      const std::size_t before = smaller.skip.count(smaller.steps_max);
      smaller.skip.add(begin + 1, end);
      return smaller.skip.count(smaller.steps_max) > before;
    });
  }

  SimOptions best_;
  const std::string kind_;
  const bool twice_;
  int tries_ = 0;
};

}  // namespace

CaseSize size_of(const SimOptions& options) {
  CaseSize size;
  size.steps = options.steps_max - options.skip.count(options.steps_max);
  size.runs = options.runs_max;
  for (const SimWorkflow& workflow : workflows_of(options)) size.nodes += workflow.nodes.size();
  return size;
}

SimOptions shrink(SimOptions options, const Verdict& found, bool twice) {
  return Search(std::move(options), found, twice).run();
}

}  // namespace tenuto::testing
