#include "core/journal/summary.h"

#include <algorithm>

#include "core/journal/seal.h"

namespace tenuto {
namespace {

constexpr std::uint8_t kVersion = 1;

struct WorkflowName {
  WorkflowHash hash;
  ByteView name;
};

Status cut() {
  return Status(Code::damaged, "a block of summaries is cut; restore the store from a backup");
}

template <class T>
void widen(T& min, T& max, T v, bool first) {
  min = first ? v : std::min(min, v);
  max = first ? v : std::max(max, v);
}

// At most `size` bytes of valid UTF-8, and no half of a character at the end.
ByteView shortened(ByteView text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

Bytes encode_head(const SummaryZone& zone, ByteView key) {
  Bytes out;
  ByteWriter w(out);
  w.fixed(kVersion);
  w.fixed(std::uint8_t{0});
  w.fixed(zone.states);
  w.fixed(zone.rows);
  w.fixed(zone.run_min.value);
  w.fixed(zone.run_max.value);
  for (const WallTime t : {zone.started_min, zone.started_max, zone.ended_min, zone.ended_max}) w.fixed(t.ns);
  w.fixed(std::uint64_t{0});
  seal(key, out);
  TN_CHECK(out.size() == kSummaryHeadBytes);
  return out;
}

void append_row(const SummaryRow& row, std::uint64_t workflow, Bytes& out) {
  ByteWriter w(out);
  w.fixed(static_cast<std::uint8_t>(row.state));
  w.fixed(static_cast<std::uint8_t>((row.id_chosen ? 1 : 0) | (row.test ? 2 : 0)));
  w.varint(row.run.value);
  w.varint(workflow);
  w.string(row.id);
  w.fixed(row.started.ns);
  w.fixed(row.ended.ns);
  w.varint(row.chunks);
  w.string(row.labels);
  w.varint(row.parent.value);
  const RunCounts& c = row.counts;
  for (const std::uint32_t n :
       {c.done, c.skipped, c.failed, c.cancelled, c.not_reached, c.retries, c.manual_actions}) {
    w.varint(n);
  }
  w.varint(static_cast<std::uint64_t>(c.busy_ns));
  for (const Nanos clock : row.clocks) w.varint(static_cast<std::uint64_t>(clock));
  w.string(row.error_type);
  w.string(shortened(row.error_message, kSummaryErrorBytesMax));
}

// Fields that a newer writer appends to a row are passed over: the row's length is known.
bool read_row(ByteView bytes, const std::vector<WorkflowName>& workflows, SummaryRow& row) {
  ByteReader r(bytes);
  row.state = static_cast<RunState>(r.fixed<std::uint8_t>());
  const auto bits = r.fixed<std::uint8_t>();
  row.id_chosen = (bits & 1) != 0;
  row.test = (bits & 2) != 0;
  row.run = RunNumber(r.varint());
  const std::uint64_t workflow = r.varint();
  if (workflow >= workflows.size()) return false;
  row.workflow = workflows[workflow].hash;
  row.workflow_name = workflows[workflow].name;
  row.id = r.string();
  row.started.ns = r.fixed<std::int64_t>();
  row.ended.ns = r.fixed<std::int64_t>();
  row.chunks = static_cast<std::uint32_t>(r.varint());
  row.labels = r.string();
  row.parent = RunNumber(r.varint());
  RunCounts& c = row.counts;
  for (std::uint32_t* n :
       {&c.done, &c.skipped, &c.failed, &c.cancelled, &c.not_reached, &c.retries, &c.manual_actions}) {
    *n = static_cast<std::uint32_t>(r.varint());
  }
  c.busy_ns = static_cast<Nanos>(r.varint());
  for (Nanos& clock : row.clocks) clock = static_cast<Nanos>(r.varint());
  row.error_type = r.string();
  row.error_message = r.string();
  return r.ok();
}

// What follows the head. (A head alone has a seal too, so that a cut right behind it must be told by its size.)
Result<ByteView> body_of(ByteView key, ByteView value) {
  TN_ASSIGN(const ByteView content, unseal(key, value, "a block of summaries"));
  if (content.size() < kSummaryHeadBytes) return cut();
  return content.substr(kSummaryHeadBytes);
}

Result<std::vector<WorkflowName>> read_workflows(ByteReader& r) {
  std::vector<WorkflowName> workflows;
  const std::uint64_t count = r.varint();
  if (count > kSummaryRowsMax) return cut();
  workflows.resize(count);
  for (WorkflowName& workflow : workflows) {
    workflow.hash.high = r.fixed<std::uint64_t>();
    workflow.hash.low = r.fixed<std::uint64_t>();
    workflow.name = r.string();
  }
  if (!r.ok()) return cut();
  return workflows;
}

}  // namespace

void SummaryZone::include(const SummaryRow& row) {
  const bool first = rows == 0;
  ++rows;
  states = static_cast<std::uint16_t>(states | 1u << static_cast<unsigned>(row.state));
  widen(run_min, run_max, row.run, first);
  widen(started_min, started_max, row.started, first);
  widen(ended_min, ended_max, row.ended, first);
}

Result<SummaryZone> read_summary_zone(ByteView key, ByteView value) {
  TN_ASSIGN(const ByteView head,
            unseal(key, value.substr(0, std::min(value.size(), kSummaryHeadBytes)), "a block of summaries"));
  ByteReader r(head);
  if (r.fixed<std::uint8_t>() > kVersion) {
    return Status(Code::newer_format, "summaries were written by a newer version; open the store with that");
  }
  r.fixed<std::uint8_t>();
  SummaryZone zone;
  zone.states = r.fixed<std::uint16_t>();
  zone.rows = r.fixed<std::uint32_t>();
  zone.run_min = RunNumber(r.fixed<std::uint64_t>());
  zone.run_max = RunNumber(r.fixed<std::uint64_t>());
  for (WallTime* t : {&zone.started_min, &zone.started_max, &zone.ended_min, &zone.ended_max}) {
    t->ns = r.fixed<std::int64_t>();
  }
  if (!r.ok() || zone.rows > kSummaryRowsMax) return cut();
  return zone;
}

Result<std::vector<SummaryRow>> read_summary_rows(ByteView key, ByteView value) {
  TN_ASSIGN(const SummaryZone zone, read_summary_zone(key, value));
  TN_ASSIGN(const ByteView body, body_of(key, value));
  ByteReader r(body);
  TN_ASSIGN(const std::vector<WorkflowName> workflows, read_workflows(r));
  std::vector<SummaryRow> rows(zone.rows);
  for (SummaryRow& row : rows) {
    if (!read_row(r.string(), workflows, row)) return cut();
  }
  if (!r.at_end()) return cut();
  return rows;
}

Result<SummaryBlock> SummaryBlock::load(ByteView key, ByteView value) {
  TN_ASSIGN(const SummaryZone zone, read_summary_zone(key, value));
  TN_ASSIGN(const ByteView body, body_of(key, value));
  ByteReader r(body);
  TN_ASSIGN(const std::vector<WorkflowName> workflows, read_workflows(r));
  SummaryBlock block;
  block.zone_ = zone;
  for (const WorkflowName& w : workflows) block.workflows_.push_back({w.hash, Bytes(w.name)});
  block.rows_ = r.rest();
  return block;
}

std::uint64_t SummaryBlock::workflow_index(const SummaryRow& row) {
  // From the back: neighbours mostly are of the same workflow.
  for (std::size_t i = workflows_.size(); i-- > 0;) {
    if (workflows_[i].hash == row.workflow) return i;
  }
  workflows_.push_back({row.workflow, Bytes(row.workflow_name)});
  return workflows_.size() - 1;
}

void SummaryBlock::add(const SummaryRow& row) {
  TN_CHECK(!is_full());
  zone_.include(row);
  Bytes bytes;
  append_row(row, workflow_index(row), bytes);
  ByteWriter(rows_).string(bytes);
}

Bytes SummaryBlock::finish(ByteView key) const {
  Bytes out = encode_head(zone_, key);
  ByteWriter w(out);
  w.varint(workflows_.size());
  for (const Workflow& workflow : workflows_) {
    w.fixed(workflow.hash.high);
    w.fixed(workflow.hash.low);
    w.string(workflow.name);
  }
  w.raw(rows_);
  seal(key, out);
  return out;
}

}  // namespace tenuto
