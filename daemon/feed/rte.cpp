#include "feed/rte.hpp"

#include <algorithm>
#include <numeric>
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

constexpr Span kRteStep{std::chrono::minutes{15}};
constexpr Span kRteDay{std::chrono::hours{24}};
constexpr Span kRteReach{std::chrono::hours{24 * 14}};

core::SignalSource rte_source(std::string zone) {
  return {std::move(zone),
          core::SignalKind::kAverage,
          core::SignalBasis::kDirect,
          "rte",
          "RTE éCO2mix, France, average",
          "RTE éCO2mix, ODRÉ, https://odre.opendatasoft.com, Licence Ouverte (Etalab)"};
}

core::Result<std::vector<core::IntensityPoint>> rte_points(json::array const& rows, Instant now) {
  std::vector<Sample> samples;
  std::vector<Instant> times;
  for (json::value const& row : rows) {
    auto const begin = time_member(row, "date_heure");
    if (!begin) return bad_reply("an entry has no readable `date_heure`");
    std::string const where = "the entry at " + core::utc_text(*begin);
    if (begin->time_since_epoch() % kRteStep != Span{0})
      return bad_reply(where + " is not on a quarter hour");
    if (!times.empty() && *begin >= times.back())
      return bad_reply(where + " is out of order or appears twice");
    times.push_back(*begin);
    auto const value = figure(member(row, "taux_co2"), 1, core::SignalKind::kAverage, where);
    if (!value) return tl::unexpected(value.error());
    if (*value) samples.push_back({*begin, **value});
  }
  std::reverse(samples.begin(), samples.end());
  Span step{0};
  for (std::size_t i = 1; i < times.size(); ++i) {
    step = Span{std::gcd(step.count(), (times[i - 1] - times[i]).count())};
  }
  if (step != 2 * kRteStep && step != 4 * kRteStep) step = kRteStep;
  auto points = lay_out(samples, step, now);
  if (points)
    std::erase_if(*points, [](auto const& point) { return point.state != core::PointState::kActual; });
  return points;
}

core::Result<std::vector<core::IntensityPoint>> read_rte_body(std::string const& body, Instant now) {
  auto const parsed = parse_json(body);
  if (!parsed) return tl::unexpected(parsed.error());
  if (auto const* rows = parsed->if_array()) return rte_points(*rows, now);
  if (!parsed->is_object()) return bad_reply("it is neither an object nor a list");
  if (member(*parsed, "error_code") != nullptr) {
    std::string const words = error_words(body);
    return no_data(words.empty() ? "an error object" : words);
  }
  if (member(*parsed, "results") == nullptr) return no_data("`results` is absent");
  json::array const* rows = array_member(*parsed, "results");
  if (rows == nullptr) return bad_reply("`results` is not a list");
  return rte_points(*rows, now);
}

}  // namespace

std::optional<std::string> rte_region(std::string_view zone) {
  return zone == "FR" ? std::optional<std::string>("FR") : std::nullopt;
}

std::vector<Ask> rte_asks(std::string const& base_url, PollMoment const& moment) {
  auto const address = [&](char const* kind, Instant from, char const* limit) {
    std::string const time = core::utc_text(std::chrono::floor<std::chrono::hours>(from));
    return base_url + "/api/explore/v2.1/catalog/datasets/eco2mix-national-tr/" + kind +
           "?select=taux_co2,date_heure&where=date_heure%20in%20%5Bdate%27" + time.substr(0, 16) +
           "%27%20TO%20now()%5D%20and%20taux_co2%20is%20not%20null&order_by=date_heure%20desc&limit=" +
           limit + "&timezone=UTC";
  };
  // An hour more than is missing, lest a late figure leave the reply without rows.
  Instant const known = moment.known_until - std::chrono::hours{1};
  std::vector<Ask> asks{{address("records", std::clamp(known, moment.now - kRteDay, moment.now), "100")}};
  if (moment.known_until < moment.now - kRteDay) {
    asks.push_back({address("exports/json", std::max(known, moment.now - kRteReach), "-1"), true, true});
  }
  return asks;
}

core::Result<core::Signal> read_rte(std::vector<std::string> const& bodies, std::string const& zone,
                                    Instant now) {
  core::Signal signal;
  signal.source = rte_source(zone);
  signal.issued_at = now;
  signal.received_at = now;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    if (i > 0 && bodies[i].empty()) continue;
    auto const points = read_rte_body(bodies[i], now);
    if (!points && i > 0 && points.error().reason == "NO_DATA") continue;
    if (!points) return tl::unexpected(points.error());
    signal.points = join(signal.points, *points);
  }
  if (signal.points.empty()) return no_data("no entry of the past has a figure");
  return signal;
}

core::Result<Provider> rte_provider(FeedConfig const& config) {
  if (auto const problem = not_average(config)) return bad_feed(*problem);
  if (!rte_region(config.region.empty() ? config.zone : config.region)) {
    return bad_feed("rte covers France only, not " + (config.region.empty() ? config.zone : config.region) +
                    "; set `region` to FR, or choose another provider");
  }
  Provider provider = provider_of(rte_source(config.zone), config);
  std::string const base = base_url_of(config, kRteBaseUrl);
  provider.asks = [base](PollMoment const& moment) { return rte_asks(base, moment); };
  provider.read = [zone = config.zone](auto const& bodies, Instant now) {
    return read_rte(bodies, zone, now);
  };
  provider.refused = [](int status, std::string const& body) -> std::optional<Refusal> {
    if (status != 400 && status != 404) return std::nullopt;
    std::string const words = error_words(body);
    return Refusal{"the open data portal does not understand the request" +
                       (words.empty() ? "" : " (" + words + ")") +
                       "; check `base_url` (reseaux-energies-rte.opendatasoft.com carries the same data)",
                   true};
  };
  provider.poll.interval = std::chrono::minutes{30};  // the portal renews them once an hour
  provider.poll.jitter = std::chrono::minutes{2};
  return provider;
}

}  // namespace greenq::feed
