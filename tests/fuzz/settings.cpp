// Any bytes as greenqd.yaml.
#include "app/settings.hpp"

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  (void)greenq::app::parse_settings("greenqd.yaml", {reinterpret_cast<char const*>(data), size}, {});
  return 0;
}
