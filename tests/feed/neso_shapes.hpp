// Replies in the documented shape of the NESO API.
#pragma once

#include <string>
#include <vector>

#include "core/carbon/utc_text.hpp"

namespace greenq::test {

// `forecast` and `actual` as they stand in the JSON text.
inline std::string neso_period(core::Instant from, std::string const& forecast, std::string const& actual) {
  return R"({"from":")" + core::utc_text(from) + R"(","to":")" +
         core::utc_text(from + std::chrono::minutes{30}) + R"(","intensity":{"forecast":)" + forecast +
         R"(,"actual":)" + actual + R"(,"index":"moderate"}})";
}

inline std::string neso_list(std::vector<std::string> const& periods) {
  std::string text = R"({"data":[)";
  for (std::string const& period : periods) text += (text.back() == '[' ? "" : ",") + period;
  return text + "]}";
}

}  // namespace greenq::test
