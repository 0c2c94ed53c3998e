#include "core/base/status.h"

namespace tenuto {

std::string_view code_name(Code code) {
  switch (code) {
#define TN_STATUS_NAME(name, number, text) \
  case Code::name:                         \
    return #name;
    TN_STATUS_TABLE(TN_STATUS_NAME)
#undef TN_STATUS_NAME
  }
  return "unknown";
}

std::string_view code_text(Code code) {
  switch (code) {
#define TN_STATUS_TEXT(name, number, text) \
  case Code::name:                         \
    return text;
    TN_STATUS_TABLE(TN_STATUS_TEXT)
#undef TN_STATUS_TEXT
  }
  return "unknown status";
}

}  // namespace tenuto
