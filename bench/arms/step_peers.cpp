#include "bench/arms/step_arm.h"

namespace tenuto::bench {

std::vector<StepPeer> step_peers() {
  return {
      {"append + fdatasync", "", make_append_sync},
      {"LMDB put + commit", lmdb_version(), make_lmdb_put},
#ifdef TENUTO_BENCH_SQLITE
      {"SQLite WAL transaction", sqlite_version(), make_sqlite_wal},
#endif
  };
}

}  // namespace tenuto::bench
