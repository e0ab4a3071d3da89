#include "feed/watttime.hpp"

#include <algorithm>
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
using core::SignalKind;
using core::Span;

constexpr Span kWattTimeTick{std::chrono::minutes{5}};
constexpr Span kWattTimeReach{std::chrono::hours{24 * 31}};  // one request gives 32 days
constexpr Span kWattTimeDay{std::chrono::hours{24}};
constexpr std::size_t kRegionsNamed = 12;  // in a message

char const* watttime_signal(SignalKind kind) {
  return kind == SignalKind::kAverage ? "co2_aoer" : "co2_moer";
}

core::SignalSource watttime_source(WattTimeAsk const& ask) {
  std::string label = "WattTime, " + ask.region + ", " + core::to_string(ask.kind);
  if (ask.kind == SignalKind::kRelative) label += " (percentile of the next 24 h)";
  return {ask.zone,   ask.kind, core::SignalBasis::kDirect,
          "watttime", label,    "WattTime, https://watttime.org, under the terms of your own account"};
}

struct WattTimeList {
  std::vector<Sample> samples;
  Span step{};
  std::optional<Instant> generated;
};

// What the provider says about missing data.
std::string watttime_warning(json::value const& meta) {
  json::array const* warnings = array_member(meta, "warnings");
  if (warnings == nullptr || warnings->empty()) return "`data` is empty";
  std::string const type = text_member(warnings->front(), "type").value_or("a warning");
  return "`data` is empty (" + type.substr(0, 40) + ")";
}

core::Result<double> watttime_factor(json::value const& meta, WattTimeAsk const& ask) {
  auto const region = text_member(meta, "region");
  if (region != ask.region) return bad_reply("it is not for region " + ask.region);
  auto const signal = text_member(meta, "signal_type");
  if (signal != watttime_signal(ask.kind))
    return bad_reply(std::string("it is not ") + watttime_signal(ask.kind));
  auto const units = text_member(meta, "units");
  if (!units) return bad_reply("it states no `units`");
  bool const relative = ask.kind == SignalKind::kRelative;
  if (relative && *units == "percentile") return 1.0;
  auto const factor = relative ? std::nullopt : grams_per_kwh(*units);
  if (!factor) return bad_reply("its unit is `" + units->substr(0, 40) + "`, which is not expected");
  return *factor;
}

core::Result<Span> watttime_step(json::value const& meta) {
  json::value const* period = member(meta, "data_point_period_seconds");
  double const seconds = period == nullptr ? 0 : number_of(*period).value_or(0);
  if (seconds < 60 || seconds > 86'400 || seconds != std::floor(seconds)) {
    return bad_reply("it has no usable `data_point_period_seconds`");
  }
  return Span{static_cast<std::int64_t>(seconds) * 1000};
}

core::Result<WattTimeList> read_watttime_list(std::string const& body, WattTimeAsk const& ask) {
  auto const reply = object_of(body);
  if (!reply) return tl::unexpected(reply.error());
  json::value const* data = member(*reply, "data");
  if (data == nullptr || data->is_null()) return no_data("`data` is absent");
  if (!data->is_array()) return bad_reply("`data` is not a list");
  json::value const* meta = member(*reply, "meta");
  if (data->get_array().empty()) return no_data(watttime_warning(meta == nullptr ? json::value{} : *meta));
  if (meta == nullptr || !meta->is_object()) return bad_reply("it has no `meta`");
  auto const factor = watttime_factor(*meta, ask);
  if (!factor) return tl::unexpected(factor.error());
  auto const step = watttime_step(*meta);
  if (!step) return tl::unexpected(step.error());

  WattTimeList list;
  list.step = *step;
  list.generated = time_member(*meta, "generated_at");
  json::value const* stamp = member(*meta, "generated_at");
  if (stamp != nullptr && !stamp->is_null() && !list.generated) {
    return bad_reply("its `generated_at` is not readable");
  }
  for (json::value const& entry : data->get_array()) {
    auto const begin = time_member(entry, "point_time");
    if (!begin) return bad_reply("an entry has no readable `point_time`");
    auto const value =
        figure(member(entry, "value"), *factor, ask.kind, "the entry at " + core::utc_text(*begin));
    if (!value) return tl::unexpected(value.error());
    if (*value) list.samples.push_back({*begin, **value});
  }
  return list;
}

