#include "core/journal/recovery_live.h"

#include <optional>
#include <vector>

#include "core/base/sync.h"
#include "core/journal/history_chunk.h"
#include "core/journal/live_row.h"
#include "core/journal/seal.h"
#include "core/store/keys.h"

namespace tenuto {
namespace {

constexpr std::size_t kBatchRuns = 512;         // rows of `live` before their histories; not critical
constexpr std::uint32_t kPassMax = 16;          // foreign chunks passed by before a new search; not critical
constexpr std::uint64_t kPiecesPerVisitor = 8;  // so that all are busy to the end; not critical

struct LiveRun {
  RunNumber number;
  std::uint32_t chunks;
};

// Run numbers from `begin` on, up to `end`, which is not among them, or without an end.
struct Piece {
  RunNumber begin;
  std::optional<RunNumber> end;
};

// Visits pieces, one after the other.
class PieceVisit {
 public:
  PieceVisit(const StateRead& state, RunVisitor& visitor) : state_(state), visitor_(visitor) {}

  Status visit(const Piece& piece) {
    Bytes from = run_key(piece.begin);
    while (!from.empty()) {
      Status behind;
      TN_TRY(read_batch(piece, from, behind));
      TN_TRY(visit_histories());
      TN_TRY(behind);
    }
    return Status();
  }
  [[nodiscard]] const LiveRunsVisited& visited() const { return visited_; }

 private:
  Status read_batch(const Piece& piece, Bytes& from, Status& behind);
  Status visit_histories();
  Status visit_chunk(RunNumber run, ByteView key, ByteView value);

  const StateRead& state_;
  RunVisitor& visitor_;
  std::vector<LiveRun> batch_;
  Event event_;  // keeps the memory of what is decoded
  LiveRunsVisited visited_;
};

// The next rows from `from` on, which is then where it goes on, or empty. `behind` is the problem of the row that follows.
Status PieceVisit::read_batch(const Piece& piece, Bytes& from, Status& behind) {
  batch_.clear();
  Bytes next;
  TN_TRY(state_.scan(Table::live, from, [&](ByteView key, ByteView value) {
    const std::optional<RunNumber> run = parse_run_key(key);
    if (!run) {
      behind = Status(Code::damaged, "a key of table live is malformed; restore the store from a backup");
      return false;
    }
    if (piece.end && *run >= *piece.end) return false;
    if (batch_.size() == kBatchRuns) {
      next = key;
      return false;
    }
    const Result<std::uint32_t> chunks = decode_live_chunks(key, value);
    if (!chunks.ok()) {
      behind = chunks.status();
      return false;
    }
    batch_.push_back({*run, *chunks});
    return true;
  }));
  from = std::move(next);
  return Status();
}

// Live runs often follow each other, so their histories do: a walk along the table instead of a search for each.
Status PieceVisit::visit_histories() {
  visited_.runs += batch_.size();
  std::size_t at = 0;
  std::uint32_t chunk = 0;
  const auto step = [&] {
    while (at < batch_.size() && chunk == batch_[at].chunks) {
      ++at;
      chunk = 0;
    }
  };
  step();
  while (at < batch_.size()) {
    const HistoryKey first{batch_[at].number, ChunkNumber(chunk)};
    bool found = false;
    std::uint32_t passed = 0;
    Status status;
    TN_TRY(state_.scan(Table::history, history_key(first), [&](ByteView key, ByteView value) {
      const std::optional<HistoryKey> place = parse_history_key(key);
      if (!place || *place != HistoryKey{batch_[at].number, ChunkNumber(chunk)}) return ++passed < kPassMax;
      found = true;
      passed = 0;
      status = visit_chunk(place->run, key, value);
      ++chunk;
      step();
      return status.ok() && at < batch_.size();
    }));
    TN_TRY(status);
    if (!found) {
      return Status(Code::damaged, "run " + std::to_string(first.run.value) +
                                       ": a part of its history is missing; restore the store from a backup");
    }
  }
  return Status();
}

Status PieceVisit::visit_chunk(RunNumber run, ByteView key, ByteView value) {
  TN_ASSIGN(const ByteView records, unseal(key, value, "the history of a run"));
  return for_each_history_event(records, run, event_, [&](const Event& event) {
    ++visited_.events;
    return visitor_.on_run_event(event);
  });
}

// All live runs, cut into `count` pieces by their numbers, ascending.
Result<std::vector<Piece>> pieces_of(const StateRead& read, std::uint64_t count) {
  RunNumber first;
  RunNumber last;
  const auto note = [](RunNumber& number) {
    return [&number](ByteView key, ByteView) {
      number = parse_run_key(key).value_or(RunNumber());
      return false;
    };
  };
  TN_TRY(read.scan(Table::live, {}, note(first)));
  TN_TRY(read.scan_back(Table::live, {}, note(last)));
  std::vector<Piece> pieces{{RunNumber(), std::nullopt}};
  if (last <= first) return pieces;
  const std::uint64_t width = (last.value - first.value) / count + 1;
  for (std::uint64_t i = 1; i < count; ++i) {
    const RunNumber begin{first.value + i * width};
    if (begin > last) break;
    pieces.back().end = begin;
    pieces.push_back({begin, std::nullopt});
  }
  return pieces;
}

// Pieces are handed out in their order, so that all before one with a problem are visited.
class Shared {
 public:
  explicit Shared(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}

