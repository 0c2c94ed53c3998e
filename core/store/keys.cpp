#include "core/store/keys.h"

#include <type_traits>

namespace tenuto {
namespace {

// Ends a text that other fields follow; a zero byte within it is kZero and kZeroInText.
constexpr char kZero = '\x00';
constexpr char kEndOfText = '\x01';
constexpr char kZeroInText = '\xFF';
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

template <class T>
void append_number(Bytes& out, T value) {
  static_assert(std::is_unsigned_v<T>);
  for (int shift = static_cast<int>(sizeof(T) * 8) - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xFF));
  }
}

void append_text(Bytes& out, ByteView text) {
  for (const char c : text) {
    out.push_back(c);
    if (c == kZero) out.push_back(kZeroInText);
  }
  out.push_back(kZero);
  out.push_back(kEndOfText);
}

// Takes a key apart from its front; a key of a wrong shape makes whole() false.
class KeyReader {
 public:
  explicit KeyReader(ByteView key) : rest_(key) {}

  template <class T>
  T number() {
    static_assert(std::is_unsigned_v<T>);
    if (rest_.size() < sizeof(T)) return fail<T>();
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(value << 8 | static_cast<std::uint8_t>(rest_[i]));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  Bytes text() {
    Bytes out;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] != kZero) {
        out.push_back(rest_[i]);
        continue;
      }
      const char next = ++i < rest_.size() ? rest_[i] : '\x02';
      if (next == kEndOfText) {
        rest_.remove_prefix(i + 1);
        return out;
      }
      if (next != kZeroInText) break;
      out.push_back(kZero);
    }
    return fail<Bytes>();
  }
  // Whether all fields were there and nothing else.
  [[nodiscard]] bool whole() const { return ok_ && rest_.empty(); }

 private:
  template <class T>
  T fail() {
    ok_ = false;
    rest_ = {};
    return T{};
  }
  ByteView rest_;
  bool ok_ = true;
};

template <class T>
std::optional<T> checked(const KeyReader& reader, T value) {
  if (!reader.whole()) return std::nullopt;
  return value;
}

Bytes pair_key(std::uint64_t high, std::uint64_t low) {
  Bytes key;
  append_number(key, high);
  append_number(key, low);
  return key;
}

Bytes part_key(RunNumber run, std::uint32_t part) {
  Bytes key;
  append_number(key, run.value);
  append_number(key, part);
  return key;
}

}  // namespace

Bytes run_key(RunNumber run) {
  Bytes key;
  append_number(key, run.value);
  return key;
}

std::optional<RunNumber> parse_run_key(ByteView key) {
  KeyReader reader(key);
  const RunNumber run(reader.number<std::uint64_t>());
  return checked(reader, run);
}

Bytes history_key(const HistoryKey& key) {
  return part_key(key.run, key.chunk.value);
}

std::optional<HistoryKey> parse_history_key(ByteView key) {
  KeyReader reader(key);
  HistoryKey fields;
  fields.run = RunNumber(reader.number<std::uint64_t>());
  fields.chunk = ChunkNumber(reader.number<std::uint32_t>());
  return checked(reader, fields);
}

Bytes block_key(BlockNumber block) {
  Bytes key;
  append_number(key, block.value);
  return key;
}

std::optional<BlockNumber> parse_block_key(ByteView key) {
  KeyReader reader(key);
  const BlockNumber block(reader.number<std::uint64_t>());
  return checked(reader, block);
}

Bytes workflow_key(const WorkflowHash& hash) {
  return pair_key(hash.high, hash.low);
}

std::optional<WorkflowHash> parse_workflow_key(ByteView key) {
  KeyReader reader(key);
  WorkflowHash hash;
  hash.high = reader.number<std::uint64_t>();
  hash.low = reader.number<std::uint64_t>();
  return checked(reader, hash);
}

Bytes command_key(const CommandId& id) {
  return pair_key(id.high, id.low);
}

std::optional<CommandId> parse_command_key(ByteView key) {
  KeyReader reader(key);
  CommandId id;
  id.high = reader.number<std::uint64_t>();
  id.low = reader.number<std::uint64_t>();
  return checked(reader, id);
}

Bytes timer_key(const TimerKey& key) {
  Bytes out;
  append_number(out, static_cast<std::uint64_t>(key.due.ns) ^ kSignBit);
  append_number(out, key.run.value);
  append_number(out, key.number.value);
  return out;
}

std::optional<TimerKey> parse_timer_key(ByteView key) {
  KeyReader reader(key);
  TimerKey fields;
  fields.due = WallTime{static_cast<Nanos>(reader.number<std::uint64_t>() ^ kSignBit)};
  fields.run = RunNumber(reader.number<std::uint64_t>());
  fields.number = PartNumber(reader.number<std::uint32_t>());
  return checked(reader, fields);
}

Bytes stats_prefix(ByteView workflow) {
  Bytes out;
  append_text(out, workflow);
  return out;
}

Bytes stats_key(const StatsKey& key) {
  Bytes out = stats_prefix(key.workflow);
  append_number(out, key.hour);
  append_number(out, key.task);
  return out;
}

std::optional<StatsKey> parse_stats_key(ByteView key) {
  KeyReader reader(key);
  StatsKey fields;
  fields.workflow = reader.text();
  fields.hour = reader.number<std::uint32_t>();
  fields.task = reader.number<std::uint64_t>();
  return checked(reader, std::move(fields));
}

}  // namespace tenuto
