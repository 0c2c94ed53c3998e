// The structs behind the opaque handles, checked casts, and guard(): the one exception barrier.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/bytes.h"
#include "core/base/fork_guard.h"
#include "core/base/status.h"
#include "core/engine/engine.h"
#include "core/payload/payload.h"
#include "core/plan/plan.h"
#include "tenuto/tenuto.h"

// Every handle begins with a tag, so that a wrong or a freed one is an error in nearly all cases and not a crash.
namespace tenuto::capi {
enum class Tag : std::uint32_t {
  freed = 0xDEADDEAD,
  engine = 0x54454E01,
  workflow = 0x54454E02,
  run = 0x54454E03,
  worker = 0x54454E04,
  batch = 0x54454E05,
  buffer = 0x54454E06,
};
}  // namespace tenuto::capi

struct tenuto_engine {
  tenuto::capi::Tag tag = tenuto::capi::Tag::engine;
  std::uint32_t fork_mark = tenuto::fork_guard::mark();
  std::shared_ptr<tenuto::Engine> engine;
  std::atomic<bool> closed{false};  // through this handle
};

struct tenuto_workflow {
  explicit tenuto_workflow(tenuto::PlanRef of) : plan(std::move(of)) {}
  tenuto::capi::Tag tag = tenuto::capi::Tag::workflow;
  tenuto::PlanRef plan;
  // Written by the first who asks: the hash of a large plan takes its time.
  mutable std::once_flag hash_asked;
  mutable std::string hash_text;
};

struct tenuto_run {
  tenuto::capi::Tag tag = tenuto::capi::Tag::run;
  std::uint32_t fork_mark = tenuto::fork_guard::mark();
  std::shared_ptr<tenuto::Engine> engine;
  tenuto::RunName name;
};

struct tenuto_worker {
  tenuto::capi::Tag tag = tenuto::capi::Tag::worker;
  std::uint32_t fork_mark = tenuto::fork_guard::mark();
  std::shared_ptr<tenuto::Engine> engine;
  std::shared_ptr<tenuto::PoolWorker> worker;
};

struct tenuto_buffer {
  tenuto::capi::Tag tag = tenuto::capi::Tag::buffer;
  tenuto::ContentType content_type = tenuto::ContentType::json;
  std::string text;
};

namespace tenuto::capi {

// What went wrong last in this thread; guard() sets or clears it in every call.
std::string& last_error();

tenuto_status report(const Status& status);

// Runs the body of an entry point: catches everything, and leaves the thread's last error as its status says.
template <class Body>
tenuto_status guard(Body&& body) noexcept {
  try {
    return report(std::forward<Body>(body)());
  } catch (const fork_guard::CameBack&) {
    return report({Code::forked, "this process was forked in a task's body; open the store again in it"});
  } catch (const std::bad_alloc&) {
    try {
      last_error() = "out of memory";
    } catch (...) {  // the old text stays: there is no memory for a new one
    }
    return TENUTO_STATUS_NO_MEMORY;
  } catch (const std::exception& error) {
    try {
      last_error() = std::string("internal error: ") + error.what();
    } catch (...) {
    }
    return TENUTO_STATUS_INTERNAL_ERROR;
  } catch (...) {
    return TENUTO_STATUS_INTERNAL_ERROR;
  }
}

inline Status invalid(std::string text) {
  return {Code::invalid_argument, std::move(text)};
}

// Ok if `handle` is what its type says.
template <class Handle>
Status check_handle(const Handle* handle, Tag tag, const char* name) {
  if (handle == nullptr) return invalid(std::string(name) + " is NULL");
  if (handle->tag == tag) return {};
  return invalid(std::string(name) +
                 (handle->tag == Tag::freed ? " was destroyed already" : " is not such a handle"));
}

// The same for handles of an engine, which a forked child must not use.
template <class Handle>
Status check_live(const Handle* handle, Tag tag, const char* name) {
  TN_TRY(check_handle(handle, tag, name));
  if (!fork_guard::is_forked_child(handle->fork_mark)) return {};
  return {Code::forked,
          std::string(name) + " belongs to the parent process; open the store again in this one"};
}

Status check_engine(const tenuto_engine* engine);

// A text argument as given: pointer and length.
Status text_argument(const char* data, size_t size, const char* name, std::string_view& out);

// Destroys `*handle` and sets the caller's pointer to NULL. In a forked child the parent's objects are only forgotten.
template <class Handle>
void destroy(Handle** handle, Tag tag) noexcept {
  if (handle == nullptr || *handle == nullptr) return;
  Handle* object = *handle;
  *handle = nullptr;
  if (object->tag != tag) return;
  if constexpr (requires { object->fork_mark; }) {
    if (fork_guard::is_forked_child(object->fork_mark)) return;
  }
  object->tag = Tag::freed;
  delete object;
}

// Makes an owned buffer of `text`.
Status give(Bytes text, tenuto_buffer** out, ContentType type = ContentType::json);

// No struct of the header will ever be longer.
inline constexpr std::size_t kStructBytesMax = 4096;

// Reads a struct that may be shorter (an older header) or longer (a newer one) than ours: what is missing keeps its
// default, what is unknown must be zero.
template <class Options>
Status read_options(const Options* given, const Options& defaults, const char* name, Options& out) {
  out = defaults;
  if (given == nullptr) return {};
  const std::size_t size = given->struct_size;
  if (size < sizeof(std::uint32_t) || size > kStructBytesMax) {
    return invalid(std::string(name) + ".struct_size is not set; initialise it with its _INIT macro");
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (std::size_t i = sizeof(Options); i < size; ++i) {
    if (bytes[i] != 0) {
      return {Code::version_mismatch, std::string(name) + " uses a field that this library does not know"};
    }
  }
  std::memcpy(static_cast<void*>(&out), given, std::min(size, sizeof(Options)));
  out.struct_size = sizeof(Options);
  return {};
}

}  // namespace tenuto::capi
