// JSON of strangers, read strictly: depth at most 32, at most 200,000 values, no duplicate keys, finite
// numbers only (Boost.JSON itself turns 1e999 into infinity and lets the last duplicate win).
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string_view>

#include "core/result.hpp"

namespace greenq::feed {

core::Result<boost::json::value> parse_json(std::string_view text);
// A number of any JSON form; nothing for other types.
std::optional<double> number_of(boost::json::value const& value);

}  // namespace greenq::feed
