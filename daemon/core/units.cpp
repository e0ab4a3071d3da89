#include "core/units.hpp"

#include "core/check.hpp"

namespace greenq::core {

std::int64_t divide_half_even(__int128 num, __int128 den) {
  GREENQ_CHECK(den > 0);
  __int128 quotient = num / den;
  __int128 rest = num % den;
  if (rest < 0) {
    quotient -= 1;
    rest += den;
  }
  __int128 const twice = rest * 2;
  if (twice > den || (twice == den && quotient % 2 != 0)) quotient += 1;
  return static_cast<std::int64_t>(quotient);
}

Energy energy_of(Power power, Span span) {
  return {divide_half_even(static_cast<__int128>(power.value) * span.count(), 1000)};
}

Carbon carbon_of(Energy energy, Intensity intensity) {
  return {divide_half_even(static_cast<__int128>(energy.value) * intensity.value, kMillijoulePerKwh)};
}

}  // namespace greenq::core
