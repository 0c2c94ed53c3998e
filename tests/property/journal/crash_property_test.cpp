// Random histories with power cuts, on MemLog and MemState with crash(): this tests durability, not only atomicity.
//
// One seed interleaves appends, commits with and without a sync, materialiser transactions, a full disk, a full map, crashes and
// recoveries. After every recovery: what is found is a prefix of what was appended, it contains everything that was
// reported durable, and every event of it is there once, in the tables or in the journal.
#include <gtest/gtest.h>

#include <map>

#include "core/journal/history_chunk.h"
#include "core/journal/history_pack.h"
#include "core/journal/seal.h"
#include "tests/support/journal_world.h"

namespace tenuto::testing {
namespace {

// What a seed did: empty when all held.
using Verdict = std::string;

constexpr WorkflowHash kWorkflow{7, 7};

// How often the seeds met what they are there for.
struct Coverage {
  std::uint64_t crashes = 0, lost = 0, tails = 0, stalls = 0, full_windows = 0, poisoned = 0, segments = 0,
                retried = 0;
};

class CrashRun {
 public:
  CrashRun(std::uint64_t seed, const std::function<std::unique_ptr<Log>(MemLog&)>& wrap, Coverage& coverage)
      : random_(mix64(seed)), world_(sizes(), wrap), coverage_(coverage), eager_(random_.below(4) * 4) {}

  Verdict run() {
    if (Verdict v = reopen(); !v.empty()) return v;
    const std::uint64_t steps = 40 + random_.below(250);
    for (std::uint64_t i = 0; i < steps; ++i) {
      if (Verdict v = step(); !v.empty()) return v;
    }
    return crash();
  }

 private:
  struct Appended {
    Event event;
    Position end;
  };

  static JournalSizes sizes() {
    JournalSizes sizes;
    sizes.ring = 4u << 10;
    sizes.segment = 5u << 10;
    sizes.window = 15u << 10;
    sizes.materialiser.transaction_bytes = 4u << 10;
    return sizes;
  }

  Verdict step() {
    world_.now.ns += static_cast<Nanos>(random_.below(kSecond / 2));
    const std::uint64_t choice = random_.below(100);
    if (choice < 55) {
      append();
    } else if (choice < 77) {
      world_.committer().run_one(choice < 70);
    } else if (choice < 77 + eager_) {
      world_.materialiser().run_one(world_.now);
    } else if (choice < 80 + eager_) {
      world_.materialise();
    } else if (choice < 94) {
      plant_fault();
    } else if (choice < 97) {
      return crash(choice == 96);
    }
    coverage_.stalls += world_.committer().stall() == Stall::storage ? 1 : 0;
    coverage_.full_windows += world_.committer().stall() == Stall::window ? 1 : 0;
    coverage_.poisoned += world_.committer().is_poisoned() ? 1 : 0;
    coverage_.retried += world_.materialiser().warning().ok() ? 0 : 1;
    if (world_.committer().is_poisoned() || !world_.materialiser().health().ok()) return crash();
    return {};
  }

  void plant_fault() {
    const Code code = random_.chance(1, 2) ? Code::full : Code::storage_error;
    const std::uint64_t nth = 1 + random_.below(4);
    switch (random_.below(16)) {
      case 0:
        world_.log().set_fault({LogFault::Call::sync, nth, Code::poisoned, 1});
        break;
      case 1:
      case 2:
        world_.log().set_fault({LogFault::Call::create, 1, code, nth});
        break;
      case 3:
      case 4:
        world_.log().set_fault({LogFault::Call::recycle, 1, code, nth});
        break;
      case 5:
        world_.state().set_fault({StateFault::Call::commit, 1, Code::poisoned});
        break;
      case 6:
      case 7:
      case 8:
      case 9:
        world_.state().set_fault({static_cast<StateFault::Call>(random_.below(4)), nth, code});
        break;
      default:
        world_.log().set_fault({LogFault::Call::write, nth, code, 1 + random_.below(3)});
    }
  }

