// Serving a pool from Python's threads.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "python/bindings/crew.h"
#include "python/bindings/handles.h"

namespace tenuto::python {

class Engine;

// The bodies of the actions that this process has, by action number. All members need the GIL.
class Bodies {
 public:
  struct Entry {
    PyObject* call = nullptr;    // Owned.
    PyObject* submit = nullptr;  // Owned. Null, or what takes tasks of this body that are completed later.
  };

  Bodies() = default;
  Bodies(const Bodies&) = delete;
  Bodies& operator=(const Bodies&) = delete;
  ~Bodies();

  // Declares an action to the engine, with its body; again: replaces the body. With `submit`, which is the same for all
  // bodies of a pool, the body is not called here: submit is called with a list of (call, argument, token, facts,
  // time-out in ns or -1), and the tasks are completed through Worker::complete().
  void add(const Engine& engine, Text action, const py::object& call, const py::object& submit);
  // Borrowed; null for an action that is not here.
  [[nodiscard]] const Entry* find(std::uint32_t action) const;

 private:
  std::vector<Entry> entries_;
};

// An ended body, on its way to the library. The bytes belong to `owner`: a bytes object (the result), None (null), or a
// tuple of type, message and traceback as bytes.
struct Ended {
  std::uint64_t token;
  std::int32_t outcome;
  PyObject* owner;
};

// A polled batch with the bodies that have ended. `ended` needs the GIL, so a thread that takes over from a stuck one can
// report what that one has done.
struct SharedBatch {
  BatchHandle handle;
  std::vector<Ended> ended;
};

// Tasks of one batch that are completed later, on their way to those who run them; null: there are none. Owned, but not by
// objects that let go by themselves: a thread that the interpreter stops where it asks for the GIL unwinds without it.
struct Deferred {
  PyObject* submit = nullptr;
  PyObject* tasks = nullptr;  // A list.
};

class Worker {
 public:
  Worker(WorkerHandle handle, std::uint32_t slots) : handle_(std::move(handle)), crew_(slots) {}

  // Counts a thread that will call serve(). False: there are enough.
  bool hire() { return crew_.hire(); }
  // For a thread that was hired and could not be started.
  void unhire() { crew_.leave(); }
  // Runs bodies until close(). `describe` makes (outcome, type, message, traceback) of an exception; `spawn` is called when
  // one more thread would help. Called by a Python thread with the GIL.
  void serve(const Bodies& bodies, const py::object& describe, const py::object& spawn);
  // Reports deferred bodies: a list of (token, outcome, bytes | None | (type, message, traceback)).
  void complete(const py::list& ended);
  // No more tasks come; bodies that run now may still be reported.
  void close();
  // Waits until no thread is in a body.
  bool wait_idle(std::int64_t timeout_ns);
  // Waits until all threads have left serve(); those that wait for tasks do so when the engine is closed.
  bool join(std::int64_t timeout_ns);

 private:
  struct Call {
    const Bodies& bodies;
    PyObject* describe;
    PyObject* spawn;
    PyThreadState* thread;
  };

  void serve_unlocked(const Call& call);
  bool poll(std::shared_ptr<SharedBatch>& batch);
  void run(const Call& call, SharedBatch& batch);
  void run_task(const Call& call, const tenuto_task& task, SharedBatch& batch, Deferred& deferred);
  void submit(const Call& call, Deferred& deferred, SharedBatch& batch);
  void flush(std::vector<Ended>& ended);
  void spawn(const Call& call);
  // True: bodies are so short that it is enough to time some of them.
  bool learn(std::int64_t took_ns);
  [[nodiscard]] bool is_slow() const;

  WorkerHandle handle_;
  Crew<SharedBatch> crew_;
  // The usual time of a body: a running median, so that a body which waited for the GIL does not count as slow. Relaxed:
  // a hint.
  std::atomic<std::int64_t> usual_ns_{kSlowNs};

  static constexpr std::int64_t kSlowNs =
      200'000;  // From here on a hand-over (about 20 µs) costs little beside a body.
  static constexpr std::int64_t kBatchNs = 400'000;  // Of work in a batch: less than the look of a standby.
  static constexpr std::uint32_t kBatchMax = 1024;
  // Reading the clock twice costs 40 ns: a third of calling a body that does nothing.
  static constexpr std::int64_t kShortNs = 10'000;
  static constexpr std::uint32_t kUntimed = 7;
  static constexpr std::size_t kReportMax = 64;  // What so many outcomes take stays in the nearest cache.
};

}  // namespace tenuto::python
