#include "feed/energy_charts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/carbon/utc_text.hpp"
#include "feed/json.hpp"
#include "feed/provider_parts.hpp"
#include "feed/reply.hpp"

namespace greenq::feed {
namespace {

namespace json = boost::json;
using core::Instant;
using core::Span;

constexpr std::chrono::days kChartsReach{14};

core::SignalSource charts_source(std::string zone, std::string const& country) {
  return {std::move(zone),
          core::SignalKind::kAverage,
          core::SignalBasis::kUnknown,
          "energy_charts",
          "Energy-Charts, country " + country + ", average",
          "Energy-Charts / Fraunhofer ISE, https://www.energy-charts.info, CC BY 4.0"};
}

core::Result<std::vector<Instant>> charts_times(json::value const& reply) {
  json::array const* seconds = array_member(reply, "unix_seconds");
  if (seconds == nullptr) return bad_reply("`unix_seconds` is not a list");
  std::vector<Instant> times;
  for (json::value const& second : *seconds) {
    auto const number = number_of(second);
    if (!number || *number < 0 || *number > 1e10 || std::floor(*number) != *number) {
      return bad_reply("`unix_seconds` has an entry that is no time");
    }
    Instant const time = core::from_ms(static_cast<std::int64_t>(*number) * 1000);
    if (!times.empty() && time <= times.back()) {
      return bad_reply("the entry at " + core::utc_text(time) + " is out of order or appears twice");
    }
    times.push_back(time);
  }
  return times;
}

core::Result<Span> charts_step(std::vector<Instant> const& times) {
  if (times.size() < 2) return no_data("it has too few times to know their step");
  Span step = times[1] - times[0];
  for (std::size_t i = 2; i < times.size(); ++i) step = std::min(step, times[i] - times[i - 1]);
  if (step != std::chrono::minutes{15} && step != std::chrono::minutes{30} && step != std::chrono::hours{1}) {
    return bad_reply("its step is not 15, 30 or 60 minutes");
  }
  for (Instant const time : times) {
    if (time.time_since_epoch() % step != Span{0}) {
      return bad_reply("the entry at " + core::utc_text(time) + " is off the step of the others");
    }
  }
  return step;
}

// One of the lists of figures: absent or null is a list without figures.
core::Result<std::vector<std::optional<core::Intensity>>> charts_figures(json::value const& reply,
                                                                         char const* key,
                                                                         std::vector<Instant> const& times) {
  std::vector<std::optional<core::Intensity>> figures(times.size());
  json::value const* value = member(reply, key);
  if (value == nullptr || value->is_null()) return figures;
  json::array const* list = value->if_array();
  if (list == nullptr) return bad_reply(std::string("`") + key + "` is not a list");
  if (list->size() != times.size())
    return bad_reply(std::string("`") + key + "` has another length than the times");
  for (std::size_t i = 0; i < times.size(); ++i) {
    std::string const where = std::string("`") + key + "` at " + core::utc_text(times[i]);
    auto const read = figure(&(*list)[i], 1, core::SignalKind::kAverage, where);
    if (!read) return tl::unexpected(read.error());
    figures[i] = *read;
  }
  return figures;
}

core::Result<std::vector<core::IntensityPoint>> read_charts_body(std::string const& body, Instant now) {
  auto const reply = object_of(body);
  if (!reply) return tl::unexpected(reply.error());
  if (member(*reply, "unix_seconds") == nullptr) return no_data("`unix_seconds` is absent");
  auto const times = charts_times(*reply);
  if (!times) return tl::unexpected(times.error());
  auto const actual = charts_figures(*reply, "co2eq", *times);
  if (!actual) return tl::unexpected(actual.error());
  auto const forecast = charts_figures(*reply, "co2eq_forecast", *times);
  if (!forecast) return tl::unexpected(forecast.error());
  auto const step = charts_step(*times);
  if (!step) return tl::unexpected(step.error());
  std::vector<core::IntensityPoint> points;
  for (std::size_t i = 0; i < times->size(); ++i) {
    core::Interval const at{(*times)[i], (*times)[i] + *step};
    if (at.end <= now) {
      if ((*actual)[i]) points.push_back({at, *(*actual)[i], core::PointState::kActual});
    } else if ((*forecast)[i]) {
      points.push_back({at, *(*forecast)[i], core::PointState::kForecast});
    } else if ((*actual)[i] && at.begin <= now) {
      points.push_back({at, *(*actual)[i], core::PointState::kEstimated});
    }
  }
  return points;
}

}  // namespace

std::optional<std::string> energy_charts_region(std::string_view zone) {
  static constexpr std::array<std::string_view, 41> kCountries{
      "AL", "AM", "AT", "AZ", "BA", "BE", "BG", "BY", "CH", "CY", "CZ", "DE", "DK", "EE",
      "ES", "FI", "FR", "GE", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MD", "ME",
      "MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE", "SI", "SK", "UA", "XK"};
  if (zone == "GB") return "uk";
  if (std::find(kCountries.begin(), kCountries.end(), zone) == kCountries.end()) return std::nullopt;
  std::string country;
  for (char const c : zone) country += static_cast<char>(c - 'A' + 'a');
  return country;
}

std::vector<Ask> energy_charts_asks(std::string const& base_url, std::string const& country,
                                    PollMoment const& moment) {
  std::string const address = base_url + "/co2eq?country=" + country;
  std::vector<Ask> asks{{address}};
  auto const today = std::chrono::floor<std::chrono::days>(moment.now);
  if (moment.known_until < today) {
    auto const from =
        std::max(std::chrono::floor<std::chrono::days>(moment.known_until), today - kChartsReach);
    auto const date = [](std::chrono::sys_days day) { return core::utc_text(Instant{day}).substr(0, 10); };
    asks.push_back(
        {address + "&start=" + date(from) + "&end=" + date(today - std::chrono::days{1}), true, true});
  }
  return asks;
}

core::Result<core::Signal> read_energy_charts(std::vector<std::string> const& bodies, std::string const& zone,
                                              std::string const& country, Instant now) {
  core::Signal signal;
  signal.source = charts_source(zone, country);
  signal.issued_at = now;
  signal.received_at = now;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    if (i > 0 && bodies[i].empty()) continue;
    auto const points = read_charts_body(bodies[i], now);
    if (!points && i > 0 && points.error().reason == "NO_DATA") continue;
    if (!points) return tl::unexpected(points.error());
    signal.points = join(signal.points, *points);
  }
  if (signal.points.empty()) return no_data("no entry has a figure");
  return signal;
}

