#include "core/journal/command_row.h"

#include "core/journal/seal.h"

namespace tenuto {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

Bytes encode(const CommandOutcome& outcome, ByteView key) {
  Bytes out;
  ByteWriter w(out);
  w.fixed(kVersion);
  w.fixed(outcome.at.ns);
  w.varint(static_cast<std::uint32_t>(outcome.code));
  w.varint(outcome.subject.value);
  w.string(outcome.message);
  seal(key, out);
  return out;
}

Result<CommandOutcome> decode_command_outcome(ByteView key, ByteView value) {
  TN_ASSIGN(const ByteView content, unseal(key, value, "the outcome of a command"));
  ByteReader r(content);
  if (r.fixed<std::uint8_t>() > kVersion) {
    return Status(Code::newer_format,
                  "a command's outcome was written by a newer version; open the store with that");
  }
  CommandOutcome outcome;
  outcome.at.ns = r.fixed<std::int64_t>();
  outcome.code = static_cast<Code>(r.varint());
  outcome.subject = RunNumber(r.varint());
  outcome.message = r.string();
  if (!r.ok() || !r.at_end()) {
    return Status(Code::damaged, "the outcome of a command is cut; restore the store from a backup");
  }
  return outcome;
}

}  // namespace tenuto