  void append() {
    std::vector<Event> batch;
    const std::uint64_t count = 1 + random_.below(5);
    for (std::uint64_t i = 0; i < count; ++i) batch.push_back(next_event());
    const Position end = world_.append(batch);
    if (end == Ring::kNever) return;  // poisoned: nothing of it can be found
    for (const Event& event : batch) appended_.push_back({event, end});
  }

  // Of a run that is live, of a new one, or of the store.
  Event next_event() {
    const std::uint64_t choice = random_.below(10);
    if (choice == 0 && random_.chance(1, 3)) {
      next_run_ += random_.below(8);
      return run_event(RunNumber(), NumbersReserved{RunNumber(next_run_)});
    }
    if (choice == 0) return run_event(RunNumber(), CommandApplied{{1, ++commands_}, RunNumber(1)});
    if (choice < 3 || live_.empty()) {
      const RunNumber run(next_run_++);
      live_.push_back(run);
      Event event = started_event(run, kWorkflow);
      std::get<RunStarted>(event.body).id_chosen = random_.chance(1, 3);
      return event;
    }
    const std::size_t index = random_.below(live_.size());
    const RunNumber run = live_[index];
    if (choice == 3) {
      live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(index));
      return ended_event(run);
    }
    return done_event(run, static_cast<std::uint32_t>(random_.below(100)), payload());
  }

  Payload payload() {
    if (random_.chance(1, 2)) return Payload();
    return Payload::make(ContentType::bytes, Bytes(random_.below(600), static_cast<char>(random_.next())));
  }

  // A power cut, or a kill: then the log keeps what was written, though not synced, until a later power cut.
  Verdict crash(bool only_killed = false) {
    ++coverage_.crashes;
    const Position durable = world_.committer().durable();
    if (only_killed) {
      world_.close();
    } else {
      world_.crash(random_);
    }
    world_.log().clear_faults();
    world_.state().set_fault({StateFault::Call::commit, ~std::uint64_t{0}});  // none
    found_ = RecoveryRecorder();
    // Without the event of the new owner: what is found is compared with what was appended.
    if (const Status status = world_.open(found_, true); !status.ok()) return "recovery: " + status.message();
    if (Verdict v = check(durable); !v.empty()) return v;
    return reopen();
  }

  // Opens for good and remembers the owner's event as appended.
  Verdict reopen() {
    world_.close();
    RecoveryRecorder ignored;
    if (const Status status = world_.open(ignored, true); !status.ok()) return "open: " + status.message();
    std::vector<Event> batch = {run_event(RunNumber(), EngineOpened{Generation(++opens_), 1, "test"})};
    if (appended_.empty()) batch.push_back(workflow_event(kWorkflow, "w"));
    const Position end = world_.append(batch);
    for (const Event& event : batch) appended_.push_back({event, end});
    world_.commit(random_.chance(1, 2));  // the first group is synced in any case
    if (world_.committer().durable() < end && world_.committer().health().ok())
      return "the first group is not durable";
    return {};
  }

  Verdict check(Position durable) {
    const JournalPlace applied = world_.recovered().meta.applied;
    // The tail, in order, and nothing else: where it ends is where history goes on.
    std::size_t in_tables = 0;
    while (in_tables < appended_.size() && appended_[in_tables].end <= applied.position) ++in_tables;
    if (in_tables + found_.events.size() > appended_.size()) return "more events than were appended";
    for (std::size_t i = 0; i < found_.events.size(); ++i) {
      const Appended& expected = appended_[in_tables + i];
      if (!(found_.events[i] == expected.event))
        return "event " + std::to_string(in_tables + i) + " is another one";
      if (found_.ends[i] != expected.end)
        return "event " + std::to_string(in_tables + i) + " has another position";
    }
    const std::size_t count = in_tables + found_.events.size();
    if (count < appended_.size() && appended_[count].end <= durable) {
      return "a durable event is lost: " + std::to_string(count) + " of " + std::to_string(appended_.size());
    }
    if (Verdict v = check_tables(in_tables); !v.empty()) return v;
    forget_after(count);
    return {};
  }

