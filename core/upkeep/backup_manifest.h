// The manifest of a backup: the file `tenuto.backup`, written last, so that a directory with it is a whole backup.
//
// Two lines: a JSON object, and "xxh3 <16 hex digits>", the checksum of the first line. A backup is a directory of
//   tenuto.backup      the manifest
//   data.mdb           the state tables as one snapshot shows them, an LMDB file
//   journal.frames     the frames of the journal from the tables' watermark up to the backup's position, one behind the other
//   <32 hex>.json      commands that waited in the inbox
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/store/store_dir.h"
#include "core/upkeep/file_digest.h"

namespace tenuto {

inline constexpr std::uint32_t kBackupFormat = 1;
inline constexpr const char* kManifestFile = "tenuto.backup";
inline constexpr const char* kTablesFile = "data.mdb";
inline constexpr const char* kFramesFile = "journal.frames";

struct BackupFile {
  std::string name;
  FileDigest digest;
  std::int64_t modified_ns = 0;  // of a command: they are carried out in this order
};

struct BackupManifest {
  std::uint32_t store_format = 0;
  StoreUuid store;  // that it was made of
  std::vector<StoreOrigin> origins;
  WallTime made;
  std::string version;    // of the library, for people
  Position watermark;     // of the tables
  Position position;      // everything before it is in the backup
  Generation generation;  // of the last frame
  std::vector<BackupFile> files;

  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] const BackupFile* file(std::string_view name) const;
};

[[nodiscard]] Bytes encode(const BackupManifest& manifest);
// damaged; newer_format.
[[nodiscard]] Result<BackupManifest> decode_manifest(const std::string& path, ByteView text);
// Of the backup in `directory`; not_found when it is none.
[[nodiscard]] Result<BackupManifest> read_manifest(FileCalls& calls, const std::string& directory);

}  // namespace tenuto
