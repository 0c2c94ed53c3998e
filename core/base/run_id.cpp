#include "core/base/run_id.h"

#include "core/base/limits.h"
#include "core/base/random.h"

namespace tenuto {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kTimeChars = 10;
constexpr std::size_t kNumberChars = 13;
constexpr std::size_t kCheckChars = 3;
static_assert((kNumberChars - 1) * 5 < 64, "no character is shifted out of its number");
constexpr std::size_t kIdChars = kTimeChars + kNumberChars + kCheckChars;

void append_base32(std::string& out, std::uint64_t value, std::size_t chars) {
  for (std::size_t i = chars; i > 0; --i) out.push_back(kAlphabet[(value >> (i - 1) * 5) & 31]);
}

std::optional<std::uint64_t> read_base32(std::string_view text) {
  std::uint64_t value = 0;
  for (char c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos || value >> 59 != 0) return std::nullopt;
    value = value << 5 | digit;
  }
  return value;
}

std::uint64_t check_of(std::uint64_t millis, std::uint64_t number, std::uint64_t store) {
  return mix64(mix64(millis) ^ mix64(number + 1) ^ store) & 0x7FFF;
}

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

std::string make_run_id(WallTime started, RunNumber number, const StoreKeys& store) {
  const std::uint64_t millis = started.ns < 0 ? 0 : static_cast<std::uint64_t>(started.ns / kMillisecond);
  std::string id;
  id.reserve(kIdChars);
  append_base32(id, millis, kTimeChars);
  append_base32(id, number.value, kNumberChars);
  append_base32(id, check_of(millis, number.value, store.of(number)), kCheckChars);
  return id;
}

std::optional<RunNumber> parse_run_id(std::string_view id, const StoreKeys& store) {
  if (id.size() != kIdChars) return std::nullopt;
  const auto millis = read_base32(id.substr(0, kTimeChars));
  const auto number = read_base32(id.substr(kTimeChars, kNumberChars));
  const auto check = read_base32(id.substr(kTimeChars + kNumberChars));
  if (!millis || !number || !check) return std::nullopt;
  const RunNumber run{*number};
  if (*check != check_of(*millis, *number, store.of(run))) return std::nullopt;
  return run;
}

Status check_chosen_id(std::string_view id) {
  bool good = !id.empty() && id.size() <= limits::kRunIdBytesMax && is_alnum(id.front());
  for (const char c : id) good = good && (is_alnum(c) || c == '.' || c == '_' || c == ':' || c == '-');
  if (good) return {};
  return {Code::invalid_argument,
          "`" + std::string(id.substr(0, 220)) +
              "` can't be a run id: use 1 to 200 letters, digits and . _ : - and begin with a "
              "letter or digit"};
}

}  // namespace tenuto
