// A look at an LMDB data file before LMDB opens it: LMDB trusts what it finds, and some of it would end the process.
#pragma once

#include <string>

#include "core/base/status.h"

namespace tenuto {

// ok when there is no file or it may be opened; damaged when it is no regular file, no LMDB file of version 1, or its
// meta pages have impossible sizes. Finds what a program that opens the file could die of, not every damage.
Status check_lmdb_file(const std::string& path);

}  // namespace tenuto
