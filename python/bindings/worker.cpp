#include "python/bindings/worker.h"

#include <cxxabi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "python/bindings/engine.h"

namespace tenuto::python {

namespace {

// The task whose body runs on this thread.
thread_local const tenuto_task* running_task = nullptr;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// (run id, path, attempt, idempotency key). Each text lives until the next is asked for, so each becomes an object first.
// Null with a Python error set when there is no memory.
PyObject* facts_of(const tenuto_task& task) {
  PyObject* run_id = PyUnicode_FromString(tenuto_task_run_id(&task));
  PyObject* path = PyUnicode_FromString(tenuto_task_path(&task));
  PyObject* key = PyUnicode_FromString(tenuto_task_idempotency_key(&task));
  PyObject* facts = nullptr;
  if (run_id != nullptr && path != nullptr && key != nullptr) {
    facts = Py_BuildValue("OOIO", run_id, path, static_cast<unsigned int>(task.attempt), key);
  }
  Py_XDECREF(run_id);
  Py_XDECREF(path);
  Py_XDECREF(key);
  return facts;
}

// The facts of the body that runs on this thread, or None outside one.
py::object current_task() {
  if (running_task == nullptr) return py::none();
  PyObject* facts = facts_of(*running_task);
  if (facts == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(facts);
}

void borrow(PyObject* bytes, const char*& data, std::size_t& size) {
  data = PyBytes_AS_STRING(bytes);
  size = static_cast<std::size_t>(PyBytes_GET_SIZE(bytes));
}

// Needs no GIL: what it reads is owned and never changes.
tenuto_completion to_completion(const Ended& ended) {
  tenuto_completion completion = TENUTO_COMPLETION_INIT;
  completion.token = ended.token;
  completion.outcome = ended.outcome;
  if (PyBytes_Check(ended.owner)) {
    borrow(ended.owner, completion.result, completion.result_size);
  } else if (PyTuple_Check(ended.owner)) {
    borrow(PyTuple_GET_ITEM(ended.owner, 0), completion.error_type, completion.error_type_size);
    borrow(PyTuple_GET_ITEM(ended.owner, 1), completion.error_message, completion.error_message_size);
    borrow(PyTuple_GET_ITEM(ended.owner, 2), completion.error_trace, completion.error_trace_size);
  }
  return completion;
}

PyObject* argument_of(const tenuto_task& task) {
  if (std::string_view(task.argument, task.argument_size) == "{}") {  // Of every task without parameters.
    static PyObject* const kNoArguments = PyBytes_FromStringAndSize("{}", 2);
    return Py_XNewRef(kNoArguments);
  }
  return PyBytes_FromStringAndSize(task.argument, static_cast<Py_ssize_t>(task.argument_size));
}

// Calls a body: result as bytes or None, or null with the exception set.
PyObject* call_body(PyObject* call, const tenuto_task& task) {
  PyObject* argument = argument_of(task);
  if (argument == nullptr) return nullptr;
  Py_INCREF(call);  // A body that is declared again replaces it meanwhile.
  running_task = &task;
  PyObject* result = PyObject_CallOneArg(call, argument);
  running_task = nullptr;
  Py_DECREF(call);
  Py_DECREF(argument);
  if (result != nullptr && result != Py_None && !PyBytes_Check(result)) {
    Py_CLEAR(result);
    PyErr_SetString(PyExc_TypeError, "a body returns bytes or None");
  }
  return result;
}

// Appends a task to those that are completed later. False: there is no memory; the exception is set.
bool defer(const Bodies::Entry& entry, const tenuto_task& task, Deferred& deferred) {
  if (deferred.tasks == nullptr) {
    deferred.tasks = PyList_New(0);
    if (deferred.tasks == nullptr) return false;
    deferred.submit = Py_NewRef(entry.submit);
  }
  PyObject* argument = argument_of(task);
  PyObject* facts = argument == nullptr ? nullptr : facts_of(task);
  if (facts == nullptr) {
    Py_XDECREF(argument);
    return false;
  }
  PyObject* item = Py_BuildValue("ONKNL", entry.call, argument, static_cast<unsigned long long>(task.token),
                                 facts, static_cast<long long>(tenuto_task_timeout_ns(&task)));
  const bool done = item != nullptr && PyList_Append(deferred.tasks, item) == 0;
  Py_XDECREF(item);
  return done;
}

std::uint64_t token_of(PyObject* deferred) {
  return PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(deferred, 2));
}

bool is_failure(PyObject* owner) {
  if (!PyTuple_Check(owner) || PyTuple_GET_SIZE(owner) != 3) return false;
  for (Py_ssize_t i = 0; i < 3; ++i) {
    if (!PyBytes_Check(PyTuple_GET_ITEM(owner, i))) return false;
  }
  return true;
}

// What worker.py gives: token, outcome, and bytes, None or a failure. False: it is something else.
bool read_ended(PyObject* item, Ended& ended) {
  if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != 3) return false;
  ended.token = PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(item, 0));
  ended.outcome = static_cast<std::int32_t>(PyLong_AsLong(PyTuple_GET_ITEM(item, 1)));
  ended.owner = PyTuple_GET_ITEM(item, 2);
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    return false;
  }
  return ended.owner == Py_None || PyBytes_Check(ended.owner) || is_failure(ended.owner);
}

