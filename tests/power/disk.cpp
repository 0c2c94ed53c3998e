#include "tests/power/disk.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/base/check.h"

namespace tenuto::testing {
namespace {

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kSectorBytes = 512;

std::string parent_of(const std::string& path) {
  return path.substr(0, path.find_last_of('/'));
}

}  // namespace

DiskImage read_image(const std::string& folder) {
  DiskImage image;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().string().substr(folder.size());
    if (entry.is_directory()) image.folders.push_back(path);
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    image.files[path].assign(std::istreambuf_iterator<char>(in), {});
  }
  std::sort(image.folders.begin(), image.folders.end());
  return image;
}

void write_image(const DiskImage& image, const std::string& folder) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  for (const std::string& path : image.folders) std::filesystem::create_directory(folder + path);
  for (const auto& [path, bytes] : image.files) {
    std::ofstream out(folder + path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    TN_CHECK(out.good());
  }
}

Disk::Disk(const DiskImage& image, const std::map<std::string, FileNumber>& files, const Lies& lies)
    : lies_(lies) {
  for (const auto& [path, bytes] : image.files) {
    names_.files[path] = files.at(path);
    files_[files.at(path)].synced = bytes;
  }
  names_.folders.insert(image.folders.begin(), image.folders.end());
}

void Disk::add(std::size_t index, const Op& op) {
  switch (op.kind) {
    case OpKind::write:
    case OpKind::resize:
      files_[op.file].pending.push_back({index, &op});
      break;
    case OpKind::sync_ended:
      if (!lies_.data) sync_file(files_[op.file], op.of);
      break;
    case OpKind::write_synced:
      if (!lies_.synced_writes) sync_write(files_[op.file], op.of);
      break;
    case OpKind::names_synced:
      if (!lies_.names) sync_names(op.path, op.of);
      break;
    case OpKind::create:
    case OpKind::rename:
    case OpKind::unlink:
    case OpKind::mkdir:
    case OpKind::rmdir:
      changes_.push_back({index, &op});
      break;
    case OpKind::sync_began:
    case OpKind::names_began:
    case OpKind::note:
      break;
  }
}

// A shorter file has zeros where it grows again.
void Disk::apply(Bytes& content, const Op& op) {
  if (op.kind == OpKind::resize) return content.resize(op.offset, '\0');
  content.resize(std::max<std::size_t>(content.size(), op.offset + op.bytes.size()), '\0');
  std::memcpy(content.data() + op.offset, op.bytes.data(), op.bytes.size());
}

// A change whose file or folder is not there does nothing.
void Disk::apply(Names& names, const Op& op) {
  switch (op.kind) {
    case OpKind::create:
      names.files[op.path] = op.file;
      break;
    case OpKind::rename:
      if (names.files.erase(op.path) == 0) break;
      names.files[op.to] = op.file;
      break;
    case OpKind::unlink:
      names.files.erase(op.path);
      break;
    case OpKind::mkdir:
      names.folders.insert(op.path);
      break;
    default:
      names.folders.erase(op.path);
  }
}

// In a page: the page cache is written by pages.
bool Disk::overlaps(const Op& a, const Op& b) {
  return a.kind == OpKind::write && b.kind == OpKind::write && !a.bytes.empty() && !b.bytes.empty() &&
         a.offset / kPageBytes <= (b.offset + b.bytes.size() - 1) / kPageBytes &&
         b.offset / kPageBytes <= (a.offset + a.bytes.size() - 1) / kPageBytes;
}

void Disk::sync_file(File& file, std::size_t before) {
  while (!file.pending.empty() && file.pending.front().index < before) {
    apply(file.synced, *file.pending.front().op);
    file.pending.pop_front();
  }
}

// What was written to the same pages before goes with it; a little more than must, for pages beside them.
void Disk::sync_write(File& file, std::size_t write) {
  const auto found = std::find_if(file.pending.begin(), file.pending.end(),
                                  [&](const Pending& pending) { return pending.index == write; });
  if (found == file.pending.end()) return;  // a later sync was faster
  const Op& op = *found->op;
  std::deque<Pending> left;
  for (const Pending& pending : file.pending) {
    if (pending.index <= write && (pending.op == &op || overlaps(*pending.op, op))) {
      apply(file.synced, *pending.op);
    } else {
      left.push_back(pending);
    }
  }
  file.pending.swap(left);
}

