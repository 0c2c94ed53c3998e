#include "core/engine/inbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/payload/json.h"

namespace tenuto {
namespace {

constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kUnfinished = ".new";  // of a file that is no command yet; replace_file()
constexpr std::size_t kIdChars = 32;
// A command holds a definition and an input at most, each within the limit of a value, and a little around them.
constexpr std::size_t kCommandBytesMax = 2 * limits::kValueBytesMax + (1u << 20);

Status failed(const std::string& what, const std::string& path) {
  return io_status(errno, what, path);
}

void text_member(json::Writer& out, ByteView key, ByteView value) {
  if (value.empty()) return;
  out.key(key);
  out.string(value);
}

void raw_member(json::Writer& out, ByteView key, ByteView json_text) {
  if (json_text.empty()) return;
  out.key(key);
  out.raw(json_text);
}

void encode_to(json::Writer& out, const StartCommand& start) {
  text_member(out, "command", "start");
  raw_member(out, "definition", start.definition);
  text_member(out, "id", start.id);
  raw_member(out, "input", start.input);
  raw_member(out, "labels", start.labels);
  text_member(out, "by", start.by);
  out.key("test");
  out.boolean(start.test);
}

void encode_to(json::Writer& out, const CancelCommand& cancel) {
  text_member(out, "command", "cancel");
  text_member(out, "run", cancel.run);
  text_member(out, "reason", cancel.reason);
  text_member(out, "by", cancel.by);
}

void encode_to(json::Writer& out, const PruneCommand& prune) {
  text_member(out, "command", "prune");
  if (prune.request.ended_before.has_value()) {
    out.key("ended_before_ns");
    out.integer(prune.request.ended_before->ns);
  }
  out.key("keep");
  out.integer(static_cast<std::int64_t>(prune.request.keep));
  out.key("states");
  out.integer(prune.request.states);
  if (prune.request.workflow.has_value()) text_member(out, "workflow", *prune.request.workflow);
}

// None when it is missing or something else.
std::optional<std::int64_t> integer_of(const json::Value& object, ByteView key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_integer() ? std::optional(value->as_integer()) : std::nullopt;
}

std::string text_of(const json::Value& object, ByteView key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string raw_of(const json::Value& object, ByteView key) {
  const json::Value* value = object.find(key);
  return value != nullptr ? std::string(value->raw()) : std::string();
}

}  // namespace

namespace {

Result<Command> decode_prune(const json::Value& root) {
  const auto keep = integer_of(root, "keep");
  const auto states = integer_of(root, "states");
  const bool is_whole =
      keep.has_value() && *keep >= 0 && states.has_value() && *states > 0 && *states <= 0xFFFF;
  if (!is_whole) return Status(Code::invalid_argument, "prune: `keep` or `states` is not what it must be");
  PruneCommand prune;
  prune.request.keep = static_cast<std::uint64_t>(*keep);
  prune.request.states = static_cast<std::uint16_t>(*states);
  if (const auto before = integer_of(root, "ended_before_ns")) prune.request.ended_before = WallTime{*before};
  if (std::string workflow = text_of(root, "workflow"); !workflow.empty())
    prune.request.workflow = std::move(workflow);
  return Command(std::move(prune));
}

}  // namespace

Bytes encode_command(const Command& command) {
  Bytes text;
  json::Writer out(text);
  out.begin_object();
  std::visit([&](const auto& known) { encode_to(out, known); }, command);
  out.end_object();
  return text;
}

Result<Command> decode_command(ByteView text) {
  TN_ASSIGN(const json::Document document, json::Document::parse(text));
  const json::Value& root = document.root();
  if (!root.is_object()) return Status(Code::invalid_argument, "a command must be a JSON object");
  const std::string kind = text_of(root, "command");
  if (kind == "cancel") {
    CancelCommand cancel{text_of(root, "run"), text_of(root, "reason"), text_of(root, "by")};
    if (cancel.run.empty()) return Status(Code::invalid_argument, "cancel: `run` is missing");
    return Command(std::move(cancel));
  }
  if (kind == "prune") return decode_prune(root);
  if (kind != "start") return Status(Code::invalid_argument, "unknown command `" + kind + "`");
  StartCommand start{raw_of(root, "definition"), text_of(root, "id"), raw_of(root, "input"),
                     raw_of(root, "labels"),     text_of(root, "by"), false};
  if (const json::Value* test = root.find("test"); test != nullptr && test->is_bool())
    start.test = test->as_bool();
  if (start.definition.empty()) return Status(Code::invalid_argument, "start: `definition` is missing");
  if (start.id.empty()) return Status(Code::invalid_argument, "start: `id` is missing");
  return Command(std::move(start));
}

std::string command_file_name(CommandId command) {
  char name[kIdChars + 1];
  std::snprintf(name, sizeof name, "%016llx%016llx", static_cast<unsigned long long>(command.high),
                static_cast<unsigned long long>(command.low));
  return name + std::string(kSuffix);
}

std::optional<CommandId> parse_command_file_name(std::string_view name) {
  if (name.size() != kIdChars + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  std::uint64_t halves[2] = {0, 0};
  for (std::size_t i = 0; i < kIdChars; ++i) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(name[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    halves[i / 16] = halves[i / 16] << 4 | digit;
  }
  return CommandId{halves[0], halves[1]};
}

Status Inbox::submit(CommandId id, const Command& command) const {
  const Bytes text = encode_command(command);
  if (text.size() > kCommandBytesMax) {
    return {Code::too_large, "the command has " + std::to_string(text.size()) + " bytes; the limit is " +
                                 std::to_string(kCommandBytesMax)};
  }
  return replace_file(calls_, directory_, command_file_name(id), text);
}

Result<std::vector<std::string>> Inbox::list() const {
  DIR* folder = ::opendir(directory_.c_str());
  if (folder == nullptr) return failed("read", directory_);
  struct Found {
    timespec changed;
    std::string name;
  };
  std::vector<Found> found;
  while (const dirent* entry = ::readdir(folder)) {
    if (!parse_command_file_name(entry->d_name).has_value()) continue;
    struct stat facts {};
    if (::fstatat(::dirfd(folder), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;
    // Only plain files: a FIFO would hang the owner, a link lead it elsewhere.
    if (S_ISREG(facts.st_mode)) found.push_back({facts.st_mtim, entry->d_name});
  }
  ::closedir(folder);
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    if (a.changed.tv_sec != b.changed.tv_sec) return a.changed.tv_sec < b.changed.tv_sec;
    if (a.changed.tv_nsec != b.changed.tv_nsec) return a.changed.tv_nsec < b.changed.tv_nsec;
    return a.name < b.name;
  });
  std::vector<std::string> names;
  for (Found& one : found) names.push_back(std::move(one.name));
  return names;
}

Result<Bytes> Inbox::read(const std::string& name) const {
  const std::string path = directory_ + "/" + name;
  TN_ASSIGN(const OwnedFile file, open_file(calls_, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  const std::int64_t size = calls_.size(file.fd());
  if (size < 0) return io_status(static_cast<int>(-size), "read", path);
  if (static_cast<std::size_t>(size) > kCommandBytesMax) {
    return Status(Code::too_large, path + ": the command is larger than the limit");
  }
  Bytes text(static_cast<std::size_t>(size), '\0');
  TN_ASSIGN(const std::size_t got, read_upto(calls_, file.fd(), 0, text.size(), text.data(), path));
  text.resize(got);
  return text;
}

void Inbox::remove(const std::string& file) const {
  ::unlink((directory_ + "/" + file).c_str());
}

void Inbox::remove_abandoned(WallTime now) const {
  DIR* folder = ::opendir(directory_.c_str());
  if (folder == nullptr) return;  // the next time
  while (const dirent* entry = ::readdir(folder)) {
    std::string_view name = entry->d_name;
    if (!name.ends_with(kUnfinished)) continue;
    name.remove_suffix(kUnfinished.size());
    struct stat facts {};
    if (!parse_command_file_name(name).has_value() ||
        ::fstatat(::dirfd(folder), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0) {
      continue;
    }
    const Nanos written = facts.st_mtim.tv_sec * kSecond + facts.st_mtim.tv_nsec;
    if (S_ISREG(facts.st_mode) && written < now.ns - kAbandonedAfter)
      ::unlinkat(::dirfd(folder), entry->d_name, 0);
  }
  ::closedir(folder);
}

bool Inbox::contains(CommandId id) const {
  return ::access((directory_ + "/" + command_file_name(id)).c_str(), F_OK) == 0;
}

}  // namespace tenuto