// The Python exception that is set, as an object of its own; clears it.
PyObject* take_exception() {
#if PY_VERSION_HEX >= 0x030C0000
  return PyErr_GetRaisedException();
#else
  PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  if (trace != nullptr) PyException_SetTraceback(value, trace);
  Py_XDECREF(type);
  Py_XDECREF(trace);
  return value;
#endif
}

// What is recorded for the exception that is set. Owns nothing that can throw: bodies may raise anything.
Ended failure(std::uint64_t token, PyObject* describe) {
  PyObject* exception = take_exception();
  PyObject* described = PyObject_CallOneArg(describe, exception);
  Py_XDECREF(exception);
  Ended ended{token, TENUTO_OUTCOME_FAILED, nullptr};
  if (described != nullptr && PyTuple_Check(described) && PyTuple_GET_SIZE(described) == 2) {
    ended.outcome = static_cast<std::int32_t>(PyLong_AsLong(PyTuple_GET_ITEM(described, 0)));
    PyObject* owner = PyTuple_GET_ITEM(described, 1);
    if (is_failure(owner)) ended.owner = Py_NewRef(owner);
  }
  Py_XDECREF(described);
  PyErr_Clear();
  if (ended.owner == nullptr) {
    ended.owner = Py_BuildValue("(yyy)", "InternalError", "the exception of the body can't be described", "");
  }
  return ended;
}

}  // namespace

Bodies::~Bodies() {
  for (const Entry& entry : entries_) {
    Py_XDECREF(entry.call);
    Py_XDECREF(entry.submit);
  }
}

void Bodies::add(const Engine& engine, Text action, const py::object& call, const py::object& submit) {
  // The GIL stays: no thread may look for the body of a task that is handed out before it is stored below. The call
  // takes a lock of the engine for a moment and waits for nothing else.
  std::uint32_t number = 0;
  check(tenuto_engine_register_hosted(engine.get(), action.data(), action.size(), &number));
  if (entries_.size() <= number) entries_.resize(number + 1);
  Entry& entry = entries_[number];
  PyObject* call_before = std::exchange(entry.call, Py_NewRef(call.ptr()));
  PyObject* submit_before = std::exchange(entry.submit, submit.is_none() ? nullptr : Py_NewRef(submit.ptr()));
  Py_XDECREF(call_before);
  Py_XDECREF(submit_before);
}

