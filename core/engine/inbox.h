// Commands of other processes: files in `inbox/`, one command a file.
//
// A command is accepted when its file is renamed into the folder (written, synced, renamed, folder synced), and applied
// or refused when the event that says so is durable; then the file goes. So a client that stops or dies at any
// moment leaves either nothing or a whole command, and shares no lock with the owner.
//
// A file is named after its command id, <32 hex digits>.json: the time at which it was sent in nanoseconds, and chance. Commands are
// carried out in the order of their files' times, and of their names where those are equal. It holds one JSON object:
//   {"command": "start", "definition": {…}, "id": "…", "input": …, "labels": {…}, "by": "…", "test": false}
//   {"command": "cancel", "run": "…", "reason": "…", "by": "…"}
//   {"command": "prune", "ended_before_ns": …, "keep": …, "states": …, "workflow": "…"}
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/status.h"
#include "core/engine/engine.h"
#include "core/journal/prune.h"
#include "core/store/files.h"

namespace tenuto {

struct StartCommand {
  std::string definition;
  std::string id;
  std::string input;
  std::string labels;
  std::string by;
  bool test = false;
};
struct CancelCommand {
  std::string run;
  std::string reason;
  std::string by;
};
struct PruneCommand {
  PruneRequest request;
};
using Command = std::variant<StartCommand, CancelCommand, PruneCommand>;

[[nodiscard]] Bytes encode_command(const Command& command);
// invalid_argument names what is wrong.
[[nodiscard]] Result<Command> decode_command(ByteView text);

[[nodiscard]] std::string command_file_name(CommandId command);
// nullopt for a name that is no command's (a file that is still being written, for one).
[[nodiscard]] std::optional<CommandId> parse_command_file_name(std::string_view name);

// Where commands wait, as their owner sees it.
class CommandFolder {
 public:
  virtual ~CommandFolder() = default;
  // The files of the commands that wait, oldest first.
  virtual Result<std::vector<std::string>> list() const = 0;
  virtual Result<Bytes> read(const std::string& file) const = 0;
  // Ok when it is gone already.
  virtual void remove(const std::string& file) const = 0;
  // Senders that were killed leave files that never became commands: those that nobody has written to for kAbandonedAfter go.
  virtual void remove_abandoned(WallTime now) const = 0;
};

// From the last write of a file to its acceptance it takes a sync: nobody alive needs an hour.
inline constexpr Nanos kAbandonedAfter = 3600 * kSecond;

// The folder.
// Thread safety: const functions by any thread and process.
class Inbox final : public CommandFolder {
 public:
  explicit Inbox(std::string directory, FileCalls& calls = FileCalls::system())
      : calls_(calls), directory_(std::move(directory)) {}

  // Accepts a command: durable on return. full, storage_error; too_large for what the owner would refuse to read; poisoned
  // when the folder can't be synced: it may be accepted all the same.
  Status submit(CommandId id, const Command& command) const;
  Result<std::vector<std::string>> list() const override;
  Result<Bytes> read(const std::string& file) const override;
  void remove(const std::string& file) const override;
  void remove_abandoned(WallTime now) const override;
  // Whether the command's file is still there.
  [[nodiscard]] bool contains(CommandId id) const;
  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  FileCalls& calls_;
  std::string directory_;
};

}  // namespace tenuto
