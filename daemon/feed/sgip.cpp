#include "feed/sgip.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/carbon/utc_text.hpp"
#include "feed/json.hpp"
#include "feed/provider_parts.hpp"
#include "feed/reply.hpp"

namespace greenq::feed {
namespace {

namespace json = boost::json;
using core::Instant;
using core::SignalKind;
using core::Span;

constexpr Span kSgipStep{std::chrono::minutes{5}};
constexpr Span kSgipReach{std::chrono::hours{24 * 30}};  // one request gives 31 days
constexpr double kSgipFactor = 1000;                     // kg/kWh

core::SignalSource sgip_source(SgipAsk const& ask) {
  return {ask.zone,
          SignalKind::kMarginal,
          core::SignalBasis::kDirect,
          "sgip",
          "SGIP Signal, " + ask.ba + ", marginal",
          "SGIP Signal by WattTime for the California Public Utilities Commission, https://sgipsignal.com"};
}

// The entries of one list, turned round when the newest comes first.
core::Result<std::vector<Sample>> read_sgip_rows(json::array const& rows, char const* key,
                                                 SgipAsk const& ask) {
  std::vector<Sample> samples;
  for (json::value const& row : rows) {
    auto const begin = time_member(row, "point_time");
    if (!begin) return bad_reply("an entry has no readable `point_time`");
    std::string const where = "the entry at " + core::utc_text(*begin);
    if (text_member(row, "ba") != ask.ba) return bad_reply(where + " is not for " + ask.ba);
    if (json::value const* freq = member(row, "freq"); freq != nullptr && number_of(*freq) != 300) {
      return bad_reply(where + " does not stand for 5 minutes");
    }
    auto const value = figure(member(row, key), kSgipFactor, SignalKind::kMarginal, where, true);
    if (!value) return tl::unexpected(value.error());
    if (*value) samples.push_back({*begin, **value});
  }
  bool const newest_first = !samples.empty() && samples.front().begin > samples.back().begin;
  if (newest_first) std::reverse(samples.begin(), samples.end());
  return samples;
}

core::Result<std::vector<core::IntensityPoint>> read_sgip_history(std::string const& body, SgipAsk const& ask,
                                                                  Instant now) {
  auto reply = parse_json(body);
  if (!reply) return tl::unexpected(reply.error());
  json::array rows;
  if (reply->is_array()) {
    rows = std::move(reply->get_array());
  } else if (member(*reply, "point_time") != nullptr) {
    rows.push_back(std::move(*reply));
  } else if (reply->is_object()) {
    return std::vector<core::IntensityPoint>{};  // an error object: no history this time
  } else {
    return bad_reply("the history is neither a list nor an object");
  }
  auto const samples = read_sgip_rows(rows, "moer", ask);
  if (!samples) return tl::unexpected(samples.error());
  return lay_out(*samples, kSgipStep, now);
}

}  // namespace

std::optional<std::string> sgip_ba(std::string_view zone) {
  static constexpr std::array<std::pair<std::string_view, char const*>, 8> kZones{
      {{"US-CAL-CISO", "SGIP_CAISO_PGE"},
       {"US-CAL-LDWP", "SGIP_LADWP"},
       {"US-CAL-BANC", "SGIP_BANC_SMUD"},
       {"US-CAL-IID", "SGIP_IID"},
       {"US-CAL-TIDC", "SGIP_TID"},
       {"US-NW-PACW", "SGIP_PACW"},
       {"US-NW-NEVP", "SGIP_NVENERGY"},
       {"US-SW-WALC", "SGIP_WALC"}}};
  for (auto const& [name, ba] : kZones) {
    if (zone == name) return ba;
  }
  return std::nullopt;
}

std::vector<Ask> sgip_asks(std::string const& base_url, SgipAsk const& ask, PollMoment const& moment) {
  std::vector<Ask> asks{{base_url + "/sgipforecast?ba=" + ask.ba}};
  core::Interval const past = history_window(moment, kSgipStep, kSgipReach);
  if (!past.empty()) {
    asks.push_back({base_url + "/sgipmoer?ba=" + ask.ba + "&starttime=" + core::utc_text(past.begin) +
                        "&endtime=" + core::utc_text(past.end),
                    true, true});
  }
  return asks;
}

core::Result<core::Signal> read_sgip(std::vector<std::string> const& bodies, SgipAsk const& ask,
                                     Instant now) {
  if (bodies.empty()) return no_data("there is no reply");
  auto const reply = object_of(bodies[0]);
  if (!reply) return tl::unexpected(reply.error());
  json::value const* rows = member(*reply, "forecast");
  if (rows == nullptr || rows->is_null()) return no_data("`forecast` is absent");
  if (!rows->is_array()) return bad_reply("`forecast` is not a list");
  if (rows->get_array().empty()) return no_data("`forecast` is empty");
  auto const generated = time_member(*reply, "generated_at");
  if (!generated) return bad_reply("it has no readable `generated_at`");
  if (*generated > now + kSgipStep) return bad_reply("its `generated_at` is in the future");
  auto const samples = read_sgip_rows(rows->get_array(), "value", ask);
  if (!samples) return tl::unexpected(samples.error());
  auto const forecast = lay_out(*samples, kSgipStep, Instant::min());
  if (!forecast) return tl::unexpected(forecast.error());
  if (forecast->empty()) return no_data("no entry has a figure");

  core::Signal signal;
  signal.source = sgip_source(ask);
  signal.issued_at = *generated;
  signal.issue_time_is_receipt = false;
  signal.received_at = now;
  signal.points = *forecast;
  if (bodies.size() > 1 && !bodies[1].empty()) {
    auto const history = read_sgip_history(bodies[1], ask, now);
    if (!history) return tl::unexpected(history.error());
    signal.points = join(*history, *forecast);
  }
  return signal;
}

std::optional<Refusal> refused_by_sgip(int status, std::string const& body, SgipAsk const& ask) {
  std::string words = error_words(body);
  if (!words.empty()) words = " (" + words + ")";
  if (status == 401 || (status == 403 && !parse_json(body))) {
    return Refusal{"SGIP Signal does not accept the login, even when renewed" + words +
                       "; check `user` and `secret_file`",
                   false};
  }
  if (status == 403) {
    return Refusal{"the SGIP Signal account may not read " + ask.ba + words +
                       "; set `region` to one that it may read, or ask SGIP Signal for access",
                   true};
  }
  if (status == 400 || status == 404 || status == 422) {
    return Refusal{"SGIP Signal does not know " + ask.ba + words +
                       "; set `region` to a name such as SGIP_CAISO_SCE (see sgipsignal.com/grid-regions)",
                   true};
  }
  return std::nullopt;
}

core::Result<Provider> sgip_provider(FeedConfig const& config) {
  if (config.kind.value_or(SignalKind::kMarginal) != SignalKind::kMarginal) {
    return bad_feed("the sgip feed is marginal; leave `kind` out or choose another provider");
  }
  auto const ba = config.region.empty() ? sgip_ba(config.zone) : config.region;
  if (!ba || !plain_name(*ba)) {
    return bad_feed("the sgip feed does not cover zone " + config.zone +
                    "; set `region` to a name such as SGIP_CAISO_SCE, or choose another provider");
  }
  if (config.user.empty() || config.secret.empty()) {
    return bad_feed(
        "the sgip feed needs an account; get a free one by POST to https://sgipsignal.com/register, then set "
        "`user` and `secret_file`; the midas feed has the same regions without an account");
  }
  SgipAsk const ask{config.zone, *ba};
  std::string const base = base_url_of(config, kSgipBaseUrl);
  Provider provider = provider_of(sgip_source(ask), config);
  provider.asks = [base, ask](PollMoment const& moment) { return sgip_asks(base, ask, moment); };
  provider.read = [ask](auto const& bodies, Instant now) { return read_sgip(bodies, ask, now); };
  provider.refused = [ask](int status, std::string const& body) {
    return refused_by_sgip(status, body, ask);
  };
  provider.login = Login{base + "/login/", config.user, config.secret};
  provider.issue_age = 2 * kSgipStep;
  provider.poll.interval = kSgipStep;
  provider.poll.jitter = std::chrono::seconds{30};
  return provider;
}

}  // namespace greenq::feed