std::string energy_charts_deprecation(std::vector<std::string> const& bodies) {
  for (std::string const& body : bodies) {
    auto const reply = parse_json(body);
    json::value const* deprecated = reply ? member(*reply, "deprecated") : nullptr;
    if (deprecated == nullptr || *deprecated != true) continue;
    return "Energy-Charts calls this address deprecated, so it may end; look for a newer version of GreenQ, "
           "or choose another provider";
  }
  return {};
}

core::Result<Provider> energy_charts_provider(FeedConfig const& config) {
  if (auto const problem = not_average(config)) return bad_feed(*problem);
  auto const country =
      config.region.empty() ? energy_charts_region(config.zone) : std::optional(config.region);
  if (!country || !plain_name(*country)) {
    return bad_feed(
        "energy_charts has no figure for zone " + config.zone +
        "; set `region` to the country code that it uses, such as de, or choose another provider");
  }
  Provider provider = provider_of(charts_source(config.zone, *country), config);
  std::string const base = base_url_of(config, kEnergyChartsBaseUrl);
  provider.asks = [base, country = *country](PollMoment const& moment) {
    return energy_charts_asks(base, country, moment);
  };
  provider.read = [zone = config.zone, country = *country](auto const& bodies, Instant now) {
    return read_energy_charts(bodies, zone, country, now);
  };
  provider.deprecation = energy_charts_deprecation;
  provider.refused = [country = *country](int status, std::string const&) -> std::optional<Refusal> {
    if (status != 400 && status != 404 && status != 422) return std::nullopt;
    return Refusal{"Energy-Charts has no figures for country " + country +
                       "; set `region` to a code that it knows, such as de, or choose another provider",
                   true};
  };
  provider.poll.interval = std::chrono::minutes{60};
  provider.poll.jitter = std::chrono::minutes{10};
  provider.poll.window_begin = std::chrono::minutes{5};
  provider.poll.window_length = std::chrono::minutes{35};
  return provider;
}

}  // namespace greenq::feed
