// Any bytes as replies of the marginal feeds: what is accepted keeps the bounds of a signal. The first byte
// chooses the reader; a line feed parts the bodies.
#include "core/check.hpp"
#include "feed/casdk.hpp"
#include "feed/midas.hpp"
#include "feed/sgip.hpp"
#include "feed/watttime.hpp"

namespace {

using greenq::core::SignalKind;
namespace feed = greenq::feed;

greenq::core::Result<greenq::core::Signal> read(char reader, std::vector<std::string> const& bodies) {
  auto const now = greenq::core::from_ms(1'772'359'920'000);  // 2026-03-01T10:12Z
  switch (reader) {
    case 'w':
      return feed::read_watttime(bodies, {"US-CAL-CISO", "CAISO_NORTH", SignalKind::kMarginal}, now);
    case 'a':
      return feed::read_watttime(bodies, {"US-CAL-CISO", "CAISO_NORTH", SignalKind::kAverage}, now);
    case 'r':
      return feed::read_watttime(bodies, {"US-NW-PSCO", "PSCO", SignalKind::kRelative}, now);
    case 's':
      return feed::read_sgip(bodies, {"US-CAL-CISO", "SGIP_CAISO_PGE"}, now);
    case 'm':
      return feed::read_midas(bodies, {"US-CAL-CISO", "USCA-SGIP-MOER-PGE"}, now);
    default:
      return feed::read_casdk(
          bodies, {"IE", "northeurope", SignalKind::kMarginal, greenq::core::SignalBasis::kUnknown}, now);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest{reinterpret_cast<char const*>(data) + 1, size - 1};
  std::vector<std::string> bodies;
  auto const end = rest.find('\n');
  bodies.emplace_back(rest.substr(0, end));
  if (end != std::string_view::npos) bodies.emplace_back(rest.substr(end + 1));
  auto const signal = read(static_cast<char>(data[0]), bodies);
  if (signal) GREENQ_CHECK(!greenq::core::problem_of(*signal));
  for (int const status : {400, 403, 410, 422}) {
    feed::refused_by_watttime(status, bodies[0], {"US-CAL-CISO", "CAISO_NORTH", SignalKind::kMarginal});
    feed::refused_by_sgip(status, bodies[0], {"US-CAL-CISO", "SGIP_CAISO_PGE"});
    feed::refused_by_midas(status, bodies[0], {"US-CAL-CISO", "USCA-SGIP-MOER-PGE"});
    feed::refused_by_casdk(status, bodies[0], {"IE", "northeurope"});
  }
  return 0;
}
