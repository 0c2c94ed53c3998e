#include <array>
#include <cctype>

#include "capi/src/handles.h"

using tenuto::Code;
using tenuto::Status;

namespace tenuto::capi {

std::string& last_error() {
  thread_local std::string text;
  return text;
}

tenuto_status report(const Status& status) {
  if (status.ok()) {
    last_error().clear();
  } else if (status.message().empty()) {
    last_error() = code_text(status.code());
  } else {
    last_error() = status.message();
  }
  return static_cast<tenuto_status>(status.code());
}

Status check_engine(const tenuto_engine* engine) {
  TN_TRY(check_live(engine, Tag::engine, "engine"));
  if (engine->closed) return {Code::closed, "the engine is closed; open it again"};
  return {};
}

Status text_argument(const char* data, size_t size, const char* name, std::string_view& out) {
  if (data == nullptr && size != 0) return invalid(std::string(name) + " is NULL but has a length");
  out = data == nullptr ? std::string_view() : std::string_view(data, size);
  return {};
}

Status give(Bytes text, tenuto_buffer** out, ContentType type) {
  auto buffer = std::make_unique<tenuto_buffer>();
  buffer->text = std::move(text);
  buffer->content_type = type;
  *out = buffer.release();
  return {};
}

}  // namespace tenuto::capi

namespace {

struct StatusName {
  Code code;
  const char* name;
  const char* text;
};

// The C names are the core's in capitals; the constants of tenuto.h are held against this table by a test.
constexpr StatusName kNames[] = {
#define TN_ROW(name, number, text) {Code::name, #name, text},
    TN_STATUS_TABLE(TN_ROW)
#undef TN_ROW
};

const std::array<std::string, std::size(kNames)>& capital_names() {
  static const auto names = [] {
    std::array<std::string, std::size(kNames)> all;
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (const char* c = kNames[i].name; *c != '\0'; ++c) {
        all[i].push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(*c))));
      }
    }
    return all;
  }();
  return names;
}

}  // namespace

extern "C" {

const char* tenuto_version(void) {
  return TENUTO_VERSION;
}

int32_t tenuto_abi_version(void) {
  return TENUTO_ABI_VERSION;
}

const char* tenuto_status_name(tenuto_status status) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (static_cast<tenuto_status>(kNames[i].code) == status) return capital_names()[i].c_str();
  }
  return "UNKNOWN";
}

const char* tenuto_status_text(tenuto_status status) {
  for (const StatusName& row : kNames) {
    if (static_cast<tenuto_status>(row.code) == status) return row.text;
  }
  return "unknown status";
}

const char* tenuto_last_error(void) {
  return tenuto::capi::last_error().c_str();
}

const char* tenuto_buffer_data(const tenuto_buffer* buffer, size_t* out_size) {
  if (out_size != nullptr) *out_size = buffer == nullptr ? 0 : buffer->text.size();
  return buffer == nullptr ? "" : buffer->text.c_str();
}

int32_t tenuto_buffer_content_type(const tenuto_buffer* buffer) {
  return buffer == nullptr ? 0 : static_cast<int32_t>(buffer->content_type);
}

void tenuto_buffer_destroy(tenuto_buffer** buffer) {
  tenuto::capi::destroy(buffer, tenuto::capi::Tag::buffer);
}

}  // extern "C"
