// What the readers of provider replies share: refusals in words, careful access to JSON, units, figures.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/carbon/signal.hpp"
#include "core/result.hpp"

namespace greenq::feed {

// BAD_REPLY: something in it is wrong, so nothing of it is used.
tl::unexpected<core::Error> bad_reply(std::string const& what);
// NO_DATA: well-formed, but there is nothing to use.
tl::unexpected<core::Error> no_data(std::string const& what);

// Null pointer or nothing when `value` is no object, the key is absent or the type is another.
boost::json::value const* member(boost::json::value const& value, std::string_view key);
boost::json::array const* array_member(boost::json::value const& value, std::string_view key);
std::optional<std::string> text_member(boost::json::value const& value, std::string_view key);
std::optional<core::Instant> time_member(boost::json::value const& value, std::string_view key);

// What a stated unit is worth in g/kWh: "lbs_co2_per_mwh", "lb/MWh", "kg/kWh CO2", "gCO2eq/kWh", … Letter
// case, blanks and underscores do not matter. Nothing when it is not one of them.
std::optional<double> grams_per_kwh(std::string_view unit);

// A number, or a numeric string when `strings`, times `factor`. Null and absent are nothing, an average of 0
// too; a wrong type or a figure outside the bounds of its kind (feeds.md section 5) is BAD_REPLY. `where`
// names the entry.
core::Result<std::optional<core::Intensity>> figure(boost::json::value const* value, double factor,
                                                    core::SignalKind kind, std::string const& where,
                                                    bool strings = false);

struct Sample {
  core::Instant begin{};
  core::Intensity value;
};

// Points of one step each. BAD_REPLY when begins are not strictly increasing or not on a common grid of
// `step`. Those that end by `split` are kActual, the others kForecast.
core::Result<std::vector<core::IntensityPoint>> lay_out(std::vector<Sample> const& samples, core::Span step,
                                                        core::Instant split);
// The smallest distance between neighbours; nothing with fewer than two.
std::optional<core::Span> step_of(std::vector<Sample> const& samples);

// The points, with actuals where those know better: an actual replaces what overlaps it. Both
// ordered.
std::vector<core::IntensityPoint> join(std::vector<core::IntensityPoint> const& actuals,
                                       std::vector<core::IntensityPoint> const& forecast);

}  // namespace greenq::feed
