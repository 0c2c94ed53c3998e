#include "core/store/process.h"

#include "core/store/files.h"

namespace tenuto {
namespace {

Bytes facts_of(std::int64_t pid, const char* file) {
  Result<Bytes> text = read_file(FileCalls::system(), "/proc/" + std::to_string(pid) + "/" + file, 512);
  return text.ok() ? *std::move(text) : Bytes();
}

}  // namespace

std::string process_name(std::int64_t pid) {
  const Bytes name = facts_of(pid, "comm");
  return name.substr(0, name.find('\n'));
}

std::string process_text(std::int64_t pid) {
  const std::string name = process_name(pid);
  return "process " + std::to_string(pid) + (name.empty() ? "" : " (" + name + ")");
}

// "42 (name) T …": the name may hold anything, so the state stands behind the last parenthesis.
bool is_process_stopped(std::int64_t pid) {
  const Bytes text = facts_of(pid, "stat");
  const std::size_t end = text.rfind(')');
  if (end == Bytes::npos || end + 2 >= text.size()) return false;
  const char state = text[end + 2];
  return state == 'T' || state == 't';
}

}  // namespace tenuto