  void work(const StateRead& read, RunVisitor& visitor) {
    PieceVisit visit(read, visitor);
    while (const Piece* piece = take()) {
      const Status status = visit.visit(*piece);
      if (!status.ok()) failed(*piece, status);
    }
    visitor.on_runs_end();
    MutexLock lock(mutex_);
    visited_.runs += visit.visited().runs;
    visited_.events += visit.visited().events;
  }
  void failed(const Piece& piece, const Status& status) {
    MutexLock lock(mutex_);
    if (!problem_.ok() && problem_at_ < piece.begin) return;
    problem_ = status;
    problem_at_ = piece.begin;
  }
  [[nodiscard]] Result<LiveRunsVisited> result() {
    MutexLock lock(mutex_);
    TN_TRY(problem_);
    return visited_;
  }

 private:
  const Piece* take() {
    MutexLock lock(mutex_);
    return problem_.ok() && next_ < pieces_.size() ? &pieces_[next_++] : nullptr;
  }
  const std::vector<Piece> pieces_;
  Mutex mutex_;
  std::size_t next_ TN_GUARDED_BY(mutex_) = 0;
  Status problem_ TN_GUARDED_BY(mutex_);
  RunNumber problem_at_ TN_GUARDED_BY(mutex_);
  LiveRunsVisited visited_ TN_GUARDED_BY(mutex_);
};

}  // namespace

Result<LiveRunsVisited> visit_live_runs(const State& state, const StateRead& read,
                                        std::span<RunVisitor* const> visitors, const DoJobs& do_jobs) {
  if (visitors.size() == 1) {
    Shared alone({{RunNumber(), std::nullopt}});
    alone.work(read, *visitors.front());
    return alone.result();
  }
  TN_ASSIGN(std::vector<Piece> pieces, pieces_of(read, visitors.size() * kPiecesPerVisitor));
  Shared shared(std::move(pieces));
  std::vector<std::function<void()>> jobs;
  for (RunVisitor* visitor : visitors) {
    jobs.emplace_back([&state, &shared, visitor] {
      const Result<std::unique_ptr<StateRead>> own = state.begin_read();
      if (own.ok()) {
        shared.work(**own, *visitor);
      } else {
        shared.failed(Piece(), own.status());
      }
    });
  }
  do_jobs(jobs);
  return shared.result();
}

}  // namespace tenuto