// An entry of /v3/my-access: whether it has the address that cannot be done without. One that lists no
// address is taken to have it.
bool offers_figures(json::value const& entry, SignalKind kind) {
  json::array const* endpoints = array_member(entry, "endpoints");
  if (endpoints == nullptr || endpoints->empty()) return true;
  std::string_view const needed = kind == SignalKind::kAverage ? "v3/historical" : "v3/forecast";
  return std::any_of(endpoints->begin(), endpoints->end(), [&](json::value const& endpoint) {
    std::string const name = text_member(endpoint, "endpoint").value_or("");
    return name == needed || name == "/" + std::string(needed);
  });
}

// What FastAPI says in {"detail": [{"msg": "…"}]}.
std::string watttime_words(std::string const& body) {
  std::string words = error_words(body);
  auto const parsed = parse_json(body);
  json::array const* detail = parsed ? array_member(*parsed, "detail") : nullptr;
  if (words.empty() && detail != nullptr && !detail->empty()) {
    words = text_member(detail->front(), "msg").value_or("").substr(0, 200);
  }
  return words.empty() ? words : " (" + words + ")";
}

}  // namespace

std::vector<Ask> watttime_asks(std::string const& base_url, WattTimeAsk const& ask,
                               PollMoment const& moment) {
  std::string const what = "region=" + ask.region + "&signal_type=" + watttime_signal(ask.kind);
  if (ask.kind == SignalKind::kRelative) return {{base_url + "/v3/signal-index?" + what}};
  bool const average = ask.kind == SignalKind::kAverage;
  std::vector<Ask> asks{{base_url + "/v3/forecast?" + what + "&horizon_hours=72", average}};
  core::Interval const past =
      history_window(moment, kWattTimeTick, kWattTimeReach, average ? kWattTimeDay : Span{0});
  if (!past.empty()) {
    asks.push_back({base_url + "/v3/historical?" + what + "&start=" + core::utc_text(past.begin) +
                        "&end=" + core::utc_text(past.end),
                    !average, !average});
  }
  return asks;
}

core::Result<core::Signal> read_watttime(std::vector<std::string> const& bodies, WattTimeAsk const& ask,
                                         Instant now) {
  core::Signal signal;
  signal.source = watttime_source(ask);
  signal.received_at = now;
  signal.issued_at = now;
  bool const average = ask.kind == SignalKind::kAverage;
  std::vector<core::IntensityPoint> parts[2];  // the forecast (or the index), the history
  for (std::size_t i = 0; i < std::min<std::size_t>(bodies.size(), 2); ++i) {
    bool const optional = average || i == 1;
    if (optional && bodies[i].empty()) continue;
    auto const list = read_watttime_list(bodies[i], ask);
    if (!list && optional && list.error().reason == "NO_DATA") continue;
    if (!list) return tl::unexpected(list.error());
    bool const forecast = i == 0 && ask.kind != SignalKind::kRelative;
    auto points = lay_out(list->samples, list->step, forecast ? Instant::min() : now);
    if (!points) return tl::unexpected(points.error());
    parts[i] = std::move(*points);
    if (!forecast || !list->generated || parts[i].empty()) continue;
    if (*list->generated > now + kWattTimeTick) return bad_reply("its `generated_at` is in the future");
    signal.issued_at = *list->generated;
    signal.issue_time_is_receipt = false;
  }
  if (!average && parts[0].empty()) return no_data("no entry has a figure");
  signal.points = join(parts[1], parts[0]);
  if (signal.points.empty()) return no_data("no entry has a figure");
  return signal;
}

