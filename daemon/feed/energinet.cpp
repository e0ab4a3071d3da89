#include "feed/energinet.hpp"

#include <algorithm>
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
using core::Span;

constexpr Span kEnerginetStep{std::chrono::minutes{5}};
constexpr Span kEnerginetReach{std::chrono::hours{24 * 14}};

core::SignalSource energinet_source(std::string zone, std::string const& area) {
  return {std::move(zone),
          core::SignalKind::kAverage,
          core::SignalBasis::kUnknown,
          "energinet",
          "Energinet CO2 emission, " + area + ", average",
          "Energinet, Energi Data Service, https://www.energidataservice.dk, free with attribution"};
}

core::Result<std::vector<Sample>> read_records(std::string const& body, std::string const& dataset,
                                               std::string const& area) {
  auto const reply = object_of(body);
  if (!reply) return tl::unexpected(reply.error());
  if (member(*reply, "records") == nullptr) return no_data("`records` is absent");
  json::array const* records = array_member(*reply, "records");
  if (records == nullptr) return bad_reply("`records` is not a list");
  if (member(*reply, "dataset") != nullptr && text_member(*reply, "dataset") != dataset) {
    return bad_reply("it is not of the dataset " + dataset);
  }
  std::vector<Sample> samples;
  std::optional<Instant> before;
  for (json::value const& record : *records) {
    auto const its_area = text_member(record, "PriceArea");
    if (its_area != "DK1" && its_area != "DK2") return bad_reply("an entry is neither for DK1 nor for DK2");
    auto const naive = text_member(record, "Minutes5UTC");
    auto const begin = naive ? parse_time(*naive + "Z") : std::nullopt;
    if (!begin) return bad_reply("an entry has no readable `Minutes5UTC`");
    std::string const where = "the entry at " + core::utc_text(*begin);
    if (begin->time_since_epoch() % kEnerginetStep != Span{0})
      return bad_reply(where + " is not on five minutes");
    auto const value = figure(member(record, "CO2Emission"), 1, core::SignalKind::kAverage, where);
    if (!value) return tl::unexpected(value.error());
    if (its_area != area) continue;
    if (before && *begin <= *before) return bad_reply(where + " is out of order or appears twice");
    before = begin;
    if (*value) samples.push_back({*begin, **value});
  }
  return samples;
}

}  // namespace

std::optional<std::string> energinet_region(std::string_view zone) {
  if (zone == "DK-DK1") return "DK1";
  if (zone == "DK-DK2") return "DK2";
  return std::nullopt;
}

std::vector<Ask> energinet_asks(std::string const& base_url, PollMoment const& moment) {
  auto const address = [&](char const* dataset, Instant from) {
    return base_url + "/dataset/" + dataset +
           "?start=" + core::utc_text(std::chrono::floor<std::chrono::hours>(from)).substr(0, 16) +
           "&timezone=UTC&filter=%7B%22PriceArea%22:%5B%22DK1%22,%22DK2%22%5D%7D&sort=Minutes5UTC%20ASC&"
           "limit=10000";
  };
  std::vector<Ask> asks{{address("CO2EmisProg", moment.now)}};
  if (moment.known_until <= moment.now - kEnerginetStep) {
    asks.push_back(
        {address("CO2Emis", std::max(moment.known_until, moment.now - kEnerginetReach)), true, true});
  }
  return asks;
}

core::Result<core::Signal> read_energinet(std::vector<std::string> const& bodies, std::string const& zone,
                                          std::string const& area, Instant now) {
  core::Signal signal;
  signal.source = energinet_source(zone, area);
  signal.issued_at = now;
  signal.received_at = now;
  std::vector<core::IntensityPoint> lists[2];  // prognosis, actuals
  for (std::size_t i = 0; i < std::min<std::size_t>(bodies.size(), 2); ++i) {
    if (i > 0 && bodies[i].empty()) continue;
    auto const samples = read_records(bodies[i], i == 0 ? "CO2EmisProg" : "CO2Emis", area);
    if (!samples && i > 0 && samples.error().reason == "NO_DATA") continue;
    if (!samples) return tl::unexpected(samples.error());
    for (Sample const& sample : *samples) {
      core::Interval const at{sample.begin, sample.begin + kEnerginetStep};
      bool const past = at.end <= now;
      if (past == (i == 1)) {
        lists[i].push_back(
            {at, sample.value, past ? core::PointState::kActual : core::PointState::kForecast});
      }
    }
  }
  if (lists[0].empty()) return no_data("no entry for " + area + " has a figure");  // actuals are no forecast
  signal.points = join(lists[1], lists[0]);
  return signal;
}

core::Result<Provider> energinet_provider(FeedConfig const& config) {
  if (auto const problem = not_average(config)) return bad_feed(*problem);
  auto const area = config.region.empty() ? energinet_region(config.zone) : std::optional(config.region);
  if (area != "DK1" && area != "DK2") {
    return bad_feed("energinet covers zones DK-DK1 and DK-DK2, not " + config.zone +
                    "; set `region` to DK1 or DK2, or choose another provider");
  }
  Provider provider = provider_of(energinet_source(config.zone, *area), config);
  std::string const base = base_url_of(config, kEnerginetBaseUrl);
  provider.asks = [base](PollMoment const& moment) { return energinet_asks(base, moment); };
  provider.read = [zone = config.zone, area = *area](auto const& bodies, Instant now) {
    return read_energinet(bodies, zone, area, now);
  };
  provider.refused = [](int status, std::string const& body) -> std::optional<Refusal> {
    if (status != 400 && status != 404) return std::nullopt;
    std::string const words = error_words(body);
    return Refusal{"Energi Data Service does not understand the request" +
                       (words.empty() ? "" : " (" + words + ")") +
                       "; check `base_url`, or choose another provider",
                   true};
  };
  provider.poll.interval = std::chrono::minutes{15};
  provider.poll.jitter = std::chrono::seconds{60};
  provider.shared_for = std::chrono::seconds{60};
  return provider;
}

}  // namespace greenq::feed
