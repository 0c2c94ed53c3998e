#include "core/store/lmdb_state.h"

#include <lmdb.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <thread>
#include <utility>

#include "core/store/lmdb_env.h"
#include "core/store/table_key.h"

namespace tenuto {
namespace {

using Visit = std::function<bool(ByteView key, ByteView value)>;

MDB_val to_lmdb(ByteView bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}  // LMDB only reads it
ByteView from_lmdb(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// A cursor must be closed before the write transaction that it belongs to ends.
class Cursor {
 public:
  int open(MDB_txn* txn, unsigned table) { return mdb_cursor_open(txn, table, &cursor_); }
  [[nodiscard]] bool is_open() const { return cursor_ != nullptr; }
  Cursor() = default;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  }
  int move(MDB_cursor_op operation, MDB_val& key, MDB_val& value) {
    return mdb_cursor_get(cursor_, &key, &value, operation);
  }

 private:
  MDB_cursor* cursor_ = nullptr;
};

// Moves to the first entry >= from.
int seek(Cursor& cursor, ByteView from, MDB_val& key, MDB_val& value) {
  if (from.empty()) return cursor.move(MDB_FIRST, key, value);
  key = to_lmdb(from);
  return cursor.move(MDB_SET_RANGE, key, value);
}

// Moves to the last entry <= from.
int seek_back(Cursor& cursor, ByteView from, MDB_val& key, MDB_val& value) {
  if (from.empty()) return cursor.move(MDB_LAST, key, value);
  const int error = seek(cursor, from, key, value);
  if (error == MDB_NOTFOUND) return cursor.move(MDB_LAST, key, value);
  if (error != 0 || from_lmdb(key) == from) return error;
  return cursor.move(MDB_PREV, key, value);
}

// The reading side of both kinds of transaction.
class TxnReader {
 public:
  TxnReader(LmdbEnv& env, MDB_txn* txn) : env_(env), txn_(txn) {}

  Result<bool> get(Table table, ByteView key, ByteView& value) const {
    TN_TRY(check_key(key));
    MDB_val name = to_lmdb(key);
    MDB_val found{};
    return outcome(mdb_get(txn_, env_.table(table), &name, &found), found, value);
  }
  // What a look-up gave.
  Result<bool> outcome(int error, const MDB_val& found, ByteView& value) const {
    if (error == MDB_NOTFOUND) return false;
    if (error != 0) return env_.status(error, "read");
    value = from_lmdb(found);
    return true;
  }
  Status scan(Table table, ByteView from, bool back, const Visit& visit) const {
    Cursor cursor;
    MDB_val key{};
    MDB_val value{};
    int error = cursor.open(txn_, env_.table(table));
    if (error == 0) error = back ? seek_back(cursor, from, key, value) : seek(cursor, from, key, value);
    while (error == 0 && visit(from_lmdb(key), from_lmdb(value))) {
      error = cursor.move(back ? MDB_PREV : MDB_NEXT, key, value);
    }
    return error == 0 || error == MDB_NOTFOUND ? Status() : env_.status(error, "read");
  }

 private:
  LmdbEnv& env_;
  MDB_txn* txn_;
};

class LmdbRead final : public StateRead {
 public:
  LmdbRead(LmdbEnv& env, MDB_txn* txn) : env_(env), txn_(txn), reader_(env, txn) {}
  ~LmdbRead() override { env_.end_read(txn_, maker_); }
  // By a cursor that stays where it was: a look-up near the one before stays in its page and doesn't come down from the
  // root, and who reads many keys mostly reads them in order.
  Result<bool> get(Table table, ByteView key, ByteView& value) const override {
    TN_TRY(check_key(key));
    Cursor& cursor = places_[static_cast<std::size_t>(table)];
    int error = cursor.is_open() ? 0 : cursor.open(txn_, env_.table(table));
    MDB_val name = to_lmdb(key);
    MDB_val found{};
    if (error == 0) error = cursor.move(MDB_SET, name, found);
    return reader_.outcome(error, found, value);
  }
  Status scan(Table table, ByteView from, const Visit& visit) const override {
    return reader_.scan(table, from, false, visit);
  }
  Status scan_back(Table table, ByteView from, const Visit& visit) const override {
    return reader_.scan(table, from, true, visit);
  }

 private:
  LmdbEnv& env_;
  MDB_txn* txn_;
  const std::thread::id maker_ = std::this_thread::get_id();
  TxnReader reader_;
  mutable std::array<Cursor, kTableCount> places_;  // one a table, opened at its first look-up
};

class LmdbWrite final : public StateWrite {
 public:
  LmdbWrite(LmdbEnv& env, MDB_txn* txn) : env_(env), txn_(txn), reader_(env, txn) {}
  ~LmdbWrite() override {
    if (txn_ != nullptr) env_.end_write(txn_, maker_);
  }
  Result<bool> get(Table table, ByteView key, ByteView& value) const override {
    TN_TRY(check_open());
    return reader_.get(table, key, value);
  }
  Status scan(Table table, ByteView from, const Visit& visit) const override {
    TN_TRY(check_open());
    return reader_.scan(table, from, false, visit);
  }
  Status scan_back(Table table, ByteView from, const Visit& visit) const override {
    TN_TRY(check_open());
    return reader_.scan(table, from, true, visit);
  }
  Status put(Table table, ByteView key, ByteView value) override { return put(table, key, value, 0); }
  Status append(Table table, ByteView key, ByteView value) override {
    return put(table, key, value, MDB_APPEND);
  }
  Status erase(Table table, ByteView key) override {
    TN_TRY(check_open());
    TN_TRY(check_key(key));
    MDB_val name = to_lmdb(key);
    const int error = mdb_del(txn_, env_.table(table), &name, nullptr);
    return done(error == MDB_NOTFOUND ? 0 : error);
  }
  Status commit() override {
    TN_TRY(check_open());
    return env_.commit(std::exchange(txn_, nullptr), maker_);
  }

