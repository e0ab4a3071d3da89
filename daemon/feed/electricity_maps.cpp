#include "feed/electricity_maps.hpp"

#include <algorithm>
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

constexpr Span kMapsStep{std::chrono::hours{1}};
constexpr Span kMapsHistory{std::chrono::hours{24}};
constexpr Span kMapsReach{std::chrono::hours{240}};  // of one past-range request for hourly figures

char const* maps_factors(ElectricityMapsAsk const& ask) {
  return ask.basis == core::SignalBasis::kDirect ? "direct" : "lifecycle";
}

core::SignalSource maps_source(ElectricityMapsAsk const& ask) {
  return {ask.zone,
          core::SignalKind::kAverage,
          ask.basis,
          "electricity_maps",
          "Electricity Maps, " + ask.region + ", average (" + maps_factors(ask) + ")",
          "Electricity Maps, https://www.electricitymaps.com, under the terms of your own contract"};
}

bool made_up(json::value const& value) {
  auto const says = [&](char const* key) {
    auto const text = text_member(value, key);
    return text && text->find("SANDBOX") != std::string::npos;
  };
  return says("_disclaimer") || says("estimationMethod");
}

// What may stand both at the top and in an entry: refuses sandbox figures and those of another zone or basis.
std::optional<std::string> maps_mismatch(json::value const& value, ElectricityMapsAsk const& ask) {
  if (made_up(value)) return "its figures are made up (SANDBOX); put a live key into secret_file";
  if (json::value const* zone = member(value, "zone");
      zone != nullptr && text_member(value, "zone") != ask.region) {
    return "it is not for zone " + ask.region;
  }
  if (member(value, "emissionFactorType") != nullptr &&
      text_member(value, "emissionFactorType") != maps_factors(ask)) {
    return std::string("its factors are not ") + maps_factors(ask);
  }
  if (member(value, "temporalGranularity") != nullptr &&
      text_member(value, "temporalGranularity") != "hourly") {
    return "its step is not an hour";
  }
  return std::nullopt;
}

struct MapsList {
  std::vector<core::IntensityPoint> points;
  std::optional<Instant> updated;
};

// The state of a figure of the past or of the running hour.
core::Result<core::PointState> maps_state(json::value const& entry, Instant begin, Instant now,
                                          std::string const& where) {
  json::value const* estimated = member(entry, "isEstimated");
  if (estimated != nullptr && !estimated->is_bool() && !estimated->is_null()) {
    return bad_reply(where + " has an `isEstimated` that is neither true nor false");
  }
  for (char const* key : {"updatedAt", "createdAt"}) {
    if (member(entry, key) != nullptr && !time_member(entry, key)) {
      return bad_reply(where + " has an unreadable `" + key + "`");
    }
  }
  auto const updated = time_member(entry, "updatedAt");
  bool const guess = (estimated != nullptr && *estimated == true) || (updated && *updated < begin);
  return guess || begin + kMapsStep > now ? core::PointState::kEstimated : core::PointState::kActual;
}

core::Result<double> maps_factor(json::value const& reply) {
  json::value const* units = member(reply, "units");
  if (units == nullptr || units->is_null()) return 1.0;  // documented: g/kWh
  auto const unit = text_member(*units, "carbonIntensity");
  auto const factor = unit ? grams_per_kwh(*unit) : std::nullopt;
  if (!factor) return bad_reply("its unit is none of those known");
  return *factor;
}

core::Result<MapsList> read_maps_list(std::string const& body, char const* key, ElectricityMapsAsk const& ask,
                                      Instant now) {
  auto const reply = object_of(body);
  if (!reply) return tl::unexpected(reply.error());
  if (auto const wrong = maps_mismatch(*reply, ask)) return bad_reply(*wrong);
  if (member(*reply, key) == nullptr) return no_data(std::string("`") + key + "` is absent");
  json::array const* list = array_member(*reply, key);
  if (list == nullptr) return bad_reply(std::string("`") + key + "` is not a list");
  if (member(*reply, "zone") == nullptr) return bad_reply("it does not say its zone");
  auto const factor = maps_factor(*reply);
  if (!factor) return tl::unexpected(factor.error());
  bool const forecast = std::string_view(key) == "forecast";

  MapsList read;
  read.updated = time_member(*reply, "updatedAt");
  std::optional<Instant> before;
  for (json::value const& entry : *list) {
    auto const begin = time_member(entry, "datetime");
    if (!begin) return bad_reply("an entry has no readable `datetime`");
    std::string const where = "the entry at " + core::utc_text(*begin);
    if (auto const wrong = maps_mismatch(entry, ask)) return bad_reply(where + ": " + *wrong);
    if (begin->time_since_epoch() % kMapsStep != Span{0}) return bad_reply(where + " is not on the hour");
    if (before && *begin <= *before) return bad_reply(where + " is out of order or appears twice");
    before = begin;
    auto const value = figure(member(entry, "carbonIntensity"), *factor, core::SignalKind::kAverage, where);
    if (!value) return tl::unexpected(value.error());
    auto const state = forecast ? core::Result<core::PointState>(core::PointState::kForecast)
                                : maps_state(entry, *begin, now, where);
    if (!state) return tl::unexpected(state.error());
    bool const wanted = forecast ? *begin + kMapsStep > now : *begin <= now;
    if (*value && wanted) read.points.push_back({{*begin, *begin + kMapsStep}, **value, *state});
  }
  return read;
}

}  // namespace

