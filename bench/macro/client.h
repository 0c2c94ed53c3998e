// The C ABI with exceptions and owners, for benchmarks: everything goes through tenuto.h, as a user's program does.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenuto/tenuto.h"

namespace tenuto::bench {

inline void check(tenuto_status status) {
  if (status != TENUTO_OK)
    throw std::runtime_error(std::string(tenuto_status_name(status)) + ": " + tenuto_last_error());
}

class Workflow {
 public:
  explicit Workflow(std::string_view definition) {
    check(tenuto_workflow_compile(definition.data(), definition.size(), &handle_));
  }
  explicit Workflow(const tenuto_graph& graph) { check(tenuto_workflow_from_graph(&graph, &handle_)); }
  ~Workflow() { tenuto_workflow_destroy(&handle_); }
  Workflow(const Workflow&) = delete;
  Workflow& operator=(const Workflow&) = delete;
  [[nodiscard]] const tenuto_workflow* get() const { return handle_; }

 private:
  tenuto_workflow* handle_ = nullptr;
};

struct StoreOptions {
  std::uint32_t threads = 0;  // 0: one per core
  std::int32_t durability = TENUTO_DURABILITY_FULL;
  std::uint64_t retention_count_max = 0;  // 0: all ended runs stay
};

class Store {
 public:
  explicit Store(const std::string& path, const StoreOptions& wanted = {}) {
    tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
    options.mode = TENUTO_OPEN_OWNER;
    options.threads = wanted.threads;
    options.durability = wanted.durability;
    options.retention_count_max = wanted.retention_count_max;
    check(tenuto_engine_open(path.data(), path.size(), &options, &engine_));
  }
  ~Store() { tenuto_engine_destroy(&engine_); }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  [[nodiscard]] tenuto_engine* get() { return engine_; }

  // An inline body. The store calls free_user_data when it is closed.
  void native(std::string_view action, tenuto_task_fn body, void* user_data = nullptr,
              void (*free_user_data)(void*) = nullptr) {
    check(tenuto_engine_register_native(engine_, action.data(), action.size(), body, TENUTO_NATIVE_INLINE,
                                        user_data, free_user_data, nullptr));
  }
  // Returns the number of the first; the others follow it without a gap. From one thread at a time.
  std::uint64_t start_many(const Workflow& workflow, std::size_t count) {
    std::uint64_t first = 0;
    if (nulls_.size() < count) nulls_.resize(count, tenuto_value{nullptr, 0, TENUTO_CONTENT_JSON});
    check(tenuto_engine_start_many(engine_, workflow.get(), nulls_.data(), count, &first));
    return first;
  }
  // Starts one run and waits for its end.
  void run_one(const Workflow& workflow) {
    tenuto_run* run = nullptr;
    check(tenuto_engine_start(engine_, workflow.get(), nullptr, &run));
    const tenuto_status status = tenuto_run_result(run, -1, nullptr);
    tenuto_run_destroy(&run);
    check(status);
  }
  void drain() { check(tenuto_engine_close(engine_, TENUTO_CLOSE_DRAIN, -1)); }

  // Bytes that the tables take.
  [[nodiscard]] double table_bytes() { return number_in_info("\"used_bytes\":"); }

 private:
  double number_in_info(const std::string& key) {
    tenuto_buffer* json = nullptr;
    check(tenuto_engine_info(engine_, &json));
    const std::string text = tenuto_buffer_data(json, nullptr);
    tenuto_buffer_destroy(&json);
    const std::size_t at = text.find(key);
    if (at == std::string::npos) throw std::runtime_error("no " + key + " in the store's info");
    return std::stod(text.substr(at + key.size()));
  }

  tenuto_engine* engine_ = nullptr;
  std::vector<tenuto_value> nulls_;
};

}  // namespace tenuto::bench
