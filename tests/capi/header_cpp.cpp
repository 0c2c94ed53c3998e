// The header alone, in C++11.
#include "tenuto/tenuto.h"

int main() {
  return tenuto_abi_version() == TENUTO_ABI_VERSION ? 0 : 1;
}
