#include "core/plan/spec.h"

#include <algorithm>
#include <tuple>

#include "core/payload/text.h"

namespace tenuto {

std::string to_text(const Problems& problems) {
  std::vector<const Problem*> sorted;
  sorted.reserve(problems.size());
  for (const Problem& problem : problems) sorted.push_back(&problem);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem* a, const Problem* b) {
    return std::tuple(a->at.line == 0, a->at.line, a->at.column) <
           std::tuple(b->at.line == 0, b->at.line, b->at.column);
  });
  std::string text;
  for (const Problem* problem : sorted) {
    if (!text.empty()) text += '\n';
    if (problem->at.line != 0) text += describe({problem->at.line, problem->at.column}) + ": ";
    text += problem->text;
  }
  return text;
}

}  // namespace tenuto
