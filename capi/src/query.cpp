#include "capi/src/handles.h"

using namespace tenuto;
using namespace tenuto::capi;

namespace {

// Calls `ask(engine, query)` and gives the text out.
template <class Ask>
tenuto_status answer(tenuto_engine* engine, const char* query, size_t query_size, tenuto_buffer** out,
                     Ask&& ask) {
  return guard([&]() -> Status {
    if (out == nullptr) return invalid("the output is NULL");
    *out = nullptr;
    TN_TRY(check_engine(engine));
    std::string_view text;
    TN_TRY(text_argument(query, query_size, "query", text));
    TN_ASSIGN(Bytes result, ask(*engine->engine, text));
    return give(std::move(result), out);
  });
}

}  // namespace

extern "C" {

tenuto_status tenuto_engine_runs(tenuto_engine* engine, const char* query, size_t query_size,
                                 tenuto_buffer** out_jsonl) {
  return answer(engine, query, query_size, out_jsonl,
                [](Engine& e, std::string_view q) { return e.runs(q); });
}

tenuto_status tenuto_engine_stats(tenuto_engine* engine, const char* query, size_t query_size,
                                  tenuto_buffer** out_json) {
  return answer(engine, query, query_size, out_json,
                [](Engine& e, std::string_view q) { return e.stats(q); });
}

tenuto_status tenuto_engine_info(tenuto_engine* engine, tenuto_buffer** out_json) {
  return answer(engine, nullptr, 0, out_json, [](Engine& e, std::string_view) { return e.info(); });
}

tenuto_status tenuto_store_verify(const char* path, size_t path_size, tenuto_buffer** out_json) {
  return guard([&]() -> Status {
    if (out_json == nullptr) return invalid("out_json is NULL");
    *out_json = nullptr;
    std::string_view where;
    TN_TRY(text_argument(path, path_size, "path", where));
    bool sound = false;
    TN_ASSIGN(Bytes text, verify_store(std::string(where), sound));
    TN_TRY(give(std::move(text), out_json));
    if (!sound)
      return {Code::damaged, "the store at " + std::string(where) + " is damaged; the report says where"};
    return {};
  });
}

}  // extern "C"
