#include "feed/neso.hpp"

#include <map>

#include "core/carbon/utc_text.hpp"
#include "feed/json.hpp"
#include "feed/text.hpp"
#include "feed/time_text.hpp"

namespace greenq::feed {
namespace {

namespace json = boost::json;
using core::Instant;
using core::Span;

constexpr Span kStep{std::chrono::minutes{30}};

struct Period {
  Instant begin{};
  std::optional<core::Intensity> forecast;
  std::optional<core::Intensity> actual;
};

tl::unexpected<core::Error> bad(std::string const& what) {
  return core::fail(core::ErrorCode::kInvalidArgument, "BAD_REPLY", "the reply is rejected: " + what);
}
tl::unexpected<core::Error> no_data(std::string const& what) {
  return core::fail(core::ErrorCode::kUnavailable, "NO_DATA", "the reply holds no data: " + what);
}

json::value const* member(json::value const& value, char const* key) {
  auto const* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

std::optional<Instant> time_member(json::value const& value, char const* key) {
  auto const* text = member(value, key);
  if (text == nullptr || !text->is_string()) return std::nullopt;
  return parse_time({text->get_string().data(), text->get_string().size()});
}

// Absent, null and 0 are all "missing"; a wrong type or a value out of bounds is an error.
core::Result<std::optional<core::Intensity>> figure(json::value const& intensity, char const* key,
                                                    std::string const& where) {
  json::value const* value = member(intensity, key);
  if (value == nullptr || value->is_null()) return std::optional<core::Intensity>{};
  auto const number = number_of(*value);
  if (!number) return bad(where + " has a `" + key + "` that is not a number");
  auto const grams = from_grams(*number);
  if (!grams || grams->value < 0 || grams->value > 1'500'000) {
    return bad(where + " has a `" + key + "` outside 0..1500 g/kWh");
  }
  if (grams->value == 0) return std::optional<core::Intensity>{};
  return grams;
}

core::Result<Period> read_period(json::value const& entry) {
  auto const begin = time_member(entry, "from");
  auto const end = time_member(entry, "to");
  if (!begin || !end) return bad("an entry has no readable `from` and `to`");
  std::string const where = "the entry at " + core::utc_text(*begin);
  if (*end - *begin != kStep || begin->time_since_epoch() % kStep != Span{0}) {
    return bad(where + " is not a half hour");
  }
  json::value const* intensity = member(entry, "intensity");
  if (intensity == nullptr || !intensity->is_object()) return bad(where + " has no `intensity`");
  auto const forecast = figure(*intensity, "forecast", where);
  if (!forecast) return tl::unexpected(forecast.error());
  auto const actual = figure(*intensity, "actual", where);
  if (!actual) return tl::unexpected(actual.error());
  return Period{*begin, *forecast, *actual};
}

// `data` is a list of periods; some replies wrap the list once more in an object, alone or in a list.
json::array const* period_list(json::value const& data) {
  if (auto const* inner = member(data, "data")) return inner->if_array();
  auto const* list = data.if_array();
  if (list != nullptr && list->size() == 1) {
    if (auto const* inner = member(list->front(), "data")) return inner->if_array();
  }
  return list;
}

core::Result<std::vector<Period>> read_body(std::string const& body) {
  auto const parsed = parse_json(body);
  if (!parsed) return tl::unexpected(parsed.error());
  if (!parsed->is_object()) return bad("it is not an object");
  if (json::value const* error = member(*parsed, "error")) {
    json::value const* message = member(*error, "message");
    bool const text = message != nullptr && message->is_string();
    return no_data(text ? std::string(message->get_string().subview(0, 200)) : "an error object");
  }
  json::value const* data = member(*parsed, "data");
  if (data == nullptr) return no_data("`data` is absent");
  json::array const* list = period_list(*data);
  if (list == nullptr) return bad("`data` is not a list");
  if (list->empty()) return no_data("`data` is empty");
  std::vector<Period> periods;
  for (json::value const& entry : *list) {
    auto const period = read_period(entry);
    if (!period) return tl::unexpected(period.error());
    if (!periods.empty() && period->begin <= periods.back().begin) {
      return bad("the entry at " + core::utc_text(period->begin) + " is out of order or appears twice");
    }
    periods.push_back(*period);
  }
  return periods;
}

core::SignalSource neso_source() {
  return {"GB",
          core::SignalKind::kAverage,
          core::SignalBasis::kDirect,
          "neso",
          "NESO Carbon Intensity, Great Britain, average",
          "National Energy System Operator (NESO) Carbon Intensity API, CC BY 4.0"};
}

}  // namespace

std::vector<std::string> neso_urls(std::string const& base_url, Instant now) {
  Instant const half_hour{now.time_since_epoch() - now.time_since_epoch() % kStep};
  std::string const from = core::utc_text(half_hour + std::chrono::minutes{1});
  return {base_url + "/intensity/" + from + "/fw48h", base_url + "/intensity/" + from + "/pt24h"};
}

core::Result<core::Signal> read_neso(std::vector<std::string> const& bodies, Instant now) {
  std::map<Instant, core::IntensityPoint> points;
  for (std::string const& body : bodies) {
    auto const periods = read_body(body);
    if (!periods) return tl::unexpected(periods.error());
    for (Period const& period : *periods) {
      core::Interval const at{period.begin, period.begin + kStep};
      if (at.end <= now && period.actual) {
        points.insert_or_assign(at.begin,
                                core::IntensityPoint{at, *period.actual, core::PointState::kActual});
      } else if (at.end > now && period.forecast) {
        points.try_emplace(at.begin, core::IntensityPoint{at, *period.forecast, core::PointState::kForecast});
      }
    }
  }
  core::Signal signal;
  signal.source = neso_source();
  signal.issued_at = now;
  signal.received_at = now;
  for (auto const& [begin, point] : points) signal.points.push_back(point);
  if (signal.points.empty()) return no_data("no entry has a figure");
  return signal;
}

core::Result<Provider> neso_provider(FeedConfig const& config) {
  if (config.zone != "GB") {
    return core::fail(core::ErrorCode::kInvalidArgument, "BAD_FEED",
                      "the neso feed covers zone GB only, not " + config.zone + "; choose another provider");
  }
  std::string base = config.base_url.empty() ? kNesoBaseUrl : config.base_url;
  while (base.ends_with('/')) base.pop_back();
  Provider provider;
  provider.source = neso_source();
  provider.urls = [base](Instant now) { return neso_urls(base, now); };
  provider.read = read_neso;
  provider.request.ca_file = config.ca_file;
  return provider;
}

}  // namespace greenq::feed
