#include <algorithm>

#include "capi/src/handles.h"

using namespace tenuto;
using namespace tenuto::capi;

namespace {

Status read_engine_options(const tenuto_engine_options* given, EngineOptions& out) {
  tenuto_engine_options options;
  TN_TRY(read_options(given, tenuto_engine_options TENUTO_ENGINE_OPTIONS_INIT, "options", options));
  if (options.mode < TENUTO_OPEN_AUTO || options.mode > TENUTO_OPEN_CLIENT)
    return invalid("options.mode is unknown");
  if (options.durability < TENUTO_DURABILITY_FULL || options.durability > TENUTO_DURABILITY_MEMORY) {
    return invalid("options.durability is unknown");
  }
  out.mode = static_cast<OpenMode>(options.mode);
  out.durability = static_cast<Durability>(options.durability);
  out.threads = options.threads;
  out.create = options.create != 0;
  out.retention_age_ns = options.retention_age_ns;
  out.retention_count_max = options.retention_count_max;
  return {};
}

}  // namespace

extern "C" {

tenuto_status tenuto_engine_open(const char* path, size_t path_size, const tenuto_engine_options* options,
                                 tenuto_engine** out_engine) {
  return guard([&]() -> Status {
    if (out_engine == nullptr) return invalid("out_engine is NULL");
    *out_engine = nullptr;
    std::string_view where;
    TN_TRY(text_argument(path, path_size, "path", where));
    EngineOptions read;
    TN_TRY(read_engine_options(options, read));
    auto handle = std::make_unique<tenuto_engine>();
    TN_ASSIGN(handle->engine, open_engine(std::string(where), read));
    *out_engine = handle.release();
    return {};
  });
}

tenuto_status tenuto_engine_close(tenuto_engine* engine, int32_t how, int64_t timeout_ns) {
  return guard([&]() -> Status {
    TN_TRY(check_live(engine, Tag::engine, "engine"));
    if (how != TENUTO_CLOSE_DETACH && how != TENUTO_CLOSE_DRAIN) return invalid("how is unknown");
    if (engine->closed.exchange(true)) return {};
    return close_engine(engine->engine, static_cast<CloseHow>(how), timeout_ns);
  });
}

tenuto_status tenuto_engine_drain(tenuto_engine* engine, int64_t timeout_ns) {
  return guard([&]() -> Status {
    TN_TRY(check_engine(engine));
    return engine->engine->drain(timeout_ns);
  });
}

void tenuto_engine_destroy(tenuto_engine** engine) {
  if (engine == nullptr || *engine == nullptr) return;
  if ((*engine)->tag == Tag::engine && !fork_guard::is_forked_child((*engine)->fork_mark)) {
    tenuto_engine_close(*engine, TENUTO_CLOSE_DETACH, 0);
  }
  destroy(engine, Tag::engine);
}

int32_t tenuto_engine_role(const tenuto_engine* engine) {
  if (!check_engine(engine).ok()) return 0;
  return static_cast<int32_t>(engine->engine->role());
}

}  // extern "C"
