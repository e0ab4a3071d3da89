// Any bytes as a reply of a provider of averages, which the first byte chooses: what is accepted keeps the
// bounds of a signal. A zero byte divides the replies of a poll.
#include "core/check.hpp"
#include "feed/eirgrid.hpp"
#include "feed/electricity_maps.hpp"
#include "feed/energinet.hpp"
#include "feed/energy_charts.hpp"
#include "feed/neso.hpp"
#include "feed/rte.hpp"
#include "feed/text.hpp"

namespace {

namespace feed = greenq::feed;
using greenq::core::Instant;
using greenq::core::Signal;

greenq::core::Result<Signal> read(char choice, std::vector<std::string> const& bodies, Instant now) {
  switch (choice) {
    case 'm':
      return feed::read_electricity_maps(bodies, {"DE", "DE"}, now);
    case 'n':
      return feed::read_neso(bodies, now);
    case 'p':
      return feed::read_neso_regional(bodies, "GB-REG-13", "13", now);
    case 'c':
      return feed::read_energy_charts(bodies, "DE", "de", now);
    case 'd':
      return feed::read_energinet(bodies, "DK-DK1", "DK1", now);
    case 'r':
      return feed::read_rte(bodies, "FR", now);
    default:
      return feed::read_eirgrid(bodies, "IE", "ROI", now);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  std::vector<std::string> bodies;
  for (std::string_view const body : feed::split(text.substr(1), '\0')) bodies.emplace_back(body);
  auto const signal =
      read(text[0], bodies, greenq::core::from_ms(1'600'000'000'000));  // 2020-09-13T12:26:40Z
  if (signal) GREENQ_CHECK(!greenq::core::problem_of(*signal));
  static_cast<void>(feed::neso_region(text));
  static_cast<void>(feed::electricity_maps_region(text));
  static_cast<void>(feed::refused_by_electricity_maps(404, std::string(text), {"DE", "DE"}));
  return 0;
}
