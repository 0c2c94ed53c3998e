// tenuto_engine for Python.
#pragma once

#include <memory>
#include <vector>

#include "python/bindings/handles.h"
#include "python/bindings/run.h"
#include "python/bindings/worker.h"
#include "python/bindings/workflow.h"

namespace tenuto::python {

struct OpenOptions {
  std::int32_t mode;
  std::int32_t durability;
  std::uint32_t threads;
  bool create;
  std::int64_t retention_age_ns;
  std::uint64_t retention_count_max;
};

// Thread safety: all methods, from many threads. Each releases the GIL while it is in the library.
class Engine {
 public:
  Engine(Text path, const OpenOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void close(std::int32_t how, std::int64_t timeout_ns);
  // False: some runs still go on.
  bool drain(std::int64_t timeout_ns);
  [[nodiscard]] std::int32_t role() const { return tenuto_engine_role(handle_.get()); }
  std::unique_ptr<Run> start(const Workflow& workflow, MaybeText input, MaybeText id, MaybeText labels,
                             MaybeText by, bool test);
  // The inputs are JSON; returns the number of the first run.
  std::uint64_t start_many(const Workflow& workflow, const std::vector<std::string_view>& inputs);
  std::unique_ptr<Run> find(Text id);
  py::bytes runs(MaybeText query);
  py::bytes stats(MaybeText query);
  py::bytes info();
  // `progress` is None or a callable with (done, total).
  py::bytes back_up(Text target, const py::object& progress);
  py::bytes prune(Text query);
  std::unique_ptr<Worker> open_worker(Text pool, std::uint32_t slots);

  [[nodiscard]] tenuto_engine* get() const { return handle_.get(); }

 private:
  EngineHandle handle_;
};

}  // namespace tenuto::python
