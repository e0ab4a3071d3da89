#include "feed/neso.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/carbon/utc_text.hpp"
#include "feed/json.hpp"
#include "feed/provider_parts.hpp"
#include "feed/reply.hpp"
#include "feed/text.hpp"

namespace greenq::feed {
namespace {

namespace json = boost::json;
using core::Instant;
using core::Span;

constexpr Span kNesoStep{std::chrono::minutes{30}};
constexpr Span kNesoRevised{std::chrono::hours{24}};
constexpr Span kNesoReach{std::chrono::hours{24 * 14}};

struct NesoPeriod {
  Instant begin{};
  std::optional<core::Intensity> forecast;
  std::optional<core::Intensity> actual;
};

core::Result<NesoPeriod> read_period(json::value const& entry) {
  auto const begin = time_member(entry, "from");
  auto const end = time_member(entry, "to");
  if (!begin || !end) return bad_reply("an entry has no readable `from` and `to`");
  std::string const where = "the entry at " + core::utc_text(*begin);
  if (*end - *begin != kNesoStep || begin->time_since_epoch() % kNesoStep != Span{0}) {
    return bad_reply(where + " is not a half hour");
  }
  json::value const* intensity = member(entry, "intensity");
  if (intensity == nullptr || !intensity->is_object()) return bad_reply(where + " has no `intensity`");
  auto const forecast = figure(member(*intensity, "forecast"), 1, core::SignalKind::kAverage, where);
  if (!forecast) return tl::unexpected(forecast.error());
  auto const actual = figure(member(*intensity, "actual"), 1, core::SignalKind::kAverage, where);
  if (!actual) return tl::unexpected(actual.error());
  return NesoPeriod{*begin, *forecast, *actual};
}

// `data` is a list of periods; some replies wrap the list once more in an object, alone or in a list. That
// object.
json::value const* wrapping(json::value const& data) {
  if (data.is_object()) return &data;
  auto const* list = data.if_array();
  bool const one = list != nullptr && list->size() == 1;
  return one && member(list->front(), "data") != nullptr ? &list->front() : nullptr;
}

bool is_number(std::string const& region) {
  return !region.empty() && region[0] >= '0' && region[0] <= '9';
}

// What is wrong with the object that wraps the periods; null when none does. Number 18 is the nation.
std::optional<std::string> wrong_part(json::value const* part, std::string const& region) {
  json::value const* id = part == nullptr ? nullptr : member(*part, "regionid");
  if (region.empty() && id == nullptr) return std::nullopt;
  auto const number = id == nullptr ? std::nullopt : number_of(*id);
  if (!number) return "it does not say its region";
  if (region.empty()) return *number == 18 ? std::nullopt : std::optional<std::string>("it is for a region");
  if (is_number(region) ? *number != parse_number(region) : !(*number >= 1 && *number <= 17)) {
    return "it is for another region than " + region;
  }
  if (!is_number(region) && member(*part, "postcode") != nullptr &&
      text_member(*part, "postcode") != region) {
    return "it is for another postcode than " + region;
  }
  return std::nullopt;
}

// `region` is empty for the nation.
core::Result<std::vector<NesoPeriod>> read_periods(std::string const& body, std::string const& region) {
  auto const parsed = object_of(body);
  if (!parsed) return tl::unexpected(parsed.error());
  json::value const* data = member(*parsed, "data");
  if (data == nullptr || data->is_null()) return no_data("`data` is absent");
  json::value const* part = wrapping(*data);
  json::array const* list = part != nullptr ? array_member(*part, "data") : data->if_array();
  if (list == nullptr) return bad_reply("`data` is not a list");
  if (list->empty()) return no_data("`data` is empty");
  if (auto const wrong = wrong_part(part, region)) return bad_reply(*wrong);
  std::vector<NesoPeriod> periods;
  for (json::value const& entry : *list) {
    auto const period = read_period(entry);
    if (!period) return tl::unexpected(period.error());
    if (!periods.empty() && period->begin <= periods.back().begin) {
      return bad_reply("the entry at " + core::utc_text(period->begin) + " is out of order or appears twice");
    }
    periods.push_back(*period);
  }
  return periods;
}

core::SignalSource neso_source(std::string zone, std::string const& region) {
  std::string const part = region.empty() ? "" : (is_number(region) ? ", region " : ", postcode ") + region;
  return {std::move(zone),
          core::SignalKind::kAverage,
          core::SignalBasis::kDirect,
          "neso",
          "NESO Carbon Intensity, Great Britain" + part + ", average",
          "National Energy System Operator (NESO) Carbon Intensity API, CC BY 4.0"};
}

core::Result<core::Signal> neso_signal(std::vector<std::string> const& bodies, core::SignalSource source,
                                       std::string const& region, Instant now) {
  std::map<Instant, core::IntensityPoint> points;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    if (i > 0 && bodies[i].empty()) continue;
    auto const periods = read_periods(bodies[i], region);
    if (!periods && i > 0 && periods.error().reason == "NO_DATA") continue;
    if (!periods) return tl::unexpected(periods.error());
    for (NesoPeriod const& period : *periods) {
      core::Interval const at{period.begin, period.begin + kNesoStep};
      if (at.end <= now && period.actual) {
        points.insert_or_assign(at.begin,
                                core::IntensityPoint{at, *period.actual, core::PointState::kActual});
      } else if (at.end > now && period.forecast) {
        points.try_emplace(at.begin, core::IntensityPoint{at, *period.forecast, core::PointState::kForecast});
      }
    }
    if (points.empty()) return no_data("no entry has a figure");  // actuals alone are no forecast
  }
  core::Signal signal;
  signal.source = std::move(source);
  signal.issued_at = now;
  signal.received_at = now;
  for (auto const& [begin, point] : points) signal.points.push_back(point);
  if (signal.points.empty()) return no_data("there is no reply");
  return signal;
}

// The half hour that holds `time`, and one minute.
std::string stable_minute(Instant time) {
  return core::utc_text(time - time.time_since_epoch() % kNesoStep + std::chrono::minutes{1});
}

}  // namespace