const Bodies::Entry* Bodies::find(std::uint32_t action) const {
  if (action >= entries_.size() || entries_[action].call == nullptr) return nullptr;
  return &entries_[action];
}

void Worker::serve(const Bodies& bodies, const py::object& describe, const py::object& spawn) {
  try {
    const Call call{bodies, describe.ptr(), spawn.ptr(), PyEval_SaveThread()};
    serve_unlocked(call);
    crew_.leave();
    take_gil(call.thread);
  } catch (const abi::__forced_unwind&) {
    // The interpreter has ended, and stopped this daemon thread within a body: see take_gil().
    for (;;) pause();
  }
}

void Worker::serve_unlocked(const Call& call) {
  while (auto turn = crew_.lead()) {
    std::shared_ptr<SharedBatch> batch = std::move(turn->batch);
    for (bool leads = true; leads;) {
      if (!batch && !poll(batch)) {
        crew_.dismiss();
        return;
      }
      const auto begun = crew_.begin(batch, is_slow());
      if (!begun.go) return;
      take_gil(call.thread);
      if (begun.missing) this->spawn(call);
      run(call, *batch);
      (void)PyEval_SaveThread();
      batch = nullptr;
      leads = crew_.end(turn->term);
    }
  }
}

// False: no more tasks come.
bool Worker::poll(std::shared_ptr<SharedBatch>& batch) {
  batch = std::make_shared<SharedBatch>();
  const std::int64_t usual = std::max<std::int64_t>(usual_ns_.load(std::memory_order_relaxed), 1);
  const auto most =
      is_slow() ? 1u : static_cast<std::uint32_t>(std::clamp<std::int64_t>(kBatchNs / usual, 1, kBatchMax));
  tenuto_status status = TENUTO_STATUS_TIMED_OUT;
  while (status == TENUTO_STATUS_TIMED_OUT)
    status = tenuto_worker_poll(handle_.get(), most, -1, batch->handle.out());
  return status == TENUTO_OK;
}

// Takes task after task until the batch is used up, also by others. With the GIL.
void Worker::run(const Call& call, SharedBatch& batch) {
  flush(batch.ended);
  Deferred deferred;
  std::uint32_t untimed = 0;
  while (!crew_.is_dismissed()) {
    tenuto_task task = TENUTO_TASK_INIT;
    if (tenuto_batch_next(batch.handle.get(), &task) != TENUTO_OK) break;
    if (untimed > 0) {
      --untimed;
      run_task(call, task, batch, deferred);
      continue;
    }
    const std::int64_t begun = now_ns();
    run_task(call, task, batch, deferred);
    if (learn(now_ns() - begun)) untimed = kUntimed;
  }
  submit(call, deferred, batch);
  flush(batch.ended);
}

void Worker::run_task(const Call& call, const tenuto_task& task, SharedBatch& batch, Deferred& deferred) {
  const Bodies::Entry* entry = call.bodies.find(task.action);
  if (entry != nullptr && entry->submit != nullptr) {
    if (!defer(*entry, task, deferred)) batch.ended.push_back(failure(task.token, call.describe));
    return;
  }
  submit(call, deferred, batch);  // They do not wait for the body.
  PyObject* result = nullptr;
  if (entry != nullptr) {
    result = call_body(entry->call, task);
  } else {
    PyErr_SetString(PyExc_LookupError, "this process has no body for the task");
  }
  batch.ended.push_back(result == nullptr ? failure(task.token, call.describe)
                                          : Ended{task.token, TENUTO_OUTCOME_DONE, result});
}

// Hands over the tasks that are completed later, and empties the list.
void Worker::submit(const Call& call, Deferred& deferred, SharedBatch& batch) {
  if (deferred.tasks == nullptr) return;
  const Deferred mine = std::exchange(deferred, Deferred());
  PyObject* done = PyObject_CallOneArg(mine.submit, mine.tasks);
  if (done == nullptr) {
    Ended ended = failure(0, call.describe);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(mine.tasks); ++i) {
      ended.token = token_of(PyList_GET_ITEM(mine.tasks, i));
      batch.ended.push_back(ended);
      Py_INCREF(ended.owner);
    }
    Py_DECREF(ended.owner);
  }
  Py_XDECREF(done);
  Py_DECREF(mine.submit);
  Py_DECREF(mine.tasks);
}

