#include "core/store/store_dir.h"

#include <fcntl.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <sstream>

#include "core/store/owner_lock.h"

namespace tenuto {
namespace {

constexpr const char* kMarker = "tenuto.store";
constexpr const char* kHeading = "tenuto store";
constexpr std::size_t kMarkerBytesMax = 4096;
constexpr std::array<const char*, 3> kFolders = {"journal", "state", "inbox"};

std::string marker_path(const std::string& path) {
  return path + "/" + kMarker;
}

template <class T>
std::optional<T> number_in(std::string_view text, int base) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Marker {
  std::uint32_t format = 0;
  StoreUuid uuid;
  std::vector<StoreOrigin> origins;
};

std::optional<StoreOrigin> parse_origin(std::istringstream& words) {
  std::string uuid_text;
  std::string below_word;
  std::string below_text;
  words >> uuid_text >> below_word >> below_text;
  const auto uuid = StoreUuid::parse(uuid_text);
  const auto below = number_in<std::uint64_t>(below_text, 10);
  if (!uuid || !below || below_word != "below") return std::nullopt;
  return StoreOrigin{*uuid, RunNumber{*below}};
}

// Later formats may add lines; these stay.
std::optional<Marker> parse_marker(const Bytes& text) {
  std::istringstream lines(text);
  std::string heading;
  std::string format_word;
  std::string format_text;
  std::string uuid_word;
  std::string uuid_text;
  if (!std::getline(lines, heading) || heading != kHeading) return std::nullopt;
  if (!(lines >> format_word >> format_text >> uuid_word >> uuid_text)) return std::nullopt;
  if (format_word != "format" || uuid_word != "uuid") return std::nullopt;
  const auto format = number_in<std::uint32_t>(format_text, 10);
  const auto uuid = StoreUuid::parse(uuid_text);
  if (!format || *format == 0 || !uuid) return std::nullopt;
  Marker marker{*format, *uuid, {}};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word) || word != "origin") continue;
    const auto origin = parse_origin(words);
    if (!origin || (!marker.origins.empty() && origin->below < marker.origins.back().below))
      return std::nullopt;
    marker.origins.push_back(*origin);
  }
  return marker;
}

Status make_folder(FileCalls& calls, const std::string& path) {
  const int error = -retry_interrupted([&] { return calls.mkdir(path, 0700); });
  return error != 0 && error != EEXIST ? io_status(error, "create", path) : Status();
}

Status check_no_store(FileCalls& calls, const std::string& path) {
  const Result<OwnedFile> marker = open_file(calls, marker_path(path), O_RDONLY);
  if (marker.code() == Code::not_found) return {};
  if (!marker.ok()) return marker.status();
  return {Code::conflict, path + " is a Tenuto store already; open it, or give another directory"};
}

// Whether a name in a directory without a marker can come from an interrupted create().
bool is_own_name(const std::string& name) {
  return std::find(kFolders.begin(), kFolders.end(), name) != kFolders.end() || name == "owner.lock" ||
         name == std::string(kMarker) + ".new";
}

Status check_empty(FileCalls& calls, const std::string& path) {
  std::vector<std::string> names;
  const int error = -retry_interrupted([&] {
    names.clear();
    return calls.list(path, names);
  });
  if (error != 0) return io_status(error, "list", path);
  for (const std::string& name : names) {
    if (is_own_name(name)) continue;
    return {Code::invalid_argument, path + " holds other things (\"" + name +
                                        "\"), so no store is made in it; give an empty or a new directory"};
  }
  return {};
}

}  // namespace

std::string StoreUuid::text() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint64_t half : {high, low}) {
    for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kDigits[half >> shift & 0xF]);
  }
  return out;
}

std::optional<StoreUuid> StoreUuid::parse(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  const auto high = number_in<std::uint64_t>(text.substr(0, 16), 16);
  const auto low = number_in<std::uint64_t>(text.substr(16), 16);
  if (!high || !low) return std::nullopt;
  return StoreUuid{*high, *low};
}