std::vector<Ask> neso_asks(std::string const& base_url, PollMoment const& moment) {
  std::string const now = stable_minute(moment.now);
  // A half hour short of the limit, so that it is not passed by the rounding.
  Instant const from =
      std::clamp(moment.known_until, moment.now - kNesoReach + kNesoStep, moment.now - kNesoRevised);
  return {{base_url + "/intensity/" + now + "/fw48h"},
          {base_url + "/intensity/" + stable_minute(from) + "/" + now, true, true}};
}

core::Result<core::Signal> read_neso(std::vector<std::string> const& bodies, Instant now) {
  return neso_signal(bodies, neso_source("GB", ""), "", now);
}

std::vector<Ask> neso_regional_asks(std::string const& base_url, std::string const& region,
                                    PollMoment const& moment) {
  return {{base_url + "/regional/intensity/" + stable_minute(moment.now) + "/fw48h/" +
           (is_number(region) ? "regionid/" : "postcode/") + region}};
}

core::Result<core::Signal> read_neso_regional(std::vector<std::string> const& bodies, std::string const& zone,
                                              std::string const& region, Instant now) {
  return neso_signal(bodies, neso_source(zone, region), region, now);
}

core::Result<Provider> neso_provider(FeedConfig const& config) {
  if (auto const problem = not_average(config)) return bad_feed(*problem);
  bool const national = config.zone == "GB" && config.region.empty();
  auto const region = neso_region(config.region.empty() ? config.zone : config.region);
  if (!config.zone.starts_with("GB") || (!national && !region)) {
    return bad_feed(
        "the neso feed covers zone GB only, and its parts GB-REG-1 to GB-REG-17, not " + config.zone +
        (config.region.empty() ? "" : ", region " + config.region) +
        "; set `region` to a region's number, its name or a postcode, or choose another provider");
  }
  std::string const base = base_url_of(config, kNesoBaseUrl);
  Provider provider = provider_of(neso_source(config.zone, national ? "" : *region), config);
  provider.poll.jitter = std::chrono::minutes{2};
  if (national) {
    provider.asks = [base](PollMoment const& moment) { return neso_asks(base, moment); };
    provider.read = read_neso;
    return provider;
  }
  provider.asks = [base, part = *region](PollMoment const& moment) {
    return neso_regional_asks(base, part, moment);
  };
  provider.read = [zone = config.zone, part = *region](auto const& bodies, Instant now) {
    return read_neso_regional(bodies, zone, part, now);
  };
  provider.refused = [part = *region](int status, std::string const&) -> std::optional<Refusal> {
    if (status != 400 && status != 404) return std::nullopt;
    return Refusal{"NESO knows no region " + part +
                       "; set `region` to a number from 1 to 17, a region's name or a "
                       "postcode",
                   true};
  };
  return provider;
}

}  // namespace greenq::feed
