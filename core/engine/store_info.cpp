#include "core/engine/store_info.h"

#include <algorithm>
#include <span>

#include "core/journal/journal_meta.h"
#include "core/payload/json_writer.h"
#include "core/query/time_text.h"
#include "core/query/value_json.h"
#include "core/store/owner_lock.h"
#include "core/store/process.h"

namespace tenuto {
namespace {

void write_journal(json::Writer& out, const JournalMeta& meta, std::size_t segments, Position durable) {
  out.key("journal");
  out.begin_object();
  write_count(out, "segments", segments);
  write_count(out, "durable", durable.value);
  write_count(out, "applied", meta.applied.position.value);
  write_count(out, "behind_bytes",
              durable.value > meta.applied.position.value ? durable.value - meta.applied.position.value : 0);
  out.end_object();
}

// One that stays where it is for long, or is stopped and will. `known` is what the owner noted of those that it watches.
void write_held_reader(json::Writer& out, const StateReader& reader, const HeldReader* known) {
  const std::string name = process_name(reader.pid);
  out.begin_object();
  out.key("pid");
  out.integer(reader.pid);
  out.key("process");
  out.string(name);
  out.key("stopped");
  out.boolean(is_process_stopped(reader.pid));
  write_count(out, "commits_behind", reader.commits_behind);
  out.key("since");
  if (known == nullptr) {
    out.null();
  } else {
    out.string(format_time(known->since));
  }
  write_count(out, "grown_bytes", known == nullptr ? 0 : known->grown_bytes);
  out.end_object();
}

void write_held_readers(json::Writer& out, std::span<const StateReader> readers,
                        std::span<const HeldReader> held) {
  out.key("held_readers");
  out.begin_array();
  for (const StateReader& reader : readers) {
    if (!reader.in_transaction || reader.commits_behind == 0) continue;
    const auto known = std::find_if(held.begin(), held.end(), [&](const HeldReader& one) {
      return one.pid == reader.pid && one.snapshot == reader.snapshot;
    });
    const bool is_known = known != held.end();
    if (is_known || is_process_stopped(reader.pid))
      write_held_reader(out, reader, is_known ? &*known : nullptr);
  }
  out.end_array();
}

void write_state(json::Writer& out, const StateInfo& info, std::span<const StateReader> readers,
                 std::span<const HeldReader> held) {
  out.key("state");
  out.begin_object();
  write_count(out, "used_bytes", info.used_bytes);
  write_count(out, "map_bytes", info.map_bytes);
  write_count(out, "readers", info.readers);
  write_held_readers(out, readers, held);
  out.key("entries");
  out.begin_object();
  for (std::size_t i = 0; i < kTableCount; ++i) write_count(out, kTableNames[i], info.entries[i]);
  out.end_object();
  out.end_object();
}

}  // namespace

Result<Bytes> store_info(const StoreDir& dir, const LmdbState& state, const Log& log,
                         const SharedPage& shared) {
  TN_ASSIGN(const std::vector<StateReader> readers, state.readers());
  TN_ASSIGN(const StateInfo info, state.info());
  TN_ASSIGN(const std::unique_ptr<StateRead> read, state.begin_read());
  TN_ASSIGN(const std::optional<JournalMeta> found, read_journal_meta(*read));
  TN_ASSIGN(const std::vector<SegmentNumber> segments, log.list());
  TN_ASSIGN(const std::int64_t owner, owner_of(dir.owner_lock()));
  const JournalMeta meta = found.value_or(JournalMeta{});
  Bytes text;
  json::Writer out(text);
  out.begin_object();
  out.key("path");
  out.string(dir.path());
  write_count(out, "format", dir.format());
  out.key("uuid");
  out.string(dir.uuid().text());
  write_count(out, "generation", shared.generation().value);
  out.key("owner_pid");
  if (owner == 0) {
    out.null();
  } else {
    out.integer(owner);
  }
  write_count(out, "live_runs", meta.live_runs);
  write_count(out, "ended_runs", meta.summary_rows);
  write_journal(out, meta, segments.size(), shared.durable());
  write_state(out, info, readers, shared.held_readers());
  out.end_object();
  return text;
}

}  // namespace tenuto
