#include "tests/sim/senders.h"

namespace tenuto::testing {

CommandRecord Senders::draw() {
  Random& random = world_.random();
  CommandRecord record;
  if (random.chance(1, 3) && !world_.oracle().runs().empty()) {
    auto at = world_.oracle().runs().begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random.below(world_.oracle().runs().size())));
    const std::string run = random.chance(1, 8) ? "order-none" : at->second.id;
    record.command = CancelCommand{run, "by command " + std::to_string(world_.oracle().nonce()), "sender"};
    return record;
  }
  const std::uint64_t which = random.below(6);
  // Some names are used by many, and then mostly for the same.
  const std::string id = random.chance(1, 2) ? "order-" + std::to_string(which)
                                             : "command-" + std::to_string(world_.oracle().nonce());
  record.workflow = &workflows_[which % workflows_.size()];
  record.input = random.chance(2, 3) ? SimValue::object(which, true, 4, 0)
                                     : SimValue::object(random.below(2), random.chance(1, 2),
                                                        static_cast<std::int64_t>(random.below(2) * 4), 0);
  record.is_well_formed = !random.chance(1, 12);
  record.command = StartCommand{record.is_well_formed ? record.workflow->definition : R"({"tenuto":1})",
                                id,
                                record.input.text,
                                "",
                                "sender",
                                random.chance(1, 4)};
  return record;
}

bool Senders::send() {
  if (!world_.has_inbox()) return false;
  Random& random = world_.random();
  const CommandId id{static_cast<std::uint64_t>(world_.clock.wall_ns), world_.oracle().nonce()};
  CommandRecord record = draw();
  const Bytes text = encode_command(record.command);
  const std::uint64_t dies = random.below(12);
  world_.trace().line("send %s bytes=%zu dies=%d", command_file_name(id).c_str(), text.size(),
                      static_cast<int>(dies));
  if (dies < 2) world_.count(Happening::senders_died);
  if (dies == 0) return true;  // with a file that has no command's name yet
  world_.oracle().command(id) = std::move(record);
  world_.folder.arrive(command_file_name(id), text);
  if (dies > 1) unsynced_.push_back(id);
  return true;
}

bool Senders::sync_one() {
  if (unsynced_.empty()) return false;
  const std::size_t index = world_.random().below(unsynced_.size());
  const CommandId id = unsynced_[index];
  unsynced_.erase(unsynced_.begin() + static_cast<std::ptrdiff_t>(index));
  world_.folder.sync();
  world_.oracle().command(id).is_accepted = true;
  world_.count(Happening::commands_accepted);
  if (world_.plant() == Plant::lost_command) world_.folder.take_away(command_file_name(id));
  return true;
}

void Senders::ask(const View& view) {
  for (const auto& [id, record] : world_.oracle().commands()) {
    if (!world_.random().chance(1, 4)) continue;
    const auto outcome = view.command(id);
    if (!outcome.ok())
      return world_.trace().violation("a command can't be read: " + outcome.status().message());
    const bool is_there = outcome->has_value();
    world_.trace().expect(
        world_.oracle().check_told_outcome(id, is_there, is_there ? (*outcome)->code : Code::ok));
  }
}

}  // namespace tenuto::testing
