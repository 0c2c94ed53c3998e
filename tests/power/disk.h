// What a power cut may leave of a record: the disk under a file system that promises no more than POSIX.
//
//   of a file      all that was written before its last sync began. Of each page that was written since: as it was at any of the
//                  writes, or torn, each sector as it was at any of them. Its size: that of the sync or any since. Through a
//                  descriptor that syncs (O_DSYNC), a write is there once it has returned.
//   of a folder    the names at its last sync; of the changes since, a beginning (journaling file systems), or any of them
//
// Two assumptions, LMDB's as well: a sector is written whole or not at all, and pages that nobody writes stay.
#pragma once

#include <deque>
#include <set>

#include "core/base/random.h"
#include "tests/power/record.h"

namespace tenuto::testing {

// Which syncs do nothing: planted lies, which the test must notice.
struct Lies {
  bool data = false;           // fsync and fdatasync of files
  bool synced_writes = false;  // O_DSYNC: LMDB's meta page
  bool names = false;          // fsync of folders
};

// Thread safety: one thread.
class Disk {
 public:
  Disk(const DiskImage& image, const std::map<std::string, FileNumber>& files, const Lies& lies);

  // The operations are to be given in order; the record outlives the disk.
  void add(std::size_t index, const Op& op);
  // A state in which a power cut now could leave it.
  [[nodiscard]] DiskImage cut(Random& random) const;
  // All that was asked for.
  [[nodiscard]] DiskImage everything() const;

  // How many pages and names a cut has to decide about.
  [[nodiscard]] std::size_t undecided() const;

 private:
  struct Pending {
    std::size_t index;
    const Op* op;  // write or resize
  };
  struct File {
    Bytes synced;
    std::deque<Pending> pending;
  };
  struct NameChange {
    std::size_t index;
    const Op* op;
  };
  struct Names {
    std::map<std::string, FileNumber> files;
    std::set<std::string> folders;
  };

  static void apply(Bytes& content, const Op& op);
  static void apply(Names& names, const Op& op);
  static bool overlaps(const Op& a, const Op& b);
  void sync_file(File& file, std::size_t before);
  void sync_write(File& file, std::size_t write);
  void sync_names(const std::string& folder, std::size_t before);
  [[nodiscard]] Names cut_names(Random& random) const;
  [[nodiscard]] static Bytes cut_file(const File& file, Random& random);

  const Lies lies_;
  std::map<FileNumber, File> files_;
  Names names_;  // that are on the disk
  std::deque<NameChange> changes_;
};

}  // namespace tenuto::testing
