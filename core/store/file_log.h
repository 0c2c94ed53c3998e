// The log in files: one file a segment, `<16 hex digits>.seg`, in one directory.
//
// A segment's file is prewritten: zeros are written and synced ahead of the writer, so that the sync of a group
// changes no metadata of the file. It grows in steps (1 MiB, then as much as there is, at most 16 MiB), because a new
// store must be small; a recycled segment has its full size already. Bytes between the end of the file and
// segment_bytes() read as zeros.
//
// Durability: a new segment is written under a temporary name, synced, renamed, and the directory is synced; a crash
// leaves it whole or not at all. After a failed sync every change is refused as poisoned, for the kernel may have
// dropped what it could not write and would report the next sync as good.
//
// Errors: full (no space, quota, size limit: nothing that was synced is touched, the same call may be tried again),
// poisoned, storage_error, not_found, conflict (the segment exists), invalid_argument (outside a segment),
// wrong_state (a change of a log opened read-only).
#pragma once

#include <map>
#include <optional>

#include "core/base/fork_guard.h"
#include "core/base/limits.h"
#include "core/store/files.h"
#include "core/store/log.h"

namespace tenuto {

// Thread safety: that of Log. Other processes may read at the same time. A read of a segment that is being recycled
// may give bytes of the new one: frames carry their position, so that a reader notices.
class FileLog final : public Log {
 public:
  // Opens the log in an existing directory; files with other names are left alone. `calls` must outlive the log.
  static Result<std::unique_ptr<FileLog>> open(const std::string& directory, bool read_only,
                                               std::size_t segment_bytes = limits::kSegmentBytes,
                                               FileCalls& calls = FileCalls::system());

  Result<std::vector<SegmentNumber>> list() const override;
  std::size_t segment_bytes() const override { return segment_bytes_; }
  Status create(SegmentNumber segment) override;
  Status recycle(SegmentNumber from, SegmentNumber to) override;
  Status remove(SegmentNumber segment) override;
  Status write(SegmentNumber segment, std::uint64_t offset, std::span<const ByteView> pieces) override;
  Status sync(SegmentNumber segment) override;
  Status read(SegmentNumber segment, std::uint64_t offset, std::size_t size, Bytes& out) const override;

 private:
  // A segment that was written to.
  struct OpenSegment {
    OwnedFile file;
    std::uint64_t prewritten = 0;  // bytes of the file that are synced as zeros or older data
  };

  FileLog(std::string directory, OwnedFile names, bool read_only, std::size_t segment_bytes, FileCalls& calls)
      : directory_(std::move(directory)),
        names_(std::move(names)),
        read_only_(read_only),
        segment_bytes_(segment_bytes),
        calls_(calls) {}

  std::string path(SegmentNumber segment) const;
  std::string temporary_path() const;
  Status check_writable() const;
  Result<bool> exists(SegmentNumber segment) const;
  Result<OpenSegment*> open_segment(SegmentNumber segment);
  Status write_new_file();
  Status prewrite(SegmentNumber segment, OpenSegment& open, std::uint64_t end);
  Status sync_names();
  // Remembers a poisoned status, so that every later change gives it again.
  Status noted(Status status);

  const std::string directory_;
  const OwnedFile names_;  // the directory, open before it is needed: after a rename only its sync may fail
  const bool read_only_;
  const std::size_t segment_bytes_;
  FileCalls& calls_;
  // Only the writer touches these; readers open files of their own.
  std::map<SegmentNumber, OpenSegment> open_;
  Status poison_;
  const std::uint32_t fork_mark_ = fork_guard::mark();
};

}  // namespace tenuto
