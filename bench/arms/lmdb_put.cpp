// LMDB as durable engines use it: a row per transition, each in a transaction of its own, synced.
#include <lmdb.h>

#include <cstdint>
#include <stdexcept>

#include "bench/arms/step_arm.h"

namespace tenuto::bench {

namespace {

void check_lmdb(int code) {
  if (code != 0) throw std::runtime_error(std::string("LMDB: ") + ::mdb_strerror(code));
}

class LmdbPut final : public StepArm {
 public:
  explicit LmdbPut(const std::string& directory) {
    check_lmdb(::mdb_env_create(&env_));
    check_lmdb(::mdb_env_set_mapsize(env_, std::size_t{1} << 30));
    check_lmdb(::mdb_env_open(env_, directory.c_str(), 0, 0600));
    MDB_txn* txn = nullptr;
    check_lmdb(::mdb_txn_begin(env_, nullptr, 0, &txn));
    check_lmdb(::mdb_dbi_open(txn, nullptr, MDB_INTEGERKEY, &table_));
    check_lmdb(::mdb_txn_commit(txn));
  }
  ~LmdbPut() override { ::mdb_env_close(env_); }
  void step() override {
    ++key_;
    MDB_val key{sizeof key_, &key_};
    MDB_val row{sizeof row_, row_};
    MDB_txn* txn = nullptr;
    check_lmdb(::mdb_txn_begin(env_, nullptr, 0, &txn));
    check_lmdb(::mdb_put(txn, table_, &key, &row, MDB_APPEND));
    check_lmdb(::mdb_txn_commit(txn));
  }

 private:
  MDB_env* env_ = nullptr;
  MDB_dbi table_ = 0;
  std::uint64_t key_ = 0;
  char row_[kStepBytes] = {7};
};

}  // namespace

std::unique_ptr<StepArm> make_lmdb_put(const std::string& directory) {
  return std::make_unique<LmdbPut>(directory);
}

std::string lmdb_version() {
  return ::mdb_version(nullptr, nullptr, nullptr);
}

}  // namespace tenuto::bench
