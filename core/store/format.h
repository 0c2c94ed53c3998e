// The number of the store's format, and how a store of an older one becomes a new one.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "core/base/status.h"

namespace tenuto {

// Covers everything in a store directory. It grows when an older program could misread what a newer one writes.
inline constexpr std::uint32_t kStoreFormat = 3;
// Formats before it were never released; nothing leads from them to a newer one.
inline constexpr std::uint32_t kStoreFormatOldest = 3;

// One step from a format to the next. A crash may come between a step and the note that it is done, so a step must be
// repeatable; it must be durable when it returns.
struct UpgradeStep {
  std::uint32_t from = 0;
  std::uint32_t to = 0;  // > from
  std::function<Status(const std::string& store)> run;
};

// The steps of this version, in ascending order: none yet, as 3 is the first format that was released.
std::span<const UpgradeStep> upgrade_steps();

// Takes the store from `format` to `target` and calls `note(f)` after each step, which makes f durable as the store's
// format. newer_format when the store is beyond `target`, damaged when no step leaves its format.
Status upgrade(const std::string& store, std::uint32_t format, std::uint32_t target,
               std::span<const UpgradeStep> steps, const std::function<Status(std::uint32_t format)>& note);

// newer_format with both numbers and the next step, when `format` is newer than `known`; invalid_argument when it is older than
// `oldest`.
Status check_format(const std::string& store, std::uint32_t format, std::uint32_t known = kStoreFormat,
                    std::uint32_t oldest = kStoreFormatOldest);

}  // namespace tenuto
