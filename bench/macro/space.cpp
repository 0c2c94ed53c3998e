// What is on the disk afterwards, and what was written to get there.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "bench/macro/many_runs.h"
#include "bench/macro/parts.h"
#include "bench/scratch.h"

namespace tenuto::bench {

namespace {

// Bytes that the disk below `directory` has been sent, by whomever: nothing else may run. What /proc/self/io calls write_bytes
// counts a large folio whole when a part of it gets dirty, which is twice what is written.
std::optional<double> device_bytes(const std::string& directory) {
  struct stat about {};
  const int fd = ::open(directory.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || ::fstat(fd, &about) != 0 || ::syncfs(fd) != 0)
    throw std::runtime_error("can't sync " + directory);
  ::close(fd);
  std::ifstream file("/sys/dev/block/" + std::to_string(major(about.st_dev)) + ":" +
                     std::to_string(minor(about.st_dev)) + "/stat");
  double sectors = 0;
  for (int field = 0; field < 7; ++field) file >> sectors;
  return file ? std::optional(sectors * 512) : std::nullopt;  // none: tmpfs, overlay
}

double table_bytes(const std::string& path) {
  return Store(path).table_bytes();
}

// What one more run of tasks costs in a store that has some already; one value per round.
struct Space {
  std::vector<double> kept;
  std::vector<double> written;
};

Space space_of(const Options& options, const char* definition, std::uint64_t tasks, std::uint64_t runs) {
  const Scratch scratch(options.dir);
  const Workflow workflow(definition);
  Space space;
  double kept_before = 0;
  for (int round = 0; round <= options.rounds; ++round) {  // the first one makes the store
    std::uint64_t done = 0;
    const std::optional<double> written_before = device_bytes(options.dir);
    {
      Store store(scratch.store());
      const Bodies bodies(store);
      done =
          run_many(store, bodies, workflow, [runs](std::uint64_t so_far) { return so_far < runs; }) * tasks;
      store.drain();
    }
    const std::optional<double> written = device_bytes(options.dir);
    const double kept = table_bytes(scratch.store());
    if (round > 0) {
      space.kept.push_back((kept - kept_before) / static_cast<double>(done));
      if (written) space.written.push_back((*written - *written_before) / static_cast<double>(done));
    }
    kept_before = kept;
  }
  return space;
}

}  // namespace

void measure_space(const Options& options, Report& report) {
  report.begin("space");
  const std::uint64_t runs = options.smoke ? 4096 : 200'000;
  const Space five = space_of(options, kFive, kFiveTasks, runs);
  const Space one = space_of(options, kOne, 1, runs);
  report.worked("space", runs);
  report.add({"history, five-task runs", "bytes/task", five.kept, "", {}, value_at_most(40)});
  report.add({"history, one-task runs", "bytes/task", one.kept, "", {}, value_at_most(160)});
  if (five.written.empty()) return;  // the directory is on no disk
  report.add(
      {"written to the device, five-task runs", "bytes/task", five.written, "", {}, value_at_most(150)});
  report.add({"written to the device, one-task runs", "bytes/task", one.written});
}

}  // namespace tenuto::bench
