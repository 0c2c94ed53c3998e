// Every bound of the engine in one place. A bound that a user can meet is named in docs/operations.md too.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenuto::limits {

inline constexpr std::uint32_t kPlanTasksMax = 1'000'000;
inline constexpr std::size_t kValueBytesMax = 16u << 20;
inline constexpr std::size_t kNameBytesMax = 255;
inline constexpr std::size_t kRunIdBytesMax = 200;
inline constexpr std::uint32_t kDepthMax = 64;  // nesting of JSON values, of expressions and of blocks
inline constexpr std::size_t kExpressionBytesMax = 64u << 10;
inline constexpr std::size_t kEvaluationBytesMax = 32u << 20;  // what one evaluation may create
inline constexpr std::uint64_t kEvaluationStepsMax =
    10'000'000;  // instructions, items and 64-byte pieces looked at
inline constexpr std::uint32_t kReadersMax = 1024;
inline constexpr std::uint32_t kAttemptsMax = 65'000;  // of one task; fits the 16 bits of its row

// Journal. A batch is what one processor appends at once; it never straddles a frame, a frame never a segment.
inline constexpr std::size_t kSegmentBytes = 64u << 20;
inline constexpr std::size_t kJournalWindowBytes = 256u << 20;  // more than this is not kept: writers wait
inline constexpr std::size_t kRingBytes = 16u << 20;            // bounds how far work runs ahead of the disk
inline constexpr std::size_t kBatchBytesMax = 1u << 20;         // larger records travel as fragments
inline constexpr std::size_t kFrameBytesMax = 8u << 20;

// Nanoseconds from the first event that the tables don't have to the transaction that takes it up, when few come.
inline constexpr std::int64_t kTablesDueAfter = 1'000'000'000;

static_assert(kBatchBytesMax * 4 <= kRingBytes, "several producers fit in the ring at once");
static_assert(kFrameBytesMax <= kRingBytes && kFrameBytesMax * 4 <= kSegmentBytes,
              "frames waste little of a segment");
static_assert(kJournalWindowBytes % kSegmentBytes == 0 && kJournalWindowBytes / kSegmentBytes >= 2);

// A block of run numbers, reserved ahead by one event: at a million starts a second half of one lasts for several commits. So
// many numbers are passed over when a process dies.
inline constexpr std::uint64_t kRunNumbersAtOnce = 16'384;

// Scheduling. Values from measurements noted in docs/architecture.md; none is critical within a factor of two.
inline constexpr std::uint32_t kMailboxBatchMax =
    256;                                               // inputs before a processor yields to the global queue
inline constexpr std::uint32_t kRunNextStreakMax = 3;  // uses in a row of the run-next shortcut
inline constexpr std::uint32_t kInjectionInterval = 61;  // items between looks at the injection queue
inline constexpr std::uint32_t kReadyOfferMax = 1024;    // ready tasks one run offers to pools at a time

}  // namespace tenuto::limits
