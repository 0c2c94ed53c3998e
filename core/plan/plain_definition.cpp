#include "core/plan/plain_definition.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "core/base/limits.h"
#include "core/payload/json_writer.h"
#include "core/plan/canonical.h"

namespace tenuto {
namespace {

// What each node waits for, ascending: the edges from their other end.
class Needs {
 public:
  explicit Needs(const Plan& plan) : first_(plan.node_count() + 1), sources_(plan.edge_count()) {
    const std::uint32_t count = plan.node_count();
    for (std::uint32_t i = 0; i < count; ++i) first_[i + 1] = first_[i] + plan.row(TaskIndex{i}).in_degree;
    std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
    for (std::uint32_t i = 0; i < count; ++i) {
      for (const Edge edge : plan.edges_of(TaskIndex{i})) sources_[next[edge.target().value]++] = i;
    }
  }
  [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t node) const {
    return std::span(sources_).subspan(first_[node], first_[node + 1] - first_[node]);
  }

 private:
  std::vector<std::uint32_t> first_;  // per node, and one more
  std::vector<std::uint32_t> sources_;
};

bool is_text_without_escapes(ByteView text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

// A piece of text in front of where it goes, so that a short part costs no more than its copy.
class Piece {
 public:
  static constexpr std::size_t kBytes = 32u << 10;  // fits the cache; not critical

  // For the parts that follow, of `size` <= kBytes bytes together; calls `flush` with what it held.
  template <class Flush>
  void make_room(std::size_t size, Flush& flush) {
    if (kBytes - size_ >= size) return;
    flush(ByteView(bytes_, size_));
    size_ = 0;
  }
  template <std::size_t kSize>
  void literal(const char (&text)[kSize]) {
    put(ByteView(text, kSize - 1));
  }
  void put(ByteView text) {
    std::memcpy(bytes_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  // Puts an ASCII number that packed_digits() made.
  void digits(std::uint64_t packed) {
    const std::uint64_t text = __builtin_bswap64(packed);
    std::memcpy(bytes_ + size_, &text, sizeof text);
    size_ += sizeof text - static_cast<std::size_t>(std::countr_zero(packed)) / 8;
  }
  [[nodiscard]] ByteView text() const { return {bytes_, size_}; }

 private:
  char bytes_[kBytes];
  std::size_t size_ = 0;
};

// The digits of a number as text, the first one in the highest byte: they compare as their texts do.
std::uint64_t packed_digits(std::uint32_t number) {
  static_assert(limits::kPlanTasksMax <= 100'000'000, "8 digits");
  std::uint64_t packed = 0;
  do {
    packed = packed >> 8 | static_cast<std::uint64_t>('0' + number % 10) << 56;
    number /= 10;
  } while (number > 0);
  return packed;
}

// Keys in the order of their bytes, as in canonical.cpp. `flush` takes the text in pieces.
template <class Flush>
class PlainWriter {
 public:
  PlainWriter(const Plan& plan, Flush flush)
      : plan_(plan),
        needs_(plan),
        flush_(std::move(flush)),
        is_named_(!plan.names_text().empty()),
        has_escapes_(!is_text_without_escapes(plan.names_text())) {
    for (const std::string& action : plan.actions()) {
      Bytes& text = uses_.emplace_back("\"use\":");
      json::append_quoted(text, action);
      text += '}';
    }
    for (const Policy& policy : plan.policies()) policies_.push_back(members_of(policy));
  }

  void write() {
    Bytes head = "{\"name\":";
    json::append_quoted(head, plan_.name());
    piece_.put(head);
    piece_.literal(",\"tasks\":{");
    for (TaskIndex i{0}; i.value < plan_.node_count(); ++i.value) task(i);
    piece_.make_room(kRoom, flush_);
    piece_.literal("},\"tenuto\":1}");
    flush_(piece_.text());
  }

 private:
  // For a name and what belongs to it, each byte an escape; and for the head and the end of a task.
  static constexpr std::size_t kRoom = 6 * limits::kNameBytesMax + 64;
  static constexpr std::size_t kTaskRoom = 4 * kRoom;

  // With a comma behind them.
  [[nodiscard]] Bytes members_of(const Policy& policy) const {
    Bytes text;
    json::Writer writer(text);
    writer.begin_object();
    write_policy(writer, {policy.retry, policy.timeout_ns, plan_.pools()[policy.pool], policy.pure});
    text.erase(0, 1);
    if (!text.empty()) text += ',';
    return text;
  }

  void task(TaskIndex i) {
    piece_.make_room(kTaskRoom, flush_);
    if (i.value > 0) piece_.literal(",");
    if (is_named_) {
      name(plan_.name_of(i));
    } else {
      generated(packed_digits(i.value));
    }
    piece_.literal(":{");
    if (const auto needs = needs_.of(i.value); !needs.empty()) {
      piece_.literal("\"needs\":[");
      if (is_named_) {
        named_needs(needs);
      } else {
        generated_needs(needs);
      }
      piece_.make_room(kTaskRoom, flush_);
      piece_.literal("],");
    }
    const NodeRow& row = plan_.row(i);
    piece_.put(policies_[row.policy]);
    piece_.put(uses_[row.subject]);
  }

  void name(ByteView name) {
    if (has_escapes_) {
      escaped_.clear();
      json::append_quoted(escaped_, name);
      return piece_.put(escaped_);
    }
    piece_.literal("\"");
    piece_.put(name);
    piece_.literal("\"");
  }
  void generated(std::uint64_t digits) {
    piece_.literal("\"t");
    piece_.digits(digits);
    piece_.literal("\"");
  }

  void named_needs(std::span<const std::uint32_t> needs) {
    names_.clear();
    for (const std::uint32_t need : needs) names_.push_back(plan_.name_of(TaskIndex{need}));
    std::sort(names_.begin(), names_.end());
    for (const ByteView need : names_) {
      piece_.make_room(kRoom, flush_);
      if (need.data() != names_.front().data()) piece_.literal(",");
      name(need);
    }
  }
  void generated_needs(std::span<const std::uint32_t> needs) {
    numbers_.clear();
    for (const std::uint32_t need : needs) numbers_.push_back(packed_digits(need));
    std::sort(numbers_.begin(), numbers_.end());
    for (const std::uint64_t need : numbers_) {
      piece_.make_room(kRoom, flush_);
      if (need != numbers_.front()) piece_.literal(",");
      generated(need);
    }
  }

  const Plan& plan_;
  const Needs needs_;
  Flush flush_;
  const bool is_named_;
  const bool has_escapes_;       // some name needs them
  std::vector<Bytes> uses_;      // per action
  std::vector<Bytes> policies_;  // per policy
  Piece piece_;
  // Of the node that is written.
  std::vector<ByteView> names_;
  std::vector<std::uint64_t> numbers_;
  Bytes escaped_;
};

}  // namespace

Bytes plain_definition(const Plan& plan) {
  Bytes text;
  PlainWriter(plan, [&](ByteView piece) { text += piece; }).write();
  return text;
}

WorkflowHash plain_hash(const Plan& plan) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  if (state == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state.get());
  PlainWriter(plan, [&](ByteView piece) {
    XXH3_128bits_update(state.get(), piece.data(), piece.size());
  }).write();
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return {hash.high64, hash.low64};
}

}  // namespace tenuto
