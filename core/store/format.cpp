#include "core/store/format.h"

#include <algorithm>

namespace tenuto {

std::span<const UpgradeStep> upgrade_steps() {
  return {};
}

Status check_format(const std::string& store, std::uint32_t format, std::uint32_t known,
                    std::uint32_t oldest) {
  if (format < oldest) {
    return {Code::invalid_argument, "the store " + store + " has format " + std::to_string(format) +
                                        " of a Tenuto before its first release, which this version does not "
                                        "read; open it with that, or take a new directory"};
  }
  if (format <= known) return {};
  return {Code::newer_format, "the store " + store + " has format " + std::to_string(format) +
                                  ", this version of Tenuto knows formats up to " + std::to_string(known) +
                                  "; use a newer Tenuto"};
}

Status upgrade(const std::string& store, std::uint32_t format, std::uint32_t target,
               std::span<const UpgradeStep> steps, const std::function<Status(std::uint32_t format)>& note) {
  TN_TRY(check_format(store, format, target, 0));  // what no step leaves is told below
  while (format < target) {
    const auto step =
        std::find_if(steps.begin(), steps.end(), [&](const UpgradeStep& s) { return s.from == format; });
    if (step == steps.end()) {
      return {Code::damaged, "the store " + store + " has format " + std::to_string(format) +
                                 ", which never existed; restore the store from a copy"};
    }
    TN_CHECK(step->to > format);
    TN_CHECK(step->to <= target);
    TN_TRY(step->run(store));
    TN_TRY(note(step->to));
    format = step->to;
  }
  return {};
}

}  // namespace tenuto
