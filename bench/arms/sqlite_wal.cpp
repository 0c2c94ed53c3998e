// SQLite with a write-ahead log and full syncs: a row per transition, each in a transaction of its own.
#include <sqlite3.h>

#include <stdexcept>

#include "bench/arms/step_arm.h"

namespace tenuto::bench {

namespace {

class SqliteWal final : public StepArm {
 public:
  explicit SqliteWal(const std::string& directory) {
    check_sqlite(::sqlite3_open((directory + "/steps.db").c_str(), &db_));
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = FULL");
    execute("CREATE TABLE steps (id INTEGER PRIMARY KEY, row BLOB)");
    check_sqlite(::sqlite3_prepare_v2(db_, "INSERT INTO steps (row) VALUES (?)", -1, &insert_, nullptr));
  }
  ~SqliteWal() override {
    ::sqlite3_finalize(insert_);
    ::sqlite3_close(db_);
  }
  void step() override {
    check_sqlite(::sqlite3_bind_blob(insert_, 1, row_, sizeof row_, SQLITE_STATIC));
    if (::sqlite3_step(insert_) != SQLITE_DONE) throw_error();
    check_sqlite(::sqlite3_reset(insert_));
  }

 private:
  [[noreturn]] void throw_error() const {
    throw std::runtime_error(std::string("SQLite: ") + ::sqlite3_errmsg(db_));
  }
  void check_sqlite(int code) const {
    if (code != SQLITE_OK) throw_error();
  }
  void execute(const char* sql) const { check_sqlite(::sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  char row_[kStepBytes] = {7};
};

}  // namespace

std::unique_ptr<StepArm> make_sqlite_wal(const std::string& directory) {
  return std::make_unique<SqliteWal>(directory);
}

std::string sqlite_version() {
  return ::sqlite3_libversion();
}

}  // namespace tenuto::bench