std::optional<Refusal> refused_by_watttime(int status, std::string const& body, WattTimeAsk const& ask) {
  std::string const words = watttime_words(body);
  std::string const what = std::string(watttime_signal(ask.kind)) + " of region " + ask.region;
  bool const scope = words.find("Invalid scope") != std::string::npos;
  if (scope || (status == 403 && parse_json(body))) {
    return Refusal{"the WattTime account may not read " + what + words +
                       "; ask /v3/my-access what it may read and set `region` to one of those, set `kind: "
                       "relative` for the index that is free in every region, or widen the plan",
                   true};
  }
  if (status == 401 || status == 403) {
    return Refusal{
        "WattTime does not accept the login, even when renewed" + words + "; check `user` and `secret_file`",
        false};
  }
  if (status == 400 || status == 404 || status == 422) {
    return Refusal{"WattTime has no " + what + words +
                       "; check `region`: /v3/region-from-loc tells the region of a place, and /v3/my-access "
                       "what the account may read",
                   true};
  }
  return std::nullopt;
}

std::optional<Refusal> watttime_access(std::string const& body, WattTimeAsk const& ask) {
  auto const reply = parse_json(body);
  json::array const* types = reply ? array_member(*reply, "signal_types") : nullptr;
  if (types == nullptr) return std::nullopt;
  std::string readable;
  std::size_t count = 0;
  for (json::value const& type : *types) {
    auto const name = text_member(type, "signal_type");
    json::array const* regions = array_member(type, "regions");
    if (!name || regions == nullptr) return std::nullopt;
    if (*name != watttime_signal(ask.kind)) continue;
    for (json::value const& entry : *regions) {
      auto const region = text_member(entry, "region");
      if (!region) return std::nullopt;
      if (!offers_figures(entry, ask.kind)) continue;
      if (*region == ask.region) return std::nullopt;
      if (++count <= kRegionsNamed) readable += (count > 1 ? ", " : "") + printable(*region).substr(0, 40);
    }
  }
  if (count > kRegionsNamed) readable += " and " + std::to_string(count - kRegionsNamed) + " more";
  std::string const signal = watttime_signal(ask.kind);
  return Refusal{
      "region " + ask.region + " is not in the plan of the WattTime account; it may read " + signal + " of " +
          (count == 0 ? "no region" : readable) +
          "; set `region` to the one that the site is in, set `kind: relative` for the index that is "
          "free in every region, or widen the plan",
      true};
}

core::Result<Provider> watttime_provider(FeedConfig const& config) {
  std::string const region = config.region.empty() ? config.zone : config.region;
  if (!plain_name(region)) {
    return bad_feed("WattTime has no region `" + printable(region) +
                    "`; set `region` to a name from its /v3/my-access or /v3/region-from-loc, such as PSCO");
  }
  if (config.user.empty() || config.secret.empty()) {
    return bad_feed(
        "the watttime feed needs an account; get a free one by POST to https://api.watttime.org/register "
        "(see "
        "docs.watttime.org), then set `user` and `secret_file`");
  }
  WattTimeAsk const ask{config.zone, region, config.kind.value_or(SignalKind::kMarginal)};
  std::string const base = base_url_of(config, kWattTimeBaseUrl);
  Provider provider = provider_of(watttime_source(ask), config);
  provider.asks = [base, ask](PollMoment const& moment) { return watttime_asks(base, ask, moment); };
  provider.read = [ask](auto const& bodies, Instant now) { return read_watttime(bodies, ask, now); };
  provider.refused = [ask](int status, std::string const& body) {
    return refused_by_watttime(status, body, ask);
  };
  provider.login = Login{base + "/login", config.user, config.secret};
  if (ask.kind != SignalKind::kRelative) {
    provider.access =
        Access{base + "/v3/my-access", [ask](std::string const& body) { return watttime_access(body, ask); }};
  }
  provider.issue_age = 2 * kWattTimeTick;
  provider.poll.interval = std::chrono::minutes{5};
  provider.poll.jitter = std::chrono::seconds{40};
  return provider;
}

}  // namespace greenq::feed
