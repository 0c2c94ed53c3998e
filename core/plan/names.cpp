#include "core/plan/names.h"

#include <algorithm>
#include <array>

#include "core/base/limits.h"
#include "core/payload/json.h"

namespace tenuto {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// Optimal string alignment, given up (returns `bound`) once the distance reaches `bound`.
std::size_t edit_distance(ByteView a, ByteView b, std::size_t bound) {
  const std::size_t difference = a.size() < b.size() ? b.size() - a.size() : a.size() - b.size();
  if (difference >= bound) return bound;
  std::array<std::array<std::size_t, limits::kNameBytesMax + 1>, 3> rows;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& now = rows[i % 3];
    const auto& last = rows[(i + 2) % 3];
    const auto& before = rows[(i + 1) % 3];  // of i - 2; read only when i > 1
    now[0] = i;
    std::size_t least = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
      least = std::min(least, now[j]);
    }
    if (least > bound) return bound;
  }
  return std::min(rows[a.size() % 3][b.size()], bound);
}

}  // namespace

std::string label_problem(ByteView label) {
  if (label.empty()) return "it is empty";
  if (label.size() > limits::kNameBytesMax) {
    return "it has " + std::to_string(label.size()) + " bytes, more than " +
           std::to_string(limits::kNameBytesMax);
  }
  if (!json::is_utf8(label)) return "it is not valid UTF-8";
  for (std::size_t i = 0; i < label.size(); ++i) {
    // U+0080 … U+009F are the control characters beyond ASCII; in UTF-8 they begin with 0xC2.
    const bool is_c1 = label[i] == '\xC2' && static_cast<unsigned char>(label[i + 1]) < 0xA0;
    if (is_control(label[i]) || is_c1) return "it holds a control character";
  }
  return {};
}

std::string name_problem(ByteView name) {
  if (name.find('/') != ByteView::npos) return "it holds a `/`, which separates the parts of a path";
  return label_problem(name);
}

std::string backquoted(ByteView name) {
  constexpr std::size_t kShownMax = 80;
  std::string text = "`";
  std::size_t size = std::min(name.size(), kShownMax);
  // Not in the middle of a code point.
  while (size < name.size() && size > 0 && (static_cast<unsigned char>(name[size]) & 0xC0) == 0x80) --size;
  for (const char c : name.substr(0, size)) text += is_control(c) ? '?' : c;
  if (size < name.size()) text += "…";
  return text + "`";
}

// One slip in a short word, more in a long one, but never so many that the word is another one.
NearestName::NearestName(ByteView wanted)
    : wanted_(wanted), best_distance_(1 + std::min<std::size_t>((wanted.size() + 2) / 3, 3)) {
  const bool is_comparable = wanted.size() > 1 && wanted.size() <= limits::kNameBytesMax;
  if (!is_comparable) best_distance_ = 0;
}

void NearestName::offer(ByteView name) {
  if (name.size() > limits::kNameBytesMax) return;
  const std::size_t distance = edit_distance(wanted_, name, best_distance_);
  if (distance >= best_distance_) return;
  best_distance_ = distance;
  best_ = name;
}

std::string NearestName::question() const {
  return best_.empty() ? "" : "; did you mean " + backquoted(best_) + "?";
}

}  // namespace tenuto
