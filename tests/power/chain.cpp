#include "tests/power/chain.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include "tests/power/recorder.h"
#include "tests/power/state_check.h"
#include "tests/power/workflows.h"

namespace tenuto::testing {

bool is_over(const Setting& setting, const Counters& counters) {
  if (setting.states_wanted != 0) return counters.states >= setting.states_wanted;
  return std::chrono::steady_clock::now() >= setting.until;
}

namespace {

constexpr std::uint32_t kLives = 4;  // of a chain; not critical

class Chain {
 public:
  Chain(const Setting& setting, Counters& counters, const std::string& folder, std::uint64_t seed)
      : setting_(setting), counters_(counters), folder_(folder), seed_(seed), random_(seed) {
    std::filesystem::create_directories(folder);
    draw_options();
  }

  void run(std::uint32_t lives) {
    for (std::uint32_t i = 0; i < lives && !is_over(setting_, counters_); ++i) {
      record(i);
      cut_everywhere();
    }
  }

 private:
  void draw_options() {
    options_.durability = random_.chance(1, 3) ? Durability::relaxed : Durability::full;
    options_.retention_count = random_.chance(2, 3) ? 20 + random_.below(40) : 0;
    promises_.retention_count = options_.retention_count;
  }

  void record(std::uint32_t life) {
    const std::string world = folder_ + "/world";
    write_image(image_, world);
    options_.steps = 20 + static_cast<std::uint32_t>(random_.below(40));
    options_.drains = random_.chance(1, 2);
    Recorder recorder(world);
    live(world + "/store", options_, mix64(seed_ + life * 1000));
    ops_ = recorder.take();
    first_files_ = recorder.first_files();
    ++counters_.lives;
    counters_.operations += ops_.size();
  }

  // The names that files have, for telling what a write is to.
  void follow_name(const Op& op) {
    if (op.kind == OpKind::create) names_[op.file] = op.path;
    if (op.kind == OpKind::rename) names_[op.file] = op.to;
    if (op.kind == OpKind::rename && op.path.ends_with(".seg")) ++counters_.recycled;
  }
  bool is_segment(FileNumber file) const {
    const auto name = names_.find(file);
    return name != names_.end() && name->second.ends_with(".seg");
  }

  // Where frames end, by operation; the reference gets their events.
  void read_frames() {
    names_.clear();
    for (const auto& [path, file] : first_files_) names_[file] = path;
    frame_ends_.assign(ops_.size(), Position());
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      follow_name(ops_[i]);
      if (ops_[i].kind != OpKind::write || !is_segment(ops_[i].file)) continue;
      if (const auto end = reference_.add_write(ops_[i].bytes, ops_[i].offset)) frame_ends_[i] = *end;
    }
  }

  void cut_everywhere() {
    read_frames();
    Disk disk(image_, first_files_, setting_.lies);
    const StateCheck check(reference_, folder_ + "/state/store");
    // As many states as operations, about: each place of the record once.
    const std::size_t next_life = random_.chance(1, 4) ? ops_.size() - 1 : random_.below(ops_.size());
    std::map<FileNumber, Position> written;
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      disk.add(i, ops_[i]);
      promise(i, written);
      const bool goes_on = i == next_life && !setting_.is_control;
      if (!goes_on && (is_over(setting_, counters_) || is_passed_over(ops_[i]))) continue;
      const DiskImage image = disk.cut(random_);
      const std::optional<Position> end =
          setting_.is_control ? try_out(check, image) : examine(check, image, i);
      counters_.pending += disk.undecided();
      if (goes_on && end.has_value()) keep_for_next_life(image, *end);
    }
    if (next_image_.has_value()) begin_next_life();
  }

  // Nothing is new on the disk there; or chance says so, for many short looks into many lives find more.
  bool is_passed_over(const Op& op) {
    if (op.kind == OpKind::sync_began || op.kind == OpKind::names_began) return true;
    // A control begins where something was promised.
    return !random_.chance(1, 4) || (setting_.is_control && promises_.durable == Position());
  }