// Reports ended bodies and empties the list. With the GIL, which it releases meanwhile.
void Worker::flush(std::vector<Ended>& ended) {
  if (ended.empty()) return;
  std::vector<Ended> mine;
  mine.swap(ended);
  PyThreadState* thread = PyEval_SaveThread();
  std::array<tenuto_completion, kReportMax> completions;
  for (std::size_t at = 0; at < mine.size();) {
    std::size_t count = 0;
    while (count < kReportMax && at < mine.size()) completions[count++] = to_completion(mine[at++]);
    // A closed or poisoned engine takes no more results: their tasks run again after the next open.
    (void)tenuto_worker_complete(handle_.get(), completions.data(), count, nullptr);
  }
  take_gil(thread);
  for (const Ended& each : mine) Py_DECREF(each.owner);
}

void Worker::spawn(const Call& call) {
  if (!crew_.hire()) return;
  PyObject* started = PyObject_CallNoArgs(call.spawn);
  if (started == nullptr) {
    PyErr_Clear();  // No thread to be had: those that run go on.
    crew_.leave();
  }
  Py_XDECREF(started);
}

bool Worker::learn(std::int64_t took_ns) {
  const std::int64_t usual = usual_ns_.load(std::memory_order_relaxed);
  // Steps of an eighth up and down meet at the median.
  const std::int64_t step = usual / 8 + 1;
  usual_ns_.store(took_ns > usual ? usual + step : std::max<std::int64_t>(usual - step, 1),
                  std::memory_order_relaxed);
  return took_ns < kShortNs && usual < kShortNs;
}

bool Worker::is_slow() const {
  return usual_ns_.load(std::memory_order_relaxed) >= kSlowNs;
}

void Worker::complete(const py::list& ended) {
  std::vector<Ended> list;
  list.reserve(ended.size());
  for (const py::handle item : ended) {
    Ended one{};
    if (!read_ended(item.ptr(), one)) {
      for (const Ended& each : list) Py_DECREF(each.owner);
      throw py::type_error("complete() takes (token, outcome, bytes, None or a tuple of three bytes)");
    }
    Py_INCREF(one.owner);
    list.push_back(one);
  }
  flush(list);
}

void Worker::close() {
  crew_.dismiss();
  const Unlocked unlocked;
  check(tenuto_worker_close(handle_.get()));
}

bool Worker::wait_idle(std::int64_t timeout_ns) {
  const Unlocked unlocked;
  return crew_.wait_idle(std::chrono::nanoseconds(timeout_ns));
}

bool Worker::join(std::int64_t timeout_ns) {
  const Unlocked unlocked;
  return crew_.wait_left(std::chrono::nanoseconds(timeout_ns));
}

void bind_worker(py::module_& module) {
  py::class_<Bodies>(module, "Bodies")
      .def(py::init())
      .def("add", &Bodies::add, py::arg("engine"), py::arg("action"), py::arg("call"), py::arg("submit"));
  py::class_<Worker>(module, "Worker")
      .def("hire", &Worker::hire)
      .def("unhire", &Worker::unhire)
      .def("serve", &Worker::serve, py::arg("bodies"), py::arg("describe"), py::arg("spawn"))
      .def("complete", &Worker::complete, py::arg("ended"))
      .def("close", &Worker::close)
      .def("wait_idle", &Worker::wait_idle, py::arg("timeout_ns"))
      .def("join", &Worker::join, py::arg("timeout_ns"));
  module.def("current_task", &current_task);
}

}  // namespace tenuto::python
