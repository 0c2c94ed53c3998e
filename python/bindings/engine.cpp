#include "python/bindings/engine.h"

#include <pybind11/stl.h>

#include <exception>

namespace tenuto::python {

namespace {

const char* data_of(const MaybeText& text) {
  return text ? text->data() : nullptr;
}
std::size_t size_of(const MaybeText& text) {
  return text ? text->size() : 0;
}

using Query = tenuto_status (*)(tenuto_engine*, const char*, std::size_t, tenuto_buffer**);

py::bytes ask(tenuto_engine* engine, Query query, const MaybeText& words) {
  BufferHandle answer;
  {
    const Unlocked unlocked;
    check(query(engine, data_of(words), size_of(words), answer.out()));
  }
  return to_bytes(answer);
}

// Passes progress on to a callable; what it raises is raised when the call has ended.
class ProgressCall {
 public:
  explicit ProgressCall(const py::object& call) : call_(call) {}
  [[nodiscard]] tenuto_progress function() const { return call_.is_none() ? nullptr : &ProgressCall::tell; }
  [[nodiscard]] void* data() { return this; }
  // With the GIL.
  void rethrow() const {
    if (raised_) std::rethrow_exception(raised_);
  }

 private:
  static void tell(void* self, std::uint64_t done, std::uint64_t total) {
    auto& call = *static_cast<ProgressCall*>(self);
    if (call.raised_) return;
    py::gil_scoped_acquire locked;
    try {
      call.call_(done, total);
    } catch (...) {
      call.raised_ = std::current_exception();
    }
  }
  const py::object& call_;
  std::exception_ptr raised_;
};

// Calls `work(progress, its data, out)` without the GIL.
template <class Work>
py::bytes with_progress(const py::object& progress, Work&& work) {
  ProgressCall call(progress);
  BufferHandle report;
  {
    py::gil_scoped_release unlocked;
    check(work(call.function(), call.data(), report.out()));
  }
  call.rethrow();
  return to_bytes(report);
}

py::bytes restore_store(Text backup, Text path, const py::object& progress) {
  return with_progress(progress, [&](tenuto_progress tell, void* data, tenuto_buffer** out) {
    return tenuto_store_restore(backup.data(), backup.size(), path.data(), path.size(), tell, data, out);
  });
}

py::bytes check_backup(Text backup, const py::object& progress) {
  return with_progress(progress, [&](tenuto_progress tell, void* data, tenuto_buffer** out) {
    return tenuto_backup_check(backup.data(), backup.size(), tell, data, out);
  });
}

py::bytes compact_store(Text path, const py::object& progress) {
  return with_progress(progress, [&](tenuto_progress tell, void* data, tenuto_buffer** out) {
    return tenuto_store_compact(path.data(), path.size(), tell, data, out);
  });
}

// (ok, report as JSON)
py::tuple verify_store(Text path) {
  BufferHandle report;
  tenuto_status status = TENUTO_OK;
  {
    const Unlocked unlocked;
    status = tenuto_store_verify(path.data(), path.size(), report.out());
    if (status != TENUTO_STATUS_DAMAGED || report.get() == nullptr) check(status);
  }
  return py::make_tuple(status == TENUTO_OK, to_bytes(report));
}

}  // namespace

Engine::Engine(Text path, const OpenOptions& options) {
  tenuto_engine_options native = TENUTO_ENGINE_OPTIONS_INIT;
  native.mode = options.mode;
  native.durability = options.durability;
  native.threads = options.threads;
  native.create = options.create ? 1 : 0;
  native.retention_age_ns = options.retention_age_ns;
  native.retention_count_max = options.retention_count_max;
  const Unlocked unlocked;
  check(tenuto_engine_open(path.data(), path.size(), &native, handle_.out()));
}

Engine::~Engine() {
  const Unlocked unlocked;
  handle_ = EngineHandle();
}

void Engine::close(std::int32_t how, std::int64_t timeout_ns) {
  const Unlocked unlocked;
  check(tenuto_engine_close(handle_.get(), how, timeout_ns));
}

bool Engine::drain(std::int64_t timeout_ns) {
  const Unlocked unlocked;
  const tenuto_status status = tenuto_engine_drain(handle_.get(), timeout_ns);
  if (status != TENUTO_STATUS_TIMED_OUT) check(status);
  return status == TENUTO_OK;
}

std::unique_ptr<Run> Engine::start(const Workflow& workflow, MaybeText input, MaybeText id, MaybeText labels,
                                   MaybeText by, bool test) {
  tenuto_start_options options = TENUTO_START_OPTIONS_INIT;
  options.test = test ? 1 : 0;
  options.id = data_of(id);
  options.id_size = size_of(id);
  options.input = data_of(input);
  options.input_size = size_of(input);
  options.labels = data_of(labels);
  options.labels_size = size_of(labels);
  options.by = data_of(by);
  options.by_size = size_of(by);
  RunHandle run;
  const Unlocked unlocked;
  check(tenuto_engine_start(handle_.get(), workflow.get(), &options, run.out()));
  return std::make_unique<Run>(std::move(run));
}

std::uint64_t Engine::start_many(const Workflow& workflow, const std::vector<std::string_view>& inputs) {
  std::vector<tenuto_value> values;
  values.reserve(inputs.size());
  for (std::string_view input : inputs) values.push_back({input.data(), input.size(), TENUTO_CONTENT_JSON});
  std::uint64_t first = 0;
  const Unlocked unlocked;
  check(tenuto_engine_start_many(handle_.get(), workflow.get(), values.data(), values.size(), &first));
  return first;
}

std::unique_ptr<Run> Engine::find(Text id) {
  RunHandle run;
  const Unlocked unlocked;
  check(tenuto_engine_find(handle_.get(), id.data(), id.size(), run.out()));
  return std::make_unique<Run>(std::move(run));
}

py::bytes Engine::runs(MaybeText query) {
  return ask(handle_.get(), tenuto_engine_runs, query);
}

py::bytes Engine::stats(MaybeText query) {
  return ask(handle_.get(), tenuto_engine_stats, query);
}

py::bytes Engine::info() {
  BufferHandle facts;
  {
    const Unlocked unlocked;
    check(tenuto_engine_info(handle_.get(), facts.out()));
  }
  return to_bytes(facts);
}

py::bytes Engine::back_up(Text target, const py::object& progress) {
  return with_progress(progress, [&](tenuto_progress tell, void* data, tenuto_buffer** out) {
    return tenuto_engine_backup(handle_.get(), target.data(), target.size(), tell, data, out);
  });
}

py::bytes Engine::prune(Text query) {
  return ask(handle_.get(), tenuto_engine_prune, query);
}

std::unique_ptr<Worker> Engine::open_worker(Text pool, std::uint32_t slots) {
  tenuto_worker_options options = TENUTO_WORKER_OPTIONS_INIT;
  options.slots = slots;
  WorkerHandle worker;
  const Unlocked unlocked;
  check(tenuto_worker_open(handle_.get(), pool.data(), pool.size(), &options, worker.out()));
  return std::make_unique<Worker>(std::move(worker), slots);
}

void bind_engine(py::module_& module) {
  py::class_<Engine>(module, "Engine")
      .def(py::init([](Text path, std::int32_t mode, std::int32_t durability, std::uint32_t threads,
                       bool create, std::int64_t retention_age_ns, std::uint64_t retention_count_max) {
             return std::make_unique<Engine>(
                 path, OpenOptions{mode, durability, threads, create, retention_age_ns, retention_count_max});
           }),
           py::arg("path"), py::kw_only(), py::arg("mode"), py::arg("durability"), py::arg("threads"),
           py::arg("create"), py::arg("retention_age_ns"), py::arg("retention_count_max"))
      .def("close", &Engine::close, py::arg("how"), py::arg("timeout_ns"))
      .def("drain", &Engine::drain, py::arg("timeout_ns"))
      .def("role", &Engine::role)
      .def("start", &Engine::start, py::arg("workflow"), py::arg("input"), py::kw_only(), py::arg("id"),
           py::arg("labels"), py::arg("by"), py::arg("test"))
      .def("start_many", &Engine::start_many, py::arg("workflow"), py::arg("inputs"))
      .def("find", &Engine::find, py::arg("id"))
      .def("runs", &Engine::runs, py::arg("query"))
      .def("stats", &Engine::stats, py::arg("query"))
      .def("info", &Engine::info)
      .def("back_up", &Engine::back_up, py::arg("target"), py::arg("progress"))
      .def("prune", &Engine::prune, py::arg("query"))
      .def("open_worker", &Engine::open_worker, py::arg("pool"), py::arg("slots"), py::keep_alive<0, 1>());
  module.def("verify_store", &verify_store, py::arg("path"));
  module.def("restore_store", &restore_store, py::arg("backup"), py::arg("path"), py::arg("progress"));
  module.def("check_backup", &check_backup, py::arg("backup"), py::arg("progress"));
  module.def("compact_store", &compact_store, py::arg("path"), py::arg("progress"));
}

}  // namespace tenuto::python
