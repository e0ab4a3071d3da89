#include "core/carbon/utc_text.hpp"

#include <array>
#include <cstdio>

namespace greenq::core {

std::string utc_text(Instant t) {
  auto const day = std::chrono::floor<std::chrono::days>(t);
  std::chrono::year_month_day const date{day};
  std::chrono::hh_mm_ss const time{t - day};
  std::array<char, 64> text{};
  int const year = static_cast<int>(date.year());
  auto const month = static_cast<unsigned>(date.month());
  auto const day_of_month = static_cast<unsigned>(date.day());
  auto const hour = static_cast<int>(time.hours().count());
  auto const minute = static_cast<int>(time.minutes().count());
  auto const second = static_cast<int>(time.seconds().count());
  auto const ms = static_cast<int>(time.subseconds().count());
  if (ms != 0) {
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", year, month, day_of_month,
                  hour, minute, second, ms);
  } else if (second != 0) {
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", year, month, day_of_month, hour,
                  minute, second);
  } else {
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02dZ", year, month, day_of_month, hour,
                  minute);
  }
  return text.data();
}

}  // namespace greenq::core
