#include "capi/src/handles.h"

using namespace tenuto;
using namespace tenuto::capi;

namespace {

Progress progress_of(tenuto_progress call, void* user_data) {
  if (call == nullptr) return {};
  return [call, user_data](std::uint64_t done, std::uint64_t total) { call(user_data, done, total); };
}

// Calls `work(path)` and gives its text out.
template <class Work>
tenuto_status care_for(const char* path, size_t path_size, const char* name, tenuto_buffer** out,
                       Work&& work) {
  return guard([&]() -> Status {
    if (out == nullptr) return invalid("out_json is NULL");
    *out = nullptr;
    std::string_view where;
    TN_TRY(text_argument(path, path_size, name, where));
    TN_ASSIGN(Bytes text, work(std::string(where)));
    return give(std::move(text), out);
  });
}

}  // namespace

extern "C" {

tenuto_status tenuto_engine_backup(tenuto_engine* engine, const char* target, size_t target_size,
                                   tenuto_progress progress, void* user_data, tenuto_buffer** out_json) {
  return care_for(target, target_size, "target", out_json, [&](const std::string& where) -> Result<Bytes> {
    TN_TRY(check_engine(engine));
    return engine->engine->back_up(where, progress_of(progress, user_data));
  });
}

tenuto_status tenuto_store_restore(const char* backup, size_t backup_size, const char* path, size_t path_size,
                                   tenuto_progress progress, void* user_data, tenuto_buffer** out_json) {
  return care_for(backup, backup_size, "backup", out_json, [&](const std::string& from) -> Result<Bytes> {
    std::string_view where;
    TN_TRY(text_argument(path, path_size, "path", where));
    return restore_store(from, std::string(where), progress_of(progress, user_data));
  });
}

tenuto_status tenuto_backup_check(const char* backup, size_t backup_size, tenuto_progress progress,
                                  void* user_data, tenuto_buffer** out_json) {
  return care_for(backup, backup_size, "backup", out_json, [&](const std::string& from) {
    return check_store_backup(from, progress_of(progress, user_data));
  });
}

tenuto_status tenuto_store_compact(const char* path, size_t path_size, tenuto_progress progress,
                                   void* user_data, tenuto_buffer** out_json) {
  return care_for(path, path_size, "path", out_json, [&](const std::string& where) {
    return compact_store(where, progress_of(progress, user_data));
  });
}

tenuto_status tenuto_engine_prune(tenuto_engine* engine, const char* query, size_t query_size,
                                  tenuto_buffer** out_json) {
  return care_for(query, query_size, "query", out_json, [&](const std::string& text) -> Result<Bytes> {
    TN_TRY(check_engine(engine));
    return engine->engine->prune(text);
  });
}

}  // extern "C"
