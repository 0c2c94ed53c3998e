// One call of the store's tools, for tests that kill it or let it run beside an owner.
//
// usage: care_child backup STORE TARGET | restore BACKUP STORE | check BACKUP | compact STORE | verify STORE
//                   prune STORE QUERY | runs STORE
// Prints what the library reports and "end"; of a failure its status and text, and exits with 1. `runs` prints "id state" lines.
#include <cstdio>
#include <cstring>
#include <string>

#include "tenuto/tenuto.h"

namespace {

int failed(tenuto_status status) {
  std::fprintf(stderr, "%s: %s\n", tenuto_status_name(status), tenuto_last_error());
  return 1;
}

int end(tenuto_status status, tenuto_buffer* report) {
  if (status != TENUTO_OK) return failed(status);
  std::printf("%s\nend\n", tenuto_buffer_data(report, nullptr));
  return 0;
}

std::string member(const std::string& row, const std::string& name) {
  const std::size_t begin = row.find("\"" + name + "\":\"") + name.size() + 4;
  return row.substr(begin, row.find('"', begin) - begin);
}

int print_runs(tenuto_engine* engine) {
  constexpr const char* kAll = R"({"limit": 10000000})";
  tenuto_buffer* rows = nullptr;
  const tenuto_status status = tenuto_engine_runs(engine, kAll, std::strlen(kAll), &rows);
  if (status != TENUTO_OK) return failed(status);
  const std::string text = tenuto_buffer_data(rows, nullptr);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t line_end = text.find('\n', at);
    const std::string row = text.substr(at, line_end - at);
    if (!row.empty()) std::printf("%s %s\n", member(row, "id").c_str(), member(row, "state").c_str());
    at = line_end == std::string::npos ? text.size() : line_end + 1;
  }
  std::printf("end\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string verb = argv[1];
  const std::string path = argv[2];
  const std::string other = argc > 3 ? argv[3] : "";
  tenuto_buffer* report = nullptr;
  if (verb == "restore") {
    return end(
        tenuto_store_restore(path.data(), path.size(), other.data(), other.size(), nullptr, nullptr, &report),
        report);
  }
  if (verb == "check")
    return end(tenuto_backup_check(path.data(), path.size(), nullptr, nullptr, &report), report);
  if (verb == "compact")
    return end(tenuto_store_compact(path.data(), path.size(), nullptr, nullptr, &report), report);
  if (verb == "verify") return end(tenuto_store_verify(path.data(), path.size(), &report), report);
  tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
  options.mode = verb == "prune" ? TENUTO_OPEN_AUTO : TENUTO_OPEN_CLIENT;
  options.create = 0;
  tenuto_engine* engine = nullptr;
  tenuto_status status = tenuto_engine_open(path.data(), path.size(), &options, &engine);
  if (status != TENUTO_OK) return failed(status);
  if (verb == "runs") return print_runs(engine);
  if (verb == "backup")
    status = tenuto_engine_backup(engine, other.data(), other.size(), nullptr, nullptr, &report);
  if (verb == "prune") status = tenuto_engine_prune(engine, other.data(), other.size(), &report);
  const int code = end(status, report);
  tenuto_engine_destroy(&engine);
  return code;
}