  // What holds from operation `i` on.
  void promise(std::size_t i, std::map<FileNumber, Position>& written) {
    const Op& op = ops_[i];
    if (frame_ends_[i] != Position()) written[op.file] = frame_ends_[i];
    if (op.kind == OpKind::sync_began) syncing_[i] = written[op.file];
    if (op.kind == OpKind::sync_ended) promises_.durable = std::max(promises_.durable, syncing_[op.of]);
    if (op.kind != OpKind::note) return;
    promises_.store_made = true;
    const Note& note = op.note;
    if (note.run.value != 0) promises_.told_numbers.insert(note.run.value);
    if (note.kind == NoteKind::accepted) {
      promises_.accepted.push_back(note);
      ++counters_.commands;
      return;
    }
    if (note.kind == NoteKind::closed) {
      // All that was written is on the disk, whatever the level.
      if (!reference_.events().empty())
        promises_.durable = std::max(promises_.durable, reference_.events().back().end);
      return;
    }
    if (options_.durability == Durability::full) promise_of_note(note);
  }

  void promise_of_note(const Note& note) {
    const RunPositions* run = reference_.run(note.run);
    TN_CHECK(run != nullptr);
    const auto reach = [&](Position position) {
      // What was told and is nowhere in the journal can't be kept.
      promises_.durable =
          std::max(promises_.durable, position == Position() ? Position(~0ull >> 1) : position);
    };
    if (note.kind == NoteKind::ended) reach(run->ended);
    if (note.kind == NoteKind::cancelled) reach(run->cancelled);
    if (note.kind == NoteKind::started) reach(run->started);
    if (note.kind != NoteKind::begun) return;
    const Shape* shape = shape_of(run->workflow);
    TN_CHECK(shape != nullptr);
    if (shape->pure[note.task.value]) return;
    reach(run->started);
    for (const std::uint32_t needed : shape->needs[note.task.value]) {
      const auto done = run->done.find(needed);
      reach(done == run->done.end() ? Position() : done->second);
    }
  }

  // Returns where the journal ends, if all held.
  std::optional<Position> examine(const StateCheck& check, const DiskImage& image, std::size_t at) {
    write_image(image, folder_ + "/state");
    ++counters_.states;
    StateReport report = check.look(promises_);
    if (report.violation.empty()) report.violation = check.resume(promises_, report.end);
    counters_.forgotten += report.forgotten;
    if (report.violation.empty()) return report.end;
    const std::uint64_t number = ++counters_.violations;
    const std::string kept = setting_.scratch + "/violation-" + std::to_string(number);
    write_image(image, kept);
    std::printf("VIOLATION, seed %llu, after operation %zu of %zu, %s: %s\n  the state is kept in %s\n",
                static_cast<unsigned long long>(seed_), at, ops_.size(),
                options_.durability == Durability::full ? "full" : "relaxed",
                report.violation.substr(0, 600).c_str(), kept.c_str());
    std::fflush(stdout);
    return std::nullopt;
  }

  // The same of a store that is expected to be broken, in a process of its own: LMDB may end it.
  std::optional<Position> try_out(const StateCheck& check, const DiskImage& image) {
    write_image(image, folder_ + "/state");
    const std::uint64_t number = ++counters_.states;
    std::fflush(stdout);
    const pid_t pid = ::fork();
    if (pid == 0) {
      StateReport report = check.look(promises_);
      if (report.violation.empty()) report.violation = check.resume(promises_, report.end);
      if (!report.violation.empty() && number % 100 == 1) {
        std::printf("  noticed: %s\n", report.violation.substr(0, 150).c_str());
        std::fflush(stdout);
      }
      ::_exit(report.violation.empty() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (status != 0) ++counters_.violations;
    return std::nullopt;
  }

  void keep_for_next_life(const DiskImage& image, Position end) {
    next_image_ = image;
    next_promises_ = promises_;
    next_end_ = end;
  }
  void begin_next_life() {
    image_ = *std::exchange(next_image_, std::nullopt);
    promises_ = next_promises_;
    promises_.durable = next_end_;
    reference_.forget_after(next_end_);
    syncing_.clear();
  }

  const Setting& setting_;
  Counters& counters_;
  const std::string folder_;
  const std::uint64_t seed_;
  Random random_;
  LifeOptions options_;
  DiskImage image_;  // that the life began on
  std::vector<Op> ops_;
  std::map<std::string, FileNumber> first_files_;
  std::map<FileNumber, std::string> names_;
  std::vector<Position> frame_ends_;
  std::map<std::size_t, Position> syncing_;
  Reference reference_;
  Promises promises_;
  std::optional<DiskImage> next_image_;
  Promises next_promises_;
  Position next_end_;
};

}  // namespace

void run_chain(const Setting& setting, Counters& counters, const std::string& folder, std::uint64_t seed) {
  Chain(setting, counters, folder, seed).run(setting.is_control ? 1 : kLives);
}

}  // namespace tenuto::testing
