#include "core/upkeep/backup_manifest.h"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/payload/json.h"
#include "core/payload/json_writer.h"
#include "core/query/time_text.h"
#include "core/query/value_json.h"

namespace tenuto {
namespace {

constexpr std::size_t kManifestBytesMax = 256u << 20;  // some 40 TiB of tables
constexpr std::size_t kHexDigits = 16;
constexpr ByteView kSumWord = "xxh3 ";

std::string hex(std::uint64_t value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out(kHexDigits, '0');
  for (std::size_t i = kHexDigits; i-- > 0; value >>= 4) out[i] = kDigits[value & 0xF];
  return out;
}

std::optional<std::uint64_t> from_hex(ByteView text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.size() != kHexDigits || error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  if (hex(value) != text) return std::nullopt;  // digits in upper case are not ours
  return value;
}

void text(json::Writer& out, ByteView key, ByteView value) {
  out.key(key);
  out.string(value);
}

void write_file(json::Writer& out, const BackupFile& file) {
  out.begin_object();
  text(out, "name", file.name);
  write_count(out, "bytes", file.digest.bytes);
  write_count(out, "modified_ns", static_cast<std::uint64_t>(file.modified_ns));
  out.key("xxh3");
  out.begin_array();
  for (const std::uint64_t block : file.digest.blocks) out.string(hex(block));
  out.end_array();
  out.end_object();
}

// Reads members and remembers whether one was missing or of another kind.
class Members {
 public:
  explicit Members(const json::Value& object) : object_(object) { ok_ = object.is_object(); }

  std::uint64_t number(ByteView key) {
    const json::Value* value = find(key);
    if (value != nullptr && value->is_integer()) return static_cast<std::uint64_t>(value->as_integer());
    ok_ = false;
    return 0;
  }
  ByteView text(ByteView key) {
    const json::Value* value = find(key);
    if (value != nullptr && value->is_string()) return value->as_string();
    ok_ = false;
    return {};
  }
  StoreUuid uuid(ByteView key) {
    const std::optional<StoreUuid> uuid = StoreUuid::parse(text(key));
    ok_ = ok_ && uuid.has_value();
    return uuid.value_or(StoreUuid{});
  }
  // Calls `visit` for the elements of an array.
  template <class Visit>
  void each(ByteView key, Visit&& visit) {
    const json::Value* value = find(key);
    if (value == nullptr || !value->is_array()) {
      ok_ = false;
      return;
    }
    for (const json::Value& element : value->elements()) visit(element);
  }
  [[nodiscard]] bool ok() const { return ok_; }
  void fail() { ok_ = false; }

 private:
  const json::Value* find(ByteView key) { return object_.is_object() ? object_.find(key) : nullptr; }
  const json::Value& object_;
  bool ok_ = true;
};

// Only names that a backup can hold: a manifest must not lead anybody out of its directory.
bool is_plain_name(ByteView name) {
  return !name.empty() && name.front() != '.' && name.find('/') == ByteView::npos &&
         name.find('\0') == ByteView::npos;
}

bool read_file_member(const json::Value& value, BackupFile& file) {
  Members members(value);
  file.name = members.text("name");
  file.digest.bytes = members.number("bytes");
  file.modified_ns = static_cast<std::int64_t>(members.number("modified_ns"));
  members.each("xxh3", [&](const json::Value& block) {
    const auto sum = block.is_string() ? from_hex(block.as_string()) : std::nullopt;
    if (!sum.has_value()) members.fail();
    file.digest.blocks.push_back(sum.value_or(0));
  });
  const std::uint64_t blocks = (file.digest.bytes + kDigestBlockBytes - 1) / kDigestBlockBytes;
  return members.ok() && is_plain_name(file.name) && file.digest.blocks.size() == blocks;
}

}  // namespace

std::uint64_t BackupManifest::bytes() const {
  std::uint64_t sum = 0;
  for (const BackupFile& one : files) sum += one.digest.bytes;
  return sum;
}

const BackupFile* BackupManifest::file(std::string_view name) const {
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const BackupFile& one) { return one.name == name; });
  return found == files.end() ? nullptr : &*found;
}

