#include "core/store/shared_page.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstddef>

#include "core/store/files.h"

namespace tenuto {
namespace {

constexpr std::uint64_t kMagic = 0x4853'4F54'554E'4554u;  // "TENUTOSH"
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 4096;
// A slot is written for some nanoseconds; a reader that meets one too often leaves it out.
constexpr int kReadTries = 100;

using Word32 = std::atomic<std::uint32_t>;
using Word64 = std::atomic<std::uint64_t>;
static_assert(Word32::is_always_lock_free && Word64::is_always_lock_free, "other processes read these words");

}  // namespace

struct SharedPage::Slot {
  Word32 sequence;
  Word32 attempt;
  Word64 run;
  Word32 scope;
  Word32 task;
  Word64 started;
  std::array<char, 32> reserved;
};

struct SharedPage::Held {
  Word64 pid;
  Word64 snapshot;
  Word64 since;
  Word64 grown_bytes;
};

struct SharedPage::Layout {
  std::uint64_t magic;  // this and the next two are written before the file gets its name
  std::uint32_t version;
  std::uint32_t slot_count;
  Word64 generation;
  Word64 owner_pid;
  alignas(64) Word64 durable;  // a cache line of its own: the committer writes it with every group
  alignas(64) Word64 heartbeats;
  Word64 heartbeat_time;
  alignas(64) std::array<Held, kHeldReaders> held;
  alignas(kHeaderBytes) std::array<Slot, kSlots> slots;
};

// Order in a slot: body_started() stores an odd sequence, then the fields with release, then the even sequence with
// release. A reader that loads an even sequence (acquire), then the fields (acquire), then the same sequence again,
// has the fields of one write: a field of a later write would have brought its odd sequence with it. Release stores
// of fields cost nothing on x86 and little elsewhere.

Result<std::unique_ptr<SharedPage>> SharedPage::map(int fd, bool writable, const std::string& path) {
  const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void* memory = ::mmap(nullptr, sizeof(Layout), protection, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return io_status(errno, "map", path);
  return std::unique_ptr<SharedPage>(new SharedPage(static_cast<Layout*>(memory), writable));
}

SharedPage::~SharedPage() {
  ::munmap(layout_, sizeof(Layout));
}

namespace {

struct Heading {
  std::uint64_t magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t slot_count = SharedPage::kSlots;
};

// Whether the file can be mapped as a Layout: a shorter one would end the process at the first look behind its end.
Status check_file(FileCalls& calls, int fd, std::size_t size, const std::string& path) {
  Heading heading{};
  TN_ASSIGN(const std::size_t got,
            read_upto(calls, fd, 0, sizeof heading, reinterpret_cast<char*>(&heading), path));
  if (got < sizeof heading || heading.magic != kMagic)
    return {Code::damaged, path + " is not a page of a store"};
  if (heading.version > kVersion) {
    return {Code::newer_format, path + " has layout " + std::to_string(heading.version) +
                                    ", this version of Tenuto knows layouts up to " +
                                    std::to_string(kVersion)};
  }
  const std::int64_t bytes = calls.size(fd);
  if (heading.slot_count != SharedPage::kSlots || bytes < static_cast<std::int64_t>(size)) {
    return {Code::damaged, path + " is too short"};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<SharedPage>> SharedPage::open_reader(const std::string& path, FileCalls& calls) {
  TN_ASSIGN(const OwnedFile file, open_file(calls, path, O_RDONLY));
  TN_TRY(check_file(calls, file.fd(), sizeof(Layout), path));
  return map(file.fd(), false, path);
}

Result<std::unique_ptr<SharedPage>> SharedPage::open_owner(const std::string& path, FileCalls& calls) {
  {
    const Result<OwnedFile> found = open_file(calls, path, O_RDWR);
    if (found.ok() && check_file(calls, found->fd(), sizeof(Layout), path).ok())
      return map(found->fd(), true, path);
    if (!found.ok() && found.code() != Code::not_found) return found.status();
  }
  // Blocks are taken by writing: a hole that finds no room when it is touched would be a SIGBUS.
  Heading heading;
  Bytes content(sizeof(Layout), '\0');
  std::memcpy(content.data(), &heading, sizeof heading);
  const std::size_t slash = path.find_last_of('/');
  TN_TRY(replace_file(calls, path.substr(0, slash), path.substr(slash + 1), content));
  TN_ASSIGN(const OwnedFile file, open_file(calls, path, O_RDWR));
  return map(file.fd(), true, path);
}

void SharedPage::begin(Generation generation, std::int64_t pid) {
  TN_CHECK(writable_);
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) body_ended(slot);
  put_held_readers({});
  layout_->owner_pid.store(static_cast<std::uint64_t>(pid), std::memory_order_relaxed);
  // Pairs with generation(): who sees the new generation sees its owner and no body of the last one.
  layout_->generation.store(generation.value, std::memory_order_release);
}

void SharedPage::end() {
  TN_CHECK(writable_);
  layout_->owner_pid.store(0, std::memory_order_release);
}

void SharedPage::publish_durable(Position position) {
  layout_->durable.store(position.value, std::memory_order_release);
}

Position SharedPage::durable() const {
  return Position(layout_->durable.load(std::memory_order_acquire));
}

void SharedPage::beat(WallTime now) {
  layout_->heartbeat_time.store(static_cast<std::uint64_t>(now.ns), std::memory_order_relaxed);
  layout_->heartbeats.fetch_add(1, std::memory_order_release);
}

void SharedPage::body_started(std::uint32_t slot, const RunningBody& body) {
  TN_CHECK(slot < kSlots);
  TN_CHECK(body.attempt.value > 0);
  Slot& s = layout_->slots[slot];
  // The last owner may have died while it wrote, and left an odd number.
  const std::uint32_t odd = s.sequence.load(std::memory_order_relaxed) | 1u;
  s.sequence.store(odd, std::memory_order_relaxed);
  s.run.store(body.run.value, std::memory_order_release);
  s.scope.store(body.scope.value, std::memory_order_release);
  s.task.store(body.task.value, std::memory_order_release);
  s.started.store(static_cast<std::uint64_t>(body.started.ns), std::memory_order_release);
  s.attempt.store(body.attempt.value, std::memory_order_release);
  s.sequence.store(odd + 1, std::memory_order_release);
}

void SharedPage::body_ended(std::uint32_t slot) {
  TN_CHECK(slot < kSlots);
  layout_->slots[slot].attempt.store(0, std::memory_order_release);
}

void SharedPage::put_held_readers(std::span<const HeldReader> readers) {
  TN_CHECK(writable_);
  TN_CHECK(readers.size() <= kHeldReaders);
  for (std::size_t i = 0; i < kHeldReaders; ++i) {
    const HeldReader reader = i < readers.size() ? readers[i] : HeldReader{};
    Held& held = layout_->held[i];
    held.snapshot.store(reader.snapshot, std::memory_order_relaxed);
    held.since.store(static_cast<std::uint64_t>(reader.since.ns), std::memory_order_relaxed);
    held.grown_bytes.store(reader.grown_bytes, std::memory_order_relaxed);
    held.pid.store(static_cast<std::uint64_t>(reader.pid), std::memory_order_release);
  }
}

std::vector<HeldReader> SharedPage::held_readers() const {
  std::vector<HeldReader> readers;
  for (const Held& held : layout_->held) {
    HeldReader reader;
    reader.pid = static_cast<std::int64_t>(held.pid.load(std::memory_order_acquire));
    if (reader.pid == 0) continue;
    reader.snapshot = held.snapshot.load(std::memory_order_relaxed);
    reader.since = WallTime{static_cast<Nanos>(held.since.load(std::memory_order_relaxed))};
    reader.grown_bytes = held.grown_bytes.load(std::memory_order_relaxed);
    readers.push_back(reader);
  }
  return readers;
}

Generation SharedPage::generation() const {
  return Generation(layout_->generation.load(std::memory_order_acquire));
}

std::int64_t SharedPage::owner_pid() const {
  return static_cast<std::int64_t>(layout_->owner_pid.load(std::memory_order_acquire));
}

std::uint64_t SharedPage::heartbeats() const {
  return layout_->heartbeats.load(std::memory_order_acquire);
}

WallTime SharedPage::last_heartbeat() const {
  return WallTime{static_cast<Nanos>(layout_->heartbeat_time.load(std::memory_order_acquire))};
}

std::optional<RunningBody> SharedPage::read_slot(const Slot& slot) {
  for (int i = 0; i < kReadTries; ++i) {
    const std::uint32_t before = slot.sequence.load(std::memory_order_acquire);
    if (before % 2 != 0) continue;
    RunningBody body;
    body.run = RunNumber(slot.run.load(std::memory_order_acquire));
    body.scope = ScopeNumber(slot.scope.load(std::memory_order_acquire));
    body.task = TaskIndex(slot.task.load(std::memory_order_acquire));
    body.started = WallTime{static_cast<Nanos>(slot.started.load(std::memory_order_acquire))};
    body.attempt = Attempt(slot.attempt.load(std::memory_order_acquire));
    if (slot.sequence.load(std::memory_order_relaxed) != before) continue;
    if (body.attempt.value == 0) return std::nullopt;
    return body;
  }
  return std::nullopt;
}

std::vector<RunningBody> SharedPage::running() const {
  std::vector<RunningBody> bodies;
  for (const Slot& slot : layout_->slots) {
    if (const auto body = read_slot(slot)) bodies.push_back(*body);
  }
  return bodies;
}

}  // namespace tenuto
