// Strong identifiers.
//
// A bare integer never crosses a function: a RunNumber can't be passed where a TaskIndex is meant.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace tenuto {

// A number with a meaning. `Tag` only keeps the types apart.
template <class Tag, class Rep>
struct StrongId {
  using rep = Rep;
  Rep value{};

  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep v) : value(v) {}
  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;
};

// One execution of a workflow within its store; assigned in order of acceptance, never reused; 0 is "none".
using RunNumber = StrongId<struct RunNumberTag, std::uint64_t>;
// A scope within its run; 0 is the run itself.
using ScopeNumber = StrongId<struct ScopeNumberTag, std::uint32_t>;
// A node (task or switch) within the plan of its scope: dense, in the order of definition.
using TaskIndex = StrongId<struct TaskIndexTag, std::uint32_t>;
// One try of one task; the first is 1.
using Attempt = StrongId<struct AttemptTag, std::uint32_t>;
// A byte offset in the total order of everything ever appended to one store's journal.
using Position = StrongId<struct PositionTag, std::uint64_t>;
// Counts the opens of a store; fences whatever an earlier owner still does. 0 is "never opened".
using Generation = StrongId<struct GenerationTag, std::uint64_t>;
// One hand-out of a task body; unique within a generation. With it, a late result can be told from a current one.
using DispatchNumber = StrongId<struct DispatchNumberTag, std::uint64_t>;

inline constexpr ScopeNumber kRootScope{0};
inline constexpr TaskIndex kNoTask{0xFFFF'FFFFu};

// The content hash of a workflow definition (XXH3-128 of its canonical form).
struct WorkflowHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr auto operator<=>(const WorkflowHash&, const WorkflowHash&) = default;
};

// The id of a command from a client (start, cancel …): chosen by the client, so that sending it twice applies it once.
struct CommandId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr auto operator<=>(const CommandId&, const CommandId&) = default;
  [[nodiscard]] constexpr bool is_none() const { return high == 0 && low == 0; }
};

}  // namespace tenuto

template <class Tag, class Rep>
struct std::hash<tenuto::StrongId<Tag, Rep>> {
  std::size_t operator()(tenuto::StrongId<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value); }
};
template <>
struct std::hash<tenuto::WorkflowHash> {
  // The members are hash output already.
  std::size_t operator()(const tenuto::WorkflowHash& h) const noexcept { return h.high ^ h.low; }
};
template <>
struct std::hash<tenuto::CommandId> {
  std::size_t operator()(const tenuto::CommandId& c) const noexcept {
    return c.high * 0x9E37'79B9'7F4A'7C15u ^ c.low;
  }
};
