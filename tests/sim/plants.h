// Bugs that the simulation must find. None of them is in the engine: they stand in the disk, the tables, the clock, the folder, the
// bodies and the clients around it, and in what the oracle hears of them.
#pragma once

#include <cstdint>
#include <vector>

#include "core/machine/event.h"

namespace tenuto::testing {

enum class Plant : std::uint8_t {
  none,
  // The disk, the tables, the clock, the folder of commands.
  lying_sync,        // the disk forgets although a sync returned ok
  forgetful_kill,    // what was written and not synced goes with the process
  lost_middle,       // of what was written and not synced, an early event is lost and a later one is there
  lost_record,       // recovery finds one event less
  changed_record,    // recovery finds another result
  stray_run,         // recovery finds a run that nobody started
  no_window,         // the journal grows as it likes
  roomy_tables,      // tables that are said to be full are not
  fast_clock,        // the engine's clock is ahead of everybody's
  forgetful_tables,  // the tables lose the outcomes of commands
  early_removal,     // a command's file goes when it is read
  lost_command,      // an accepted command's file is lost
  // How the engine is set up and driven.
  no_gates,         // effects don't wait for the disk
  hasty_close,      // an orderly close doesn't write what is left
  eager_retention,  // less is kept than was asked for
  no_retention,     // everything is kept
  dead_timers,      // no timer fires
  uneven,           // a simulation depends on what is not its seed
  // Bodies.
  aborting_body,    // the process dies of a body
  body_twice,       // one hand-out begins two bodies
  other_argument,   // a body sees another argument
  other_run_id,     // a body is told another run id
  changing_key,     // the idempotency key changes with the attempt
  shared_key,       // all tasks have the same idempotency key
  lost_report,      // an outcome does not reach the engine
  late_report,      // an outcome that came in time is taken for late
  nonsense_counts,  // an outcome without a body is taken for one
  // Clients.
  early_ack,         // a client takes a start for acknowledged before it was answered
  misheard_end,      // a client hears another output than the one it was told
  misheard_state,    // a client hears that a run has ended
  misheard_refusal,  // a cancel that was accepted is heard as refused
  misheard_number,   // a start hears the number of an earlier run
  lost_answer,       // a client does not hear an answer
  lost_run,          // a client is told that a live run is gone
  short_read,        // a reader misses the newest event
  // Events, as the oracle hears them.
  other_input,       // a run starts with another input
  other_result,      // a task is done with another result
  done_twice,        // a task is done twice
  skipped_for_done,  // a task is skipped instead of done
  wrong_arm,         // a switch takes another arm
  retry_too_many,    // a failure that is final is not
  retry_missing,     // a failure that is not final is
  long_wait,         // a retry comes later than the policy says
  cancel_twice,      // a cancel is recorded twice
  unasked_cancel,    // a cancel is recorded that nobody asked for
  other_output,      // a run ends with another output
  other_culprit,     // a run fails for another task
  other_end,         // a run that failed ends as completed
  life_after_end,    // something happens after the end
  early_end,         // a run ends while a task is open
  applied_twice,     // a command is applied twice
  refused_applied,   // a command that was applied is refused
  wrong_subject,     // a command is applied to another run
  count
};

// What the oracle hears of an event: mostly the event.
class PlantedEar {
 public:
  explicit PlantedEar(Plant plant) : plant_(plant) {}
  [[nodiscard]] std::vector<Event> hear(const Event& event);

 private:
  Plant plant_;
  Event last_done_;
};

}  // namespace tenuto::testing