  // The tables have exactly the events before the watermark.
  Verdict check_tables(std::size_t in_tables) {
    std::map<RunNumber, std::vector<Event>> expected;
    std::map<RunNumber, std::vector<Event>> expected_live;
    for (std::size_t i = 0; i < in_tables; ++i) {
      const Event& event = appended_[i].event;
      if (event.run.value != 0) expected[event.run].push_back(event);
    }
    for (const auto& [run, events] : expected) {
      if (events.back().type() != EventType::run_ended) expected_live[run] = events;
    }
    std::map<RunNumber, std::vector<Event>> live;
    for (const Event& event : found_.run_events) live[event.run].push_back(event);
    if (live != expected_live) return "live runs differ";
    std::map<RunNumber, std::vector<Event>> stored;
    auto read = world_.state().begin_read();
    const Status status = (*read)->scan(Table::history, {}, [&](ByteView key, ByteView value) {
      const auto parsed = parse_history_key(key);
      const Result<ByteView> records = unseal(key, value, "history");
      if (!records.ok()) return false;
      return for_each_history_record(*records, parsed->run,
                                     [&](const RecordHeader&, ByteView record) {
                                       ByteReader in(record);
                                       stored[parsed->run].push_back(*decode(in));
                                       return Status();
                                     })
          .ok();
    });
    const Status packed = (*read)->scan(Table::packs, {}, [&](ByteView key, ByteView value) {
      const auto histories = read_pack(key, value);
      if (!histories.ok()) return false;
      for (const PackedHistory& history : *histories) {
        const Status each =
            for_each_history_record(history.chunk, history.run, [&](const RecordHeader&, ByteView record) {
              ByteReader in(record);
              stored[history.run].push_back(*decode(in));
              return Status();
            });
        if (!each.ok()) return false;
      }
      return true;
    });
    if (!status.ok() || !packed.ok() || stored != expected) return "history differs";
    return check_summaries(**read, expected);
  }

  Verdict check_summaries(const StateRead& read, const std::map<RunNumber, std::vector<Event>>& expected) {
    std::size_t ended = 0;
    for (const auto& [run, events] : expected) ended += events.back().type() == EventType::run_ended ? 1 : 0;
    std::size_t rows = 0;
    Verdict verdict;
    const Status status = read.scan(Table::summaries, {}, [&](ByteView key, ByteView value) {
      const auto block = read_summary_rows(key, value);
      if (!block.ok()) verdict = block.status().message();
      if (!block.ok()) return false;
      rows += block->size();
      for (const SummaryRow& row : *block) {
        if (!expected.contains(row.run)) verdict = "a summary of a run that was lost";
      }
      return true;
    });
    if (!status.ok()) return status.message();
    if (rows != ended || world_.recovered().meta.summary_rows != ended) return "summaries differ";
    if (world_.recovered().meta.live_runs != expected.size() - ended) return "the count of live runs differs";
    return verdict;
  }

  // What was lost never happened; its run numbers may be used again, but for those that are reserved.
  void forget_after(std::size_t count) {
    coverage_.lost += appended_.size() - count;
    coverage_.tails += found_.events.size();
    coverage_.segments = std::max(coverage_.segments, world_.recovered().next.segment.value);
    appended_.resize(count);
    live_.clear();
    next_run_ = 1;
    std::map<RunNumber, bool> ended;
    for (const Appended& a : appended_) {
      if (const auto* numbers = std::get_if<NumbersReserved>(&a.event.body)) next_run_ = numbers->next.value;
      if (a.event.run.value == 0) continue;
      next_run_ = std::max(next_run_, a.event.run.value + 1);
      ended[a.event.run] = a.event.type() == EventType::run_ended;
    }
    for (const auto& [run, is_ended] : ended) {
      if (!is_ended) live_.push_back(run);
    }
    opens_ = world_.recovered().last.value;
    if (world_.recovered().next_run.value != next_run_) ADD_FAILURE() << "next run " << next_run_;
  }

