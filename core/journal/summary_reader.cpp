#include <algorithm>

#include "core/journal/seal.h"
#include "core/journal/summary.h"
#include "core/journal/summary_layout.h"

namespace tenuto {
namespace {

constexpr const char* kWhat = "a block of summaries";

Status cut() {
  return Status(Code::damaged, "a block of summaries is cut; restore the store from a backup");
}

struct Head {
  SummaryZone zone;
  std::size_t section_bytes = 0;  // columns, workflows and their seal
};

Result<Head> read_head(ByteView key, ByteView value) {
  TN_ASSIGN(const ByteView bytes,
            unseal(key, value.substr(0, std::min(value.size(), kSummaryHeadBytes)), kWhat));
  ByteReader r(bytes);
  const auto version = r.fixed<std::uint8_t>();
  if (version > kSummaryVersion) {
    return Status(Code::newer_format, "summaries were written by a newer version; open the store with that");
  }
  if (version < kSummaryVersion) return cut();  // no store of this format has one
  r.fixed<std::uint8_t>();
  Head head;
  SummaryZone& zone = head.zone;
  zone.states = r.fixed<std::uint16_t>();
  zone.rows = r.fixed<std::uint32_t>();
  zone.run_min = RunNumber(r.fixed<std::uint64_t>());
  zone.run_max = RunNumber(r.fixed<std::uint64_t>());
  for (WallTime* t : {&zone.started_min, &zone.started_max, &zone.ended_min, &zone.ended_max}) {
    t->ns = r.fixed<std::int64_t>();
  }
  head.section_bytes = r.fixed<std::uint32_t>();
  if (!r.ok() || zone.rows > kSummaryRowsMax) return cut();
  return head;
}

// What is not in the columns.
bool read_rest(ByteView bytes, SummaryRow& row) {
  ByteReader r(bytes);
  row.id = r.string();
  row.chunks = static_cast<std::uint32_t>(r.varint());
  row.labels = r.string();
  row.parent = RunNumber(r.varint());
  RunCounts& c = row.counts;
  for (std::uint32_t* n : {&c.done, &c.skipped, &c.failed, &c.cancelled, &c.not_reached, &c.manual_actions}) {
    *n = static_cast<std::uint32_t>(r.varint());
  }
  c.busy_ns = static_cast<Nanos>(r.varint());
  for (Nanos& clock : row.clocks) clock = static_cast<Nanos>(r.varint());
  row.error_type = r.string();
  row.error_message = r.string();
  return r.ok();  // what a newer version appends is passed over
}

}  // namespace

Result<SummaryZone> read_summary_zone(ByteView key, ByteView value) {
  TN_ASSIGN(const Head head, read_head(key, value));
  return head.zone;
}

Result<SummaryReader> SummaryReader::open(ByteView key, ByteView value) {
  TN_ASSIGN(const Head head, read_head(key, value));
  SummaryReader reader(key, value);
  reader.zone_ = head.zone;
  reader.rest_begin_ = kSummaryHeadBytes + head.section_bytes;
  if (value.size() < reader.rest_begin_ + kSealBytes) return cut();
  TN_ASSIGN(const ByteView sealed, unseal(key, value.substr(0, reader.rest_begin_), kWhat));
  if (sealed.size() < kSummaryHeadBytes) return cut();
  TN_TRY(reader.read_columns(sealed.substr(kSummaryHeadBytes)));
  return reader;
}

Status SummaryReader::read_columns(ByteView section) {
  ByteReader r(section);
  for (PackedColumn& column : columns_) {
    if (!PackedColumn::read(r, zone_.rows, column)) return cut();
  }
  const std::uint64_t count = r.varint();
  if (count > kSummaryRowsMax) return cut();
  workflows_.resize(count);
  for (SummaryWorkflow& workflow : workflows_) {
    workflow.hash.high = r.fixed<std::uint64_t>();
    workflow.hash.low = r.fixed<std::uint64_t>();
    workflow.name = r.string();
  }
  return r.ok() ? Status() : cut();
}

Result<ByteView> SummaryReader::rest() {
  if (rest_checked_) return rest_;
  TN_ASSIGN(const ByteView content, unseal(key_, value_, kWhat));
  // A section alone has a seal too, so that a cut right behind it must be told by its size.
  if (content.size() < rest_begin_) return cut();
  rest_ = content.substr(rest_begin_);
  const std::uint64_t end = zone_.rows == 0 ? 0 : column(SummaryColumn::row_end).at(zone_.rows - 1);
  if (end != rest_.size()) return cut();
  rest_checked_ = true;
  return rest_;
}

Status SummaryReader::read_row(std::size_t index, SummaryRow& row) {
  TN_CHECK(index < zone_.rows);
  TN_ASSIGN(const ByteView all, rest());
  const PackedColumn& row_end = column(SummaryColumn::row_end);
  const std::uint64_t begin = index == 0 ? 0 : row_end.at(index - 1);
  const std::uint64_t end = row_end.at(index);
  const std::uint64_t workflow = column(SummaryColumn::workflow).at(index);
  if (begin > end || end > all.size() || workflow >= workflows_.size()) return cut();
  if (!read_rest(all.substr(begin, end - begin), row)) return cut();
  row.run = RunNumber(column(SummaryColumn::run).at(index));
  row.state = static_cast<RunState>(column(SummaryColumn::state).at(index));
  const std::uint64_t bits = column(SummaryColumn::bits).at(index);
  row.id_chosen = (bits & kSummaryIdChosen) != 0;
  row.test = (bits & kSummaryTest) != 0;
  row.workflow = workflows_[workflow].hash;
  row.workflow_name = workflows_[workflow].name;
  row.started = column_time(column(SummaryColumn::started).at(index));
  row.ended = column_time(column(SummaryColumn::ended).at(index));
  row.counts.retries = static_cast<std::uint32_t>(column(SummaryColumn::retries).at(index));
  return Status();
}

Result<std::vector<SummaryRow>> read_summary_rows(ByteView key, ByteView value) {
  TN_ASSIGN(SummaryReader reader, SummaryReader::open(key, value));
  TN_ASSIGN([[maybe_unused]] const ByteView rest, reader.rest());
  std::vector<SummaryRow> rows(reader.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) TN_TRY(reader.read_row(i, rows[i]));
  return rows;
}

}  // namespace tenuto
