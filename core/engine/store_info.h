// Facts of a store for people: `tenuto db info`.
#pragma once

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/store/lmdb_state.h"
#include "core/store/log.h"
#include "core/store/shared_page.h"
#include "core/store/store_dir.h"

namespace tenuto {

// One JSON object: path, format, uuid, generation, owner, positions, sizes and counts. Of a store in use, a moment's
// picture.
Result<Bytes> store_info(const StoreDir& dir, const LmdbState& state, const Log& log,
                         const SharedPage& shared);

}  // namespace tenuto
