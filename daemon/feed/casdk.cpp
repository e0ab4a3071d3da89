#include "feed/casdk.hpp"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <cmath>
#include <utility>

#include "core/carbon/utc_text.hpp"
#include "feed/json.hpp"
#include "feed/provider_parts.hpp"
#include "feed/reply.hpp"
#include "feed/time_text.hpp"

namespace greenq::feed {
namespace {

namespace json = boost::json;
using core::Instant;
using core::SignalKind;
using core::Span;

constexpr Span kCasdkTick{std::chrono::minutes{5}};
constexpr Span kCasdkReach{std::chrono::hours{24 * 7}};
constexpr Span kCasdkOldest{std::chrono::hours{24 * 10}};  // an issue time before that is a placeholder

core::SignalSource casdk_source(CasdkAsk const& ask) {
  return {ask.zone,
          ask.kind,
          ask.basis,
          "casdk",
          "Carbon Aware SDK, " + ask.location + ", " + core::to_string(ask.kind) + " as configured",
          "Carbon Aware SDK of this site, under the terms of the provider behind it"};
}

struct CasdkList {
  std::vector<Sample> samples;
  std::optional<Span> step;  // what the entries say of themselves
  std::string place;         // of all entries
};

// Minutes in a forecast, "00:05:00" in observations.
std::optional<Span> casdk_duration(json::value const& value) {
  if (value.is_string()) {
    auto const& text = value.get_string();
    auto const end = parse_time("1970-01-01T" + std::string(text.data(), text.size()) + "Z");
    return end && *end > Instant{} ? std::optional(end->time_since_epoch()) : std::nullopt;
  }
  double const minutes = number_of(value).value_or(0);
  if (minutes < 1 || minutes > 1440 || minutes != std::floor(minutes)) return std::nullopt;
  return Span{static_cast<std::int64_t>(minutes) * 60'000};
}

core::Result<CasdkList> read_casdk_list(json::array const& rows, char const* time, char const* key,
                                        SignalKind kind) {
  CasdkList list;
  bool first = true;
  for (json::value const& row : rows) {
    auto const begin = time_member(row, time);
    if (!begin) return bad_reply(std::string("an entry has no readable `") + time + "`");
    std::string const where = "the entry at " + core::utc_text(*begin);
    auto const place = text_member(row, "location");
    if (!place) return bad_reply(where + " has no `location`");
    json::value const* duration = member(row, "duration");
    auto const step = duration == nullptr ? std::nullopt : casdk_duration(*duration);
    if (duration != nullptr && !step) return bad_reply(where + " has an unusable `duration`");
    if (std::exchange(first, false)) {
      list.step = step;
      list.place = *place;
    }
    if (list.place != *place || list.step != step) {
      return bad_reply(where + " differs from the others in `location` or `duration`");
    }
    auto const value = figure(member(row, key), 1.0, kind, where);
    if (!value) return tl::unexpected(value.error());
    if (*value) list.samples.push_back({*begin, **value});
  }
  // Which end comes first is not documented.
  bool const newest_first = !list.samples.empty() && list.samples.front().begin > list.samples.back().begin;
  if (newest_first) std::reverse(list.samples.begin(), list.samples.end());
  return list;
}

core::Result<std::vector<core::IntensityPoint>> casdk_points(CasdkList const& list, Span otherwise,
                                                             Instant split) {
  Span const step = list.step ? *list.step : step_of(list.samples).value_or(otherwise);
  return lay_out(list.samples, step, split);
}

core::Result<json::array> casdk_array(std::string const& body) {
  auto reply = parse_json(body);
  if (!reply) return tl::unexpected(reply.error());
  if (auto const title = text_member(*reply, "title")) return no_data(title->substr(0, 200));
  if (!reply->is_array()) return bad_reply("it is not a list");
  return std::move(reply->get_array());
}

// Title and detail of an RFC 7807 error, printable.
std::string casdk_words(std::string const& body) {
  auto const parsed = parse_json(body);
  if (!parsed) return {};
  std::string words;
  for (char const* key : {"title", "detail"}) {
    auto const text = text_member(*parsed, key);
    if (!text || text->empty()) continue;
    words += words.empty() ? " (" : ": ";
    for (char const c : text->substr(0, 200)) words += c >= ' ' && c != '\x7f' ? c : ' ';
  }
  return words.empty() ? words : words + ")";
}

core::Result<core::Signal> read_casdk_forecast(json::array const& forecasts, CasdkAsk const& ask, Instant now,
                                               std::string& place, Span& step) {
  if (forecasts.empty()) return no_data("there is no forecast");
  json::value const& forecast = forecasts.front();
  if (forecasts.size() > 1 || text_member(forecast, "location") != ask.location) {
    return bad_reply("it is not for location " + ask.location + " alone");
  }
  json::value const* rows = member(forecast, "forecastData");
  if (rows == nullptr || rows->is_null()) return no_data("`forecastData` is absent");
  if (!rows->is_array()) return bad_reply("`forecastData` is not a list");
  auto const list = read_casdk_list(rows->get_array(), "timestamp", "value", ask.kind);
  if (!list) return tl::unexpected(list.error());
  auto points = casdk_points(*list, kCasdkTick, Instant::min());
  if (!points) return tl::unexpected(points.error());
  if (points->empty()) return no_data("no entry has a figure");

  core::Signal signal;
  signal.source = casdk_source(ask);
  signal.received_at = now;
  signal.issued_at = now;
  auto const generated = time_member(forecast, "generatedAt");
  json::value const* stamp = member(forecast, "generatedAt");
  bool const said = stamp != nullptr && !stamp->is_null();
  if (said && !generated) return bad_reply("its `generatedAt` is not readable");
  if (said && *generated > now + kCasdkTick) return bad_reply("its `generatedAt` is in the future");
  if (said && *generated > now - kCasdkOldest) {
    signal.issued_at = *generated;
    signal.issue_time_is_receipt = false;
  }
  place = list->place;
  step = points->front().interval.length();
  signal.points = std::move(*points);
  return signal;
}

}  // namespace

std::vector<Ask> casdk_asks(std::string const& base_url, CasdkAsk const& ask, PollMoment const& moment) {
  std::string const what = "?location=" + boost::urls::encode(ask.location, boost::urls::unreserved_chars);
  std::vector<Ask> asks{{base_url + "/emissions/forecasts/current" + what}};
  core::Interval const past = history_window(moment, kCasdkTick, kCasdkReach);
  if (!past.empty()) {
    asks.push_back({base_url + "/emissions/bylocation" + what + "&time=" + core::utc_text(past.begin) +
                        "&toTime=" + core::utc_text(past.end),
                    true, true});
  }
  return asks;
}

core::Result<core::Signal> read_casdk(std::vector<std::string> const& bodies, CasdkAsk const& ask,
                                      Instant now) {
  if (bodies.empty()) return no_data("there is no reply");
  auto const forecasts = casdk_array(bodies[0]);
  if (!forecasts) return tl::unexpected(forecasts.error());
  std::string place;
  Span step{};
  auto signal = read_casdk_forecast(*forecasts, ask, now, place, step);
  if (!signal || bodies.size() < 2 || bodies[1].empty()) return signal;

  auto const rows = casdk_array(bodies[1]);
  if (!rows && rows.error().reason == "NO_DATA") return signal;
  if (!rows) return tl::unexpected(rows.error());
  auto const list = read_casdk_list(*rows, "time", "rating", ask.kind);
  if (!list) return tl::unexpected(list.error());
  if (!rows->empty() && list->place != ask.location && list->place != place) {
    return bad_reply("the observations are not for location " + ask.location);
  }
  auto const points = casdk_points(*list, step, now);
  if (!points) return tl::unexpected(points.error());
  if (!points->empty() && points->back().interval.begin > now + kCasdkTick) {
    return bad_reply("it reports an observation of the future, of " +
                     core::utc_text(points->back().interval.begin));
  }
  signal->points = join(*points, signal->points);
  return signal;
}

std::optional<Refusal> refused_by_casdk(int status, std::string const& body, CasdkAsk const& ask) {
  std::string const words = casdk_words(body);
  if (status == 204) {
    return Refusal{"the Carbon Aware SDK has no figures for location " + ask.location + " at this time",
                   false};
  }
  if (status == 501) {
    return Refusal{"the provider behind the Carbon Aware SDK gives no forecasts" + words +
                       "; give the SDK a data source with forecasts, or choose another provider",
                   true};
  }
  if (status == 400) {
    return Refusal{"the Carbon Aware SDK refuses location " + ask.location + words +
                       "; set `region` to one that its /locations lists",
                   true};
  }
  if (status == 404) {
    return Refusal{"there is no Carbon Aware SDK WebApi at this address" + words + "; check `base_url`",
                   true};
  }
  if (status == 500) {
    return Refusal{"the Carbon Aware SDK fails" + words + "; its own log says more", false};
  }
  return std::nullopt;
}

core::Result<Provider> casdk_provider(FeedConfig const& config) {
  if (config.base_url.empty()) {
    return bad_feed("the casdk feed needs the address of the site's Carbon Aware SDK WebApi; set `base_url`");
  }
  if (config.kind != SignalKind::kMarginal && config.kind != SignalKind::kAverage) {
    return bad_feed(
        "the Carbon Aware SDK does not say what its figures are; set `kind` to marginal or average, as the "
        "provider behind it gives them");
  }
  if (config.region.empty()) {
    return bad_feed("the casdk feed needs the name that the SDK has for zone " + config.zone +
                    "; set `region` to one that its /locations lists");
  }
  CasdkAsk const ask{config.zone, config.region, *config.kind,
                     config.basis.value_or(core::SignalBasis::kUnknown)};
  std::string const base = base_url_of(config, "");
  Provider provider = provider_of(casdk_source(ask), config);
  provider.asks = [base, ask](PollMoment const& moment) { return casdk_asks(base, ask, moment); };
  provider.read = [ask](auto const& bodies, Instant now) { return read_casdk(bodies, ask, now); };
  provider.refused = [ask](int status, std::string const& body) {
    return refused_by_casdk(status, body, ask);
  };
  provider.issue_age = std::chrono::hours{24};  // whatever is behind it
  provider.poll.interval = std::chrono::minutes{15};
  provider.poll.jitter = std::chrono::minutes{1};
  return provider;
}

}  // namespace greenq::feed
