// A journal alone: log, ring and committer, without tables, workers and threads.
#pragma once

#include "core/journal/batch_writer.h"
#include "core/journal/committer.h"

namespace tenuto::bench {

class JournalBenchWorld final : public CommitListener, public FullWaiter {
 public:
  explicit JournalBenchWorld(Log& log)
      : segments_({}, {}, log.segment_bytes()),
        committer_(log, ring_, segments_, *this, {StoreId{1, 2}, Generation(1), JournalPlace()}) {
    Event event;
    event.body = EngineOpened{Generation(1), 1, "bench"};
    append(event);
    commit();
  }
  // One batch of one record.
  void append(const Event& event) {
    writer_.add(event);
    writer_.flush(ring_, *this);
  }
  // Until all that was appended is durable. Stops the program when the log refuses.
  void commit() {
    while (committer_.run_one()) {
    }
    TN_CHECK(committer_.durable() == ring_.tail());
  }

  // What is durable needs no room any more: nobody carries it into tables here.
  void on_durable(Position upto) override { segments_.release_before(upto); }
  bool wait() override { return committer_.run_one(); }

 private:
  Ring ring_;
  Segments segments_;
  BatchWriter writer_;
  Committer committer_;
};

}  // namespace tenuto::bench
