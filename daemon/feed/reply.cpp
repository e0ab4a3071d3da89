#include "feed/reply.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/carbon/utc_text.hpp"
#include "feed/json.hpp"
#include "feed/text.hpp"
#include "feed/time_text.hpp"

namespace greenq::feed {
namespace {

namespace json = boost::json;

constexpr double kPoundsPerMwh = 0.45359237;  // international pound, in g/kWh

}  // namespace

tl::unexpected<core::Error> bad_reply(std::string const& what) {
  return core::fail(core::ErrorCode::kInvalidArgument, "BAD_REPLY", "the reply is rejected: " + what);
}

tl::unexpected<core::Error> no_data(std::string const& what) {
  return core::fail(core::ErrorCode::kUnavailable, "NO_DATA", "the reply holds no data: " + what);
}

json::value const* member(json::value const& value, std::string_view key) {
  auto const* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains({key.data(), key.size()});
}

json::array const* array_member(json::value const& value, std::string_view key) {
  auto const* found = member(value, key);
  return found == nullptr ? nullptr : found->if_array();
}

std::optional<std::string> text_member(json::value const& value, std::string_view key) {
  auto const* text = member(value, key);
  if (text == nullptr || !text->is_string()) return std::nullopt;
  return std::string(text->get_string().data(), text->get_string().size());
}

std::optional<core::Instant> time_member(json::value const& value, std::string_view key) {
  auto const text = text_member(value, key);
  return text ? parse_time(*text) : std::nullopt;
}

std::optional<double> grams_per_kwh(std::string_view unit) {
  std::string plain;
  for (char const c : unit) {
    if (c == ' ' || c == '_' || c == '.') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  for (std::string_view const gas : {"co2eq", "co2e", "co2"}) {
    if (auto const at = plain.find(gas); at != std::string::npos) plain.erase(at, gas.size());
  }
  static constexpr std::array<std::pair<std::string_view, double>, 9> kUnits{{{"g/kwh", 1.0},
                                                                              {"gperkwh", 1.0},
                                                                              {"kg/mwh", 1.0},
                                                                              {"kg/kwh", 1000.0},
                                                                              {"kgperkwh", 1000.0},
                                                                              {"lb/mwh", kPoundsPerMwh},
                                                                              {"lbs/mwh", kPoundsPerMwh},
                                                                              {"lbpermwh", kPoundsPerMwh},
                                                                              {"lbspermwh", kPoundsPerMwh}}};
  for (auto const& [name, factor] : kUnits) {
    if (plain == name) return factor;
  }
  return std::nullopt;
}

core::Result<std::optional<core::Intensity>> figure(json::value const* value, double factor,
                                                    core::SignalKind kind, std::string const& where,
                                                    bool strings) {
  if (value == nullptr || value->is_null()) return std::optional<core::Intensity>{};
  auto number = number_of(*value);
  if (!number && strings && value->is_string()) {
    auto const& text = value->get_string();
    number = parse_number({text.data(), text.size()});
  }
  if (!number) return bad_reply(where + " has a value that is not a number");
  auto const grams = from_grams(*number * factor);
  bool const relative = kind == core::SignalKind::kRelative;
  if (!grams || grams->value < 0 || grams->value > (relative ? 100'000 : core::kMaxIntensity.value)) {
    return bad_reply(where + (relative ? " has a percentile outside 0..100" : " is outside 0..1500 g/kWh"));
  }
  if (kind == core::SignalKind::kAverage && grams->value == 0) return std::optional<core::Intensity>{};
  return grams;
}

core::Result<std::vector<core::IntensityPoint>> lay_out(std::vector<Sample> const& samples, core::Span step,
                                                        core::Instant split) {
  std::vector<core::IntensityPoint> points;
  points.reserve(samples.size());
  for (Sample const& sample : samples) {
    std::string const where = "the entry at " + core::utc_text(sample.begin);
    if (!points.empty()) {
      core::Instant const before = points.back().interval.begin;
      if (sample.begin == before) return bad_reply(where + " appears twice");
      if (sample.begin < before) return bad_reply(where + " is out of order");
      if ((sample.begin - before) % step != core::Span{0})
        return bad_reply(where + " is off the step of the others");
    }
    core::Interval const at{sample.begin, sample.begin + step};
    points.push_back(
        {at, sample.value, at.end <= split ? core::PointState::kActual : core::PointState::kForecast});
  }
  return points;
}

std::optional<core::Span> step_of(std::vector<Sample> const& samples) {
  std::optional<core::Span> step;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    auto const gap = samples[i].begin - samples[i - 1].begin;
    if (gap > core::Span{0} && (!step || gap < *step)) step = gap;
  }
  return step;
}

std::vector<core::IntensityPoint> join(std::vector<core::IntensityPoint> const& actuals,
                                       std::vector<core::IntensityPoint> const& forecast) {
  if (actuals.empty()) return forecast;
  if (forecast.empty()) return actuals;
  return core::fill_gaps(actuals, forecast, core::span_of(actuals, forecast));
}

}  // namespace greenq::feed