 private:
  Status put(Table table, ByteView key, ByteView value, unsigned flags) {
    TN_TRY(check_open());
    TN_TRY(check_key(key));
    MDB_val name = to_lmdb(key);
    MDB_val content = to_lmdb(value);
    const int error = mdb_put(txn_, env_.table(table), &name, &content, flags);
    // LMDB has changed nothing.
    if (error == MDB_KEYEXIST)
      return {Code::internal_error, "a key that is appended is not above the last one"};
    return done(error);
  }
  Status check_open() const {
    return txn_ == nullptr ? Status(Code::wrong_state, "the write transaction has ended") : Status();
  }
  // After an error LMDB's transaction is good for nothing.
  Status done(int error) {
    if (error == 0) return {};
    env_.end_write(std::exchange(txn_, nullptr), maker_);
    return env_.write_failed(error);
  }
  LmdbEnv& env_;
  MDB_txn* txn_;  // nullptr after its end
  const std::thread::id maker_ = std::this_thread::get_id();
  TxnReader reader_;
};

}  // namespace

LmdbState::LmdbState(std::unique_ptr<LmdbEnv> env) : env_(std::move(env)) {}
LmdbState::~LmdbState() = default;

Result<std::unique_ptr<LmdbState>> LmdbState::open(const std::string& directory, const Options& options) {
  TN_ASSIGN(std::unique_ptr<LmdbEnv> env, LmdbEnv::open(directory, options));
  return std::unique_ptr<LmdbState>(new LmdbState(std::move(env)));
}

Result<std::unique_ptr<StateRead>> LmdbState::begin_read() const {
  TN_ASSIGN(MDB_txn * txn, env_->begin_read());
  return std::unique_ptr<StateRead>(std::make_unique<LmdbRead>(*env_, txn));
}

Result<std::unique_ptr<StateWrite>> LmdbState::begin_write() {
  TN_ASSIGN(MDB_txn * txn, env_->begin_write());
  return std::unique_ptr<StateWrite>(std::make_unique<LmdbWrite>(*env_, txn));
}

Status LmdbState::make_room(std::uint64_t bytes) {
  return env_->make_room(bytes);
}

Result<StateInfo> LmdbState::info() const {
  TN_ASSIGN(const std::vector<StateReader> slots, readers());
  TN_ASSIGN(MDB_txn * txn, env_->begin_read());
  StateInfo info;
  const LmdbEnv::Facts facts = env_->facts();
  info.used_bytes = facts.used_bytes;
  info.map_bytes = facts.map_bytes;
  info.readers = static_cast<std::uint32_t>(
      std::count_if(slots.begin(), slots.end(), [](const StateReader& slot) { return slot.in_transaction; }));
  int error = 0;
  for (std::size_t i = 0; i < kTableCount && error == 0; ++i) {
    MDB_stat stat{};
    error = mdb_stat(txn, env_->table(static_cast<Table>(i)), &stat);
    info.entries[i] = stat.ms_entries;
  }
  env_->end_read(txn, std::this_thread::get_id());
  if (error != 0) return env_->status(error, "read");
  return info;
}

Result<int> LmdbState::clear_dead_readers() {
  TN_TRY(env_->check_usable());
  int dead = 0;
  const int error = mdb_reader_check(env_->get(), &dead);
  if (error != 0) return env_->status(error, "check the readers of");
  return dead;
}

Result<std::vector<StateReader>> LmdbState::readers() const {
  TN_TRY(env_->check_usable());
  // LMDB gives the slots as text: a heading, then lines of "pid thread transaction", the last "-" outside of
  // transactions.
  std::string text;
  const auto append = [](const char* message, void* out) {
    static_cast<std::string*>(out)->append(message);
    return 0;
  };
  const int error = mdb_reader_list(env_->get(), append, &text);
  if (error < 0) return env_->status(error, "list the readers of");
  const std::uint64_t last_commit = env_->facts().last_commit;
  std::vector<StateReader> readers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    StateReader reader;
    std::string thread;
    std::string transaction;
    if (!(std::istringstream(line) >> reader.pid >> thread >> transaction)) continue;
    reader.in_transaction = transaction != "-";
    if (reader.in_transaction) {
      reader.snapshot = std::stoull(transaction);
      reader.commits_behind = last_commit > reader.snapshot ? last_commit - reader.snapshot : 0;
    }
    readers.push_back(reader);
  }
  return readers;
}

}  // namespace tenuto