Bytes encode(const BackupManifest& manifest) {
  Bytes line;
  json::Writer out(line);
  out.begin_object();
  write_count(out, "backup", kBackupFormat);
  write_count(out, "store_format", manifest.store_format);
  text(out, "store", manifest.store.text());
  out.key("origins");
  out.begin_array();
  for (const StoreOrigin& origin : manifest.origins) {
    out.begin_object();
    text(out, "store", origin.uuid.text());
    write_count(out, "below", origin.below.value);
    out.end_object();
  }
  out.end_array();
  text(out, "made", format_time(manifest.made));
  write_count(out, "made_ns", static_cast<std::uint64_t>(manifest.made.ns));
  text(out, "tenuto", manifest.version);
  write_count(out, "watermark", manifest.watermark.value);
  write_count(out, "position", manifest.position.value);
  write_count(out, "generation", manifest.generation.value);
  out.key("files");
  out.begin_array();
  for (const BackupFile& file : manifest.files) write_file(out, file);
  out.end_array();
  out.end_object();
  const std::string sum = hex(XXH3_64bits(line.data(), line.size()));
  return line + "\n" + std::string(kSumWord) + sum + "\n";
}

Result<BackupManifest> decode_manifest(const std::string& path, ByteView whole) {
  const Status damaged(Code::damaged,
                       "the backup is damaged: " + path + " is not as it was written; take another backup");
  const std::size_t end = std::min(whole.find('\n'), whole.size());
  const ByteView line = whole.substr(0, end);
  ByteView sum = whole.substr(std::min(end + 1, whole.size()));
  if (!sum.starts_with(kSumWord) || !sum.ends_with('\n')) return damaged;
  sum = sum.substr(kSumWord.size(), sum.size() - kSumWord.size() - 1);
  if (from_hex(sum) != XXH3_64bits(line.data(), line.size())) return damaged;
  const auto document = json::Document::parse(line);
  if (!document.ok()) return damaged;
  Members members(document->root());
  const std::uint64_t format = members.number("backup");
  if (format > kBackupFormat) {
    return Status(Code::newer_format, path + " has backup format " + std::to_string(format) +
                                          ", this version of Tenuto knows formats up to " +
                                          std::to_string(kBackupFormat) + "; use a newer Tenuto");
  }
  BackupManifest manifest;
  manifest.store_format = static_cast<std::uint32_t>(members.number("store_format"));
  manifest.store = members.uuid("store");
  members.each("origins", [&](const json::Value& value) {
    Members origin(value);
    manifest.origins.push_back({origin.uuid("store"), RunNumber(origin.number("below"))});
    if (!origin.ok()) members.fail();
  });
  manifest.made = WallTime{static_cast<Nanos>(members.number("made_ns"))};
  manifest.version = members.text("tenuto");
  manifest.watermark = Position(members.number("watermark"));
  manifest.position = Position(members.number("position"));
  manifest.generation = Generation(members.number("generation"));
  members.each("files", [&](const json::Value& value) {
    if (!read_file_member(value, manifest.files.emplace_back())) members.fail();
  });
  const bool whole_set = manifest.file(kTablesFile) != nullptr && manifest.file(kFramesFile) != nullptr;
  if (!members.ok() || !whole_set) return damaged;
  return manifest;
}

Result<BackupManifest> read_manifest(FileCalls& calls, const std::string& directory) {
  const std::string path = directory + "/" + kManifestFile;
  const Result<OwnedFile> file = open_file(calls, path, 0);
  if (file.code() == Code::not_found) {
    return Status(Code::not_found, directory + " is not a backup (it has no " + kManifestFile +
                                       "); give a directory that `tenuto db backup` made");
  }
  if (!file.ok()) return file.status();
  const std::int64_t size = calls.size(file->fd());
  if (size < 0) return io_status(static_cast<int>(-size), "read", path);
  if (static_cast<std::uint64_t>(size) > kManifestBytesMax) return decode_manifest(path, {});
  Bytes whole(static_cast<std::size_t>(size), '\0');
  TN_ASSIGN(const std::size_t got, read_upto(calls, file->fd(), 0, whole.size(), whole.data(), path));
  whole.resize(got);
  return decode_manifest(path, whole);
}

}  // namespace tenuto
