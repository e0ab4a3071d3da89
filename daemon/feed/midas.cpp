#include "feed/midas.hpp"

#include <algorithm>
#include <utility>

#include "core/carbon/utc_text.hpp"
#include "feed/json.hpp"
#include "feed/provider_parts.hpp"
#include "feed/reply.hpp"
#include "feed/sgip.hpp"
#include "feed/time_text.hpp"

namespace greenq::feed {
namespace {

namespace json = boost::json;
using core::Instant;
using core::SignalKind;
using core::Span;

constexpr Span kMidasReach{std::chrono::hours{24 * 14}};  // about 1 MB
constexpr Span kMidasDay{std::chrono::hours{26}};         // the longest day of the year and a little
constexpr Span kMidasSkew{std::chrono::minutes{5}};

core::SignalSource midas_source(MidasAsk const& ask) {
  return {
      ask.zone,
      SignalKind::kMarginal,
      core::SignalBasis::kDirect,
      "midas",
      "CEC MIDAS, " + ask.rin + ", marginal",
      "California Energy Commission, MIDAS, https://midasapi.energy.ca.gov; marginal emissions by WattTime "
      "(SGIP Signal)"};
}

std::optional<Instant> midas_start(json::value const& row) {
  auto const date = text_member(row, "DateStart");
  auto const time = text_member(row, "TimeStart");
  return date && time ? parse_time(*date + "T" + *time + "Z") : std::nullopt;
}

// Rows of one unit, without those that have no value.
core::Result<std::vector<Sample>> read_midas_rows(json::array const& rows) {
  std::vector<Sample> samples;
  std::optional<std::string> unit;
  double factor = 0;
  for (json::value const& row : rows) {
    auto const begin = midas_start(row);
    if (!begin) return bad_reply("an entry has no readable `DateStart` and `TimeStart`");
    std::string const where = "the entry at " + core::utc_text(*begin);
    auto const stated = text_member(row, "Unit");
    if (!stated) return bad_reply(where + " states no `Unit`");
    if (unit != stated) {
      auto const known = grams_per_kwh(*stated);
      if (!known) return bad_reply(where + " has the unit `" + stated->substr(0, 40) + "`, which is unknown");
      if (unit) return bad_reply(where + " has another unit than those before it");
      unit = stated;
      factor = *known;
    }
    auto const value = figure(member(row, "Value"), factor, SignalKind::kMarginal, where);
    if (!value) return tl::unexpected(value.error());
    if (*value) samples.push_back({*begin, **value});
  }
  return samples;
}

struct MidasWindow {
  std::vector<core::IntensityPoint> points;
  std::optional<Instant> clock;  // of the server
};

core::Result<MidasWindow> read_midas_window(std::string const& body, MidasAsk const& ask) {
  auto const reply = object_of(body);
  if (!reply) return tl::unexpected(reply.error());
  json::value const* rows = member(*reply, "ValueInformation");
  if (rows == nullptr || rows->is_null()) return no_data("`ValueInformation` is absent");
  if (!rows->is_array()) return bad_reply("`ValueInformation` is not a list");
  if (rows->get_array().empty()) return no_data("`ValueInformation` is empty");
  if (text_member(*reply, "RateID") != ask.rin) return bad_reply("it is not for " + ask.rin);
  auto const clock = time_member(*reply, "SystemTime_UTC");
  auto const samples = read_midas_rows(rows->get_array());
  if (!samples) return tl::unexpected(samples.error());
  if (samples->empty()) return no_data("no entry has a figure");
  auto const step = step_of(*samples);
  bool const usual =
      step == std::chrono::minutes{5} || step == std::chrono::minutes{15} || step == std::chrono::minutes{60};
  if (!usual) return bad_reply("its step is none of 5, 15 and 60 minutes");
  // A row that has begun is observed, and ends a step later.
  auto points = lay_out(*samples, *step, clock.value_or(Instant::min()) + *step);
  if (!points) return tl::unexpected(points.error());
  return MidasWindow{std::move(*points), clock};
}

std::string midas_date(Instant at) {
  return core::utc_text(at).substr(0, 10);
}

}  // namespace

std::optional<std::string> midas_rin(std::string_view region) {
  auto const last = region.find_last_of("-_");
  std::string_view const name = last == std::string_view::npos ? region : region.substr(last + 1);
  if (!plain_name(name)) return std::nullopt;
  return "USCA-SGIP-MOER-" + std::string(name);
}

std::vector<Ask> midas_asks(std::string const& base_url, MidasAsk const& ask, PollMoment const& moment) {
  std::vector<Ask> asks{{base_url + "/api/valuedata?ID=" + ask.rin + "&QueryType=realtime"}};
  // Midnight Pacific is 07:00 or 08:00 UTC: whatever lies before the later one may be missing from the
  // window.
  auto const last = [&](std::chrono::hours at) {
    return Instant{std::chrono::floor<std::chrono::days>(moment.now - at)} + at;
  };
  if (moment.known_until < std::max(last(std::chrono::hours{7}), last(std::chrono::hours{8}))) {
    Instant const from = std::max(moment.known_until - std::chrono::hours{8}, moment.now - kMidasReach);
    asks.push_back({base_url + "/api/historicaldata/" + ask.rin + "?startdate=" + midas_date(from) +
                        "&enddate=" + midas_date(moment.now),
                    true, true});
  }
  return asks;
}

core::Result<core::Signal> read_midas(std::vector<std::string> const& bodies, MidasAsk const& ask,
                                      Instant now) {
  if (bodies.empty()) return no_data("there is no reply");
  auto const window = read_midas_window(bodies[0], ask);
  if (!window) return tl::unexpected(window.error());
  if (!window->clock) return bad_reply("it has no readable `SystemTime_UTC`");
  if (*window->clock > now + kMidasSkew) return bad_reply("its `SystemTime_UTC` is in the future");
  core::Interval const reach{window->points.front().interval.begin, window->points.back().interval.end};
  if (reach.end <= now || reach.begin < *window->clock - kMidasDay) {
    return no_data("its window began at " + core::utc_text(reach.begin) +
                   ", so it is an old one from the cache; /watttime/status there says more");
  }
  core::Signal signal;
  signal.source = midas_source(ask);
  signal.issued_at = *window->clock;
  signal.received_at = now;
  signal.points = window->points;
  if (bodies.size() > 1 && !bodies[1].empty()) {
    if (auto history = read_midas_window(bodies[1], ask)) {
      std::erase_if(history->points, [&](auto const& point) { return point.interval.end > now; });
      for (core::IntensityPoint& point : history->points) point.state = core::PointState::kActual;
      signal.points = join(window->points, history->points);
    }
  }
  return signal;
}

std::optional<Refusal> refused_by_midas(int status, std::string const& body, MidasAsk const& ask) {
  std::string words = error_words(body);
  if (!words.empty()) words = " (" + words + ")";
  if (status == 410) {
    return Refusal{
        "MIDAS has retired " + ask.rin + words + "; set `region` to a present one, such as PGE, SCE or SMUD",
        true};
  }
  if (status == 404) {
    return Refusal{"MIDAS does not know " + ask.rin + words +
                       "; set `region` to one of its regions, such as PGE, SCE or SMUD, and check `base_url`",
                   true};
  }
  if (status == 400 || status == 422) {
    return Refusal{"MIDAS does not understand the request for " + ask.rin + words + "; check `region`", true};
  }
  return std::nullopt;
}

core::Result<Provider> midas_provider(FeedConfig const& config) {
  if (config.kind.value_or(SignalKind::kMarginal) != SignalKind::kMarginal) {
    return bad_feed("the midas feed is marginal; leave `kind` out or choose another provider");
  }
  auto const ba = sgip_ba(config.zone);
  auto const rin = midas_rin(config.region.empty() ? ba.value_or("") : config.region);
  if (!rin) {
    return bad_feed("the midas feed does not cover zone " + config.zone +
                    "; set `region` to one of PGE, SCE, SDGE, LADWP, SMUD, P2, IID, PACW, NVENERGY, TID and "
                    "WALC, or choose another provider");
  }
  MidasAsk const ask{config.zone, *rin};
  std::string const base = base_url_of(config, kMidasBaseUrl);
  Provider provider = provider_of(midas_source(ask), config);
  provider.asks = [base, ask](PollMoment const& moment) { return midas_asks(base, ask, moment); };
  provider.read = [ask](auto const& bodies, Instant now) { return read_midas(bodies, ask, now); };
  provider.refused = [ask](int status, std::string const& body) {
    return refused_by_midas(status, body, ask);
  };
  provider.poll.interval = std::chrono::minutes{15};
  provider.poll.jitter = std::chrono::minutes{2};
  return provider;
}

}  // namespace greenq::feed