void Disk::sync_names(const std::string& folder, std::size_t before) {
  std::deque<NameChange> left;
  for (const NameChange& change : changes_) {
    const bool is_of_it = parent_of(change.op->path) == folder ||
                          (change.op->kind == OpKind::rename && parent_of(change.op->to) == folder);
    if (change.index < before && is_of_it) {
      // A file that came from elsewhere comes, whether its old name ever reached the disk or not.
      if (change.op->kind == OpKind::rename) names_.files[change.op->path] = change.op->file;
      apply(names_, *change.op);
    } else {
      left.push_back(change);
    }
  }
  changes_.swap(left);
}

Disk::Names Disk::cut_names(Random& random) const {
  Names names = names_;
  const bool in_order = random.chance(1, 2);
  const std::size_t kept = in_order ? random.below(changes_.size() + 1) : changes_.size();
  for (std::size_t i = 0; i < kept; ++i) {
    if (in_order || random.chance(1, 2)) apply(names, *changes_[i].op);
  }
  return names;
}

Bytes Disk::cut_file(const File& file, Random& random) {
  Bytes out = file.synced;
  if (file.pending.empty()) return out;
  // Versions of the file, and the pages that differ. A lean towards none or all: many states are nearly one or the other.
  const std::uint64_t lean = random.below(4);
  const auto draw = [&](std::size_t count) {
    if (lean == 0) return random.chance(1, 8) ? random.below(count + 1) : 0;
    if (lean == 1) return random.chance(1, 8) ? random.below(count + 1) : count;
    return random.below(count + 1);
  };
  std::map<std::uint64_t, std::vector<const Op*>> pages;
  std::vector<std::uint64_t> sizes = {file.synced.size()};
  for (const Pending& pending : file.pending) {
    const Op& op = *pending.op;
    if (op.kind == OpKind::resize) {
      sizes.push_back(op.offset);
      continue;
    }
    sizes.push_back(std::max<std::uint64_t>(sizes.back(), op.offset + op.bytes.size()));
    for (std::uint64_t page = op.offset / kPageBytes; page * kPageBytes < op.offset + op.bytes.size(); ++page)
      pages[page].push_back(&op);
  }
  out.resize(*std::max_element(sizes.begin(), sizes.end()), '\0');
  for (const auto& [page, writes] : pages) {
    const std::uint64_t begin = page * kPageBytes;
    const bool is_torn = random.chance(1, 3);
    const std::uint64_t step = is_torn ? kSectorBytes : kPageBytes;
    for (std::uint64_t at = begin; at < begin + kPageBytes; at += step) {
      const std::size_t kept = draw(writes.size());
      for (std::size_t i = 0; i < kept; ++i) {
        const std::uint64_t from = std::max<std::uint64_t>(at, writes[i]->offset);
        const std::uint64_t to =
            std::min<std::uint64_t>(at + step, writes[i]->offset + writes[i]->bytes.size());
        if (from < to)
          std::memcpy(out.data() + from, writes[i]->bytes.data() + (from - writes[i]->offset), to - from);
      }
    }
  }
  out.resize(sizes[draw(sizes.size() - 1)]);
  return out;
}

DiskImage Disk::cut(Random& random) const {
  const Names names = cut_names(random);
  const auto is_reachable = [&](std::string path) {
    for (path = parent_of(path); !path.empty(); path = parent_of(path)) {
      if (!names.folders.contains(path)) return false;
    }
    return true;
  };
  DiskImage image;
  for (const std::string& path : names.folders) {
    if (is_reachable(path)) image.folders.push_back(path);
  }
  for (const auto& [path, file] : names.files) {
    if (!is_reachable(path)) continue;
    const auto found = files_.find(file);
    image.files[path] = found == files_.end() ? Bytes() : cut_file(found->second, random);
  }
  return image;
}

DiskImage Disk::everything() const {
  Names names = names_;
  for (const NameChange& change : changes_) apply(names, *change.op);
  DiskImage image;
  image.folders.assign(names.folders.begin(), names.folders.end());
  for (const auto& [path, number] : names.files) {
    Bytes& content = image.files[path];
    if (const auto found = files_.find(number); found != files_.end()) {
      content = found->second.synced;
      for (const Pending& pending : found->second.pending) apply(content, *pending.op);
    }
  }
  return image;
}

std::size_t Disk::undecided() const {
  std::size_t count = changes_.size();
  for (const auto& [number, file] : files_) count += file.pending.size();
  return count;
}

}  // namespace tenuto::testing