std::string parent_directory(const std::string& path) {
  const std::size_t last = path.find_last_not_of('/');
  const std::size_t slash = last == std::string::npos ? std::string::npos : path.find_last_of('/', last);
  if (slash == std::string::npos) return last == std::string::npos ? "/" : ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<StoreUuid> random_store_uuid() {
  StoreUuid uuid;
  const auto got = retry_interrupted([&] {
    const ssize_t n = ::getrandom(&uuid, sizeof uuid, 0);
    return n < 0 ? -errno : n;
  });
  if (got != sizeof uuid)
    return io_status(got < 0 ? static_cast<int>(-got) : EIO, "read", "the random source");
  return uuid;
}

Result<StoreDir> StoreDir::open(const std::string& path, FileCalls& calls) {
  const Result<Bytes> text = read_file(calls, marker_path(path), kMarkerBytesMax);
  if (text.code() == Code::not_found) {
    return Status(Code::not_found, path + " is not a Tenuto store (it has no " + kMarker +
                                       "); check the path, or make a store there by opening it for writing");
  }
  if (!text.ok()) return text.status();
  const std::optional<Marker> marker = parse_marker(*text);
  if (!marker) {
    return Status(Code::damaged,
                  marker_path(path) + " does not say what a store says; restore the store from a copy");
  }
  TN_TRY(check_format(path, marker->format));
  return StoreDir(path, marker->uuid, marker->format, marker->origins);
}

Result<StoreDir> StoreDir::create(const std::string& path, const StoreUuid& uuid, FileCalls& calls) {
  const StoreDir store(path, uuid, kStoreFormat);
  TN_TRY(make_folder(calls, path));
  const Status empty = check_empty(calls, path);
  // Asked after the look into the directory: what is in it may come from somebody who made a store meanwhile.
  TN_TRY(check_no_store(calls, path));
  TN_TRY(empty);
  // The lock keeps two processes from making two stores of one directory; the loser finds the winner's.
  TN_ASSIGN(const std::unique_ptr<OwnerLock> lock, OwnerLock::acquire(path, store.owner_lock()));
  TN_TRY(check_no_store(calls, path));
  for (const char* folder : kFolders) TN_TRY(make_folder(calls, path + "/" + folder));
  // Before the marker: a power cut may keep a name and lose one that was made earlier.
  TN_TRY(sync_directory(calls, path));
  TN_TRY(store.write_marker(calls));
  // The entry of a new directory must be synced too.
  TN_TRY(sync_directory(calls, parent_directory(path)));
  return store;
}

Result<StoreDir> StoreDir::begin(const std::string& path, const StoreUuid& uuid, std::uint32_t format,
                                 FileCalls& calls) {
  const int error = -retry_interrupted([&] { return calls.mkdir(path, 0700); });
  if (error != 0) return io_status(error, "create", path);
  for (const char* folder : kFolders) TN_TRY(make_folder(calls, path + "/" + folder));
  return StoreDir(path, uuid, format);
}

Status StoreDir::finish(std::vector<StoreOrigin> origins, FileCalls& calls) {
  origins_ = std::move(origins);
  return write_marker(calls);
}

StoreKeys StoreDir::keys() const {
  StoreKeys keys(uuid_.key());
  for (const StoreOrigin& origin : origins_) keys.inherit(origin.below, origin.uuid.key());
  return keys;
}

Result<StoreDir> StoreDir::open_or_create(const std::string& path, FileCalls& calls) {
  Result<StoreDir> found = open(path, calls);
  if (found.code() != Code::not_found) return found;
  TN_ASSIGN(const StoreUuid uuid, random_store_uuid());
  Result<StoreDir> made = create(path, uuid, calls);
  if (made.code() != Code::conflict && made.code() != Code::owned) return made;
  // Somebody was faster, or is at it.
  found = open(path, calls);
  return found.code() == Code::not_found ? made : found;
}

Status StoreDir::write_marker(FileCalls& calls) const {
  std::string text =
      std::string(kHeading) + "\nformat " + std::to_string(format_) + "\nuuid " + uuid_.text() + "\n";
  for (const StoreOrigin& origin : origins_) {
    text += "origin " + origin.uuid.text() + " below " + std::to_string(origin.below.value) + "\n";
  }
  return replace_file(calls, path_, kMarker, text);
}

Status StoreDir::upgrade(std::span<const UpgradeStep> steps, std::uint32_t target, FileCalls& calls) {
  return tenuto::upgrade(path_, format_, target, steps, [&](std::uint32_t format) {
    StoreDir next = *this;
    next.format_ = format;
    TN_TRY(next.write_marker(calls));
    format_ = format;
    return Status();
  });
}

}  // namespace tenuto
