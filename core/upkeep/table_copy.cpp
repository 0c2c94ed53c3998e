#include "core/upkeep/table_copy.h"

#include "core/journal/seal.h"

namespace tenuto {
namespace {

constexpr std::uint64_t kTransactionBytes = 16u << 20;  // not critical: bounds the memory of a transaction
constexpr int kFullTries = 3;                           // the map grows between two of them

class Copier {
 public:
  Copier(const StateRead& from, State& to, const KeepRow& keep) : from_(from), to_(to), keep_(keep) {}

  [[nodiscard]] bool is_done() const { return place_.table == kTableCount; }
  [[nodiscard]] const TableCopy& copied() const { return place_.copied; }

  // Copies rows until the transaction is large enough or nothing is left.
  Status transact() {
    const Place before = place_;
    Status status;
    for (int i = 0; i < kFullTries; ++i) {
      place_ = before;
      status = try_transact();
      if (status.code() != Code::full) break;
    }
    return status;
  }

 private:
  struct Place {
    std::size_t table = 0;
    Bytes next;  // key to go on with; empty: the table's first
    TableCopy copied;
  };

  Status try_transact() {
    TN_ASSIGN(const std::unique_ptr<StateWrite> write, to_.begin_write());
    const std::uint64_t limit = place_.copied.bytes + kTransactionBytes;
    while (!is_done() && place_.copied.bytes < limit) TN_TRY(copy_rows(*write, limit));
    return write->commit();
  }

  // Rows of one table, to its end unless there are too many.
  Status copy_rows(StateWrite& write, std::uint64_t limit) {
    const auto table = static_cast<Table>(place_.table);
    Status status;
    bool is_full = false;
    TN_TRY(from_.scan(table, place_.next, [&](ByteView key, ByteView value) {
      if (place_.copied.bytes >= limit) {
        place_.next = key;
        is_full = true;
        return false;
      }
      status = copy_row(write, table, key, value);
      return status.ok();
    }));
    TN_TRY(status);
    if (is_full) return Status();
    ++place_.table;
    place_.next.clear();
    return Status();
  }

  Status copy_row(StateWrite& write, Table table, ByteView key, ByteView value) {
    std::uint64_t& entries = place_.copied.entries[place_.table];
    if (const auto content = unseal(key, value, "its value"); !content.ok()) {
      return {content.code(), std::string("table ") + kTableNames[place_.table] + ", row " +
                                  std::to_string(entries) + ": " + content.status().message()};
    }
    if (keep_ && !keep_(table, key)) return Status();
    TN_TRY(write.append(table, key, value));
    ++entries;
    place_.copied.bytes += key.size() + value.size();
    return Status();
  }

  const StateRead& from_;
  State& to_;
  const KeepRow& keep_;
  Place place_;
};

}  // namespace

Result<TableCopy> copy_tables(const StateRead& from, State& to, std::uint64_t total, const KeepRow& keep,
                              const Progress& progress) {
  Copier copier(from, to, keep);
  while (!copier.is_done()) {
    TN_TRY(copier.transact());
    if (progress) progress(copier.copied().bytes, total);
  }
  return copier.copied();
}

}  // namespace tenuto
