// Any bytes as a reply: what is accepted keeps the bounds of a signal.
#include "feed/neso.hpp"
#include "core/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  std::string const body{reinterpret_cast<char const*>(data), size};
  auto const signal = greenq::feed::read_neso({body}, greenq::core::from_ms(1'600'000'000'000));
  if (signal) GREENQ_CHECK(!greenq::core::problem_of(*signal));
  return 0;
}