  Random random_;
  JournalWorld world_;
  Coverage& coverage_;
  const std::uint64_t eager_;  // how often the materialiser runs unasked: some seeds let the window fill
  RecoveryRecorder found_;
  std::vector<Appended> appended_;
  std::vector<RunNumber> live_;
  std::uint64_t next_run_ = 1;
  std::uint64_t commands_ = 0;
  std::uint64_t opens_ = 0;
};

// Hands everything on; what a planted bug changes, a subclass overrides.
class LogInFront : public Log {
 public:
  explicit LogInFront(MemLog& log) : log_(log) {}
  Result<std::vector<SegmentNumber>> list() const override { return log_.list(); }
  std::size_t segment_bytes() const override { return log_.segment_bytes(); }
  Status create(SegmentNumber segment) override { return log_.create(segment); }
  Status recycle(SegmentNumber from, SegmentNumber to) override { return log_.recycle(from, to); }
  Status remove(SegmentNumber segment) override { return log_.remove(segment); }
  Status write(SegmentNumber segment, std::uint64_t offset, std::span<const ByteView> pieces) override {
    return log_.write(segment, offset, pieces);
  }
  Status sync(SegmentNumber segment) override { return log_.sync(segment); }
  Status read(SegmentNumber segment, std::uint64_t offset, std::size_t size, Bytes& out) const override {
    return log_.read(segment, offset, size, out);
  }

 private:
  MemLog& log_;
};

// Durable is said before anything is synced.
class NeverSyncs final : public LogInFront {
 public:
  using LogInFront::LogInFront;
  Status sync(SegmentNumber) override { return Status(); }
};

// One sync in ten does nothing.
class SyncsMostly final : public LogInFront {
 public:
  using LogInFront::LogInFront;
  Status sync(SegmentNumber segment) override {
    return ++count_ % 10 == 0 ? Status() : LogInFront::sync(segment);
  }

 private:
  int count_ = 0;
};

template <class L>
std::unique_ptr<Log> in_front(MemLog& log) {
  return std::make_unique<L>(log);
}

TEST(CrashProperty, DurableEventsAreFoundOnceAndInOrder) {
  Coverage coverage;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    ASSERT_EQ(CrashRun(seed, in_front<LogInFront>, coverage).run(), "") << "seed=" << seed;
    if (HasFailure()) FAIL() << "seed=" << seed;
  }
  EXPECT_GT(coverage.crashes, 5000u);
  EXPECT_GT(coverage.lost, 5000u);
  EXPECT_GT(coverage.tails, 5000u);
  EXPECT_GT(coverage.stalls, 100u);
  EXPECT_GT(coverage.full_windows, 100u);
  EXPECT_GT(coverage.poisoned, 100u);
  EXPECT_GT(coverage.retried, 100u);
  EXPECT_GT(coverage.segments, 4u);  // so segments were recycled
}

// Canaries: the test above is worth something only if it finds these.
template <class L>
int seeds_that_find_it(std::uint64_t seeds) {
  Coverage coverage;
  int found = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    found += CrashRun(seed, in_front<L>, coverage).run().empty() ? 0 : 1;
  }
  return found;
}
TEST(CrashProperty, FindsAJournalThatNeverSyncs) {
  EXPECT_GE(seeds_that_find_it<NeverSyncs>(100), 80);
}
TEST(CrashProperty, FindsAJournalThatForgetsOneSyncInTen) {
  EXPECT_GE(seeds_that_find_it<SyncsMostly>(200), 20);
}

}  // namespace
}  // namespace tenuto::testing