std::optional<std::string> electricity_maps_region(std::string_view zone) {
  bool const shaped = zone.size() >= 2 && (zone.size() == 2 || zone[2] == '-') && !zone.ends_with('-');
  if (!shaped || !plain_name(zone)) return std::nullopt;
  if (std::any_of(zone.begin(), zone.end(), [](char c) { return c >= 'a' && c <= 'z'; })) return std::nullopt;
  return std::string(zone);
}

std::vector<Ask> electricity_maps_asks(std::string const& base_url, ElectricityMapsAsk const& ask,
                                       PollMoment const& moment) {
  std::string const start = base_url + "/carbon-intensity/";
  std::string const what = "?zone=" + ask.region + "&emissionFactorType=" + maps_factors(ask);
  std::vector<Ask> asks{{start + "history" + what}, {start + "forecast" + what + "&horizonHours=72", true}};
  Instant const hour{moment.now.time_since_epoch() - moment.now.time_since_epoch() % kMapsStep};
  if (moment.known_until < hour - kMapsHistory) {
    Instant const known{moment.known_until.time_since_epoch() -
                        moment.known_until.time_since_epoch() % kMapsStep};
    asks.push_back({start + "past-range" + what + "&start=" +
                        core::utc_text(std::max(known, hour - kMapsReach)) + "&end=" + core::utc_text(hour),
                    true, true});
  }
  return asks;
}

core::Result<core::Signal> read_electricity_maps(std::vector<std::string> const& bodies,
                                                 ElectricityMapsAsk const& ask, Instant now) {
  static constexpr char const* kKeys[] = {"history", "forecast", "data"};
  MapsList lists[3];
  for (std::size_t i = 0; i < std::min<std::size_t>(bodies.size(), 3); ++i) {
    if (i > 0 && bodies[i].empty()) continue;
    auto list = read_maps_list(bodies[i], kKeys[i], ask, now);
    if (list) {
      lists[i] = std::move(*list);
    } else if (i == 0 || list.error().reason != "NO_DATA") {
      return tl::unexpected(list.error());
    }
  }
  core::Signal signal;
  signal.source = maps_source(ask);
  signal.received_at = now;
  signal.issued_at = now;
  if (!lists[1].points.empty() && lists[1].updated) {
    if (*lists[1].updated > now + std::chrono::minutes{5})
      return bad_reply("its `updatedAt` is in the future");
    signal.issued_at = *lists[1].updated;
    signal.issue_time_is_receipt = false;
  }
  signal.points = join(join(lists[0].points, lists[2].points), lists[1].points);
  if (signal.points.empty()) return no_data("no entry has a figure");
  return signal;
}

std::optional<Refusal> refused_by_electricity_maps(int status, std::string const& body,
                                                   ElectricityMapsAsk const& ask) {
  std::string const words = error_words(body) + body.substr(0, 2000);
  auto const says = [&](char const* part) { return words.find(part) != std::string::npos; };
  if (says("Token unauthorized for zoneKey")) {
    return Refusal{
        "the Electricity Maps key is not for zone " + ask.region +
            "; set `region` to the zone of the key, or widen its plan at portal.electricitymaps.com",
        true};
  }
  if (says("Endpoint not available")) {
    return Refusal{
        "the plan of the Electricity Maps key does not include this address; choose another plan or provider",
        true};
  }
  if (status == 401 || status == 403) {
    return Refusal{
        "Electricity Maps does not accept the key; put a valid one from portal.electricitymaps.com into the "
        "file that `secret_file` names",
        says("Invalid auth-token")};
  }
  if (status == 404) {
    return Refusal{"Electricity Maps has no figures for zone " + ask.region +
                   " at this time; if that stays so, set "
                   "`region` to the id that its map shows"};
  }
  if (status == 400 || status == 422) {
    return Refusal{
        "Electricity Maps does not understand the request for zone " + ask.region + "; check `region`", true};
  }
  return std::nullopt;
}

core::Result<Provider> electricity_maps_provider(FeedConfig const& config) {
  if (auto const problem = not_average(config)) return bad_feed(*problem);
  auto const region = electricity_maps_region(config.region.empty() ? config.zone : config.region);
  if (!region) {
    return bad_feed("electricity_maps does not know a zone `" +
                    (config.region.empty() ? config.zone : config.region) +
                    "`; set `region` to an id that its map shows, such as DE or US-CAL-CISO");
  }
  if (config.secret.empty()) {
    return bad_feed(
        "electricity_maps needs a key; get one at portal.electricitymaps.com and set `secret_file`");
  }
  ElectricityMapsAsk ask{config.zone, *region, core::SignalBasis::kLifecycle};
  if (config.basis == core::SignalBasis::kDirect) ask.basis = core::SignalBasis::kDirect;
  Provider provider = provider_of(maps_source(ask), config);
  provider.headers = {{"auth-token", config.secret}};
  std::string const base = base_url_of(config, kElectricityMapsBaseUrl);
  provider.asks = [base, ask](PollMoment const& moment) { return electricity_maps_asks(base, ask, moment); };
  provider.read = [ask](auto const& bodies, Instant now) { return read_electricity_maps(bodies, ask, now); };
  provider.refused = [ask](int status, std::string const& body) {
    return refused_by_electricity_maps(status, body, ask);
  };
  provider.issue_age = std::chrono::hours{2};
  provider.poll.interval = std::chrono::minutes{60};
  provider.poll.jitter = std::chrono::minutes{10};
  return provider;
}

}  // namespace greenq::feed
