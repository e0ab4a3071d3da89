#include "greenq/v1/carbon_service.grpc.pb.h"
#include "rpc/call.hpp"
#include "rpc/carbon_mapping.hpp"
#include "rpc/paging.hpp"
#include "rpc/services.hpp"
#include "rpc/skill.hpp"
#include "rpc/time_mapping.hpp"

namespace greenq::rpc {
namespace {

// One kind of one zone, ready to answer from.
struct Series {
  std::vector<core::IntensityPoint> points;  // within [now, now + horizon), the first may begin earlier
  core::SignalSource source;
  core::Instant issued_at{};  // epoch: none
  bool issue_time_is_receipt = true;
  std::int64_t learned_hours = 0;
  bool stale = false;
  std::string not_shifted_reason;
};

struct Asked {
  std::string zone;  // never empty, unless the site has none
  bool site = false;
  std::optional<core::SignalKind> kind;
};

core::Result<Asked> read_asked(app::View const& view, std::string const& name, int kind) {
  auto zone = parse_zone(name);
  if (!zone) return tl::unexpected(zone.error());
  if (kind < v1::SIGNAL_KIND_UNSPECIFIED || kind > v1::SIGNAL_KIND_RELATIVE) {
    return tl::unexpected(invalid_field("kind", "has the unknown value " + std::to_string(kind) + "."));
  }
  Asked asked{zone->empty() ? view.site.zone : *zone, false, std::nullopt};
  asked.site = asked.zone == view.site.zone;
  if (kind != v1::SIGNAL_KIND_UNSPECIFIED) asked.kind = static_cast<core::SignalKind>(kind);
  return asked;
}

core::Error zone_not_found(std::string const& zone) {
  core::Error error{core::ErrorCode::kNotFound, "ZONE_NOT_FOUND",
                    "Nothing is known about zone \"" + zone + "\"; see ListZones for the known ones."};
  error.metadata["resource_type"] = "greenq.v1.Zone";
  error.metadata["resource_name"] = "zones/" + zone;
  return error;
}

// Without a deciding kind the marginal curve is still worth showing, else the average one.
core::SignalKind shown_kind(core::SiteSignals const& signals, std::optional<core::SignalKind> wanted) {
  if (wanted) return *wanted;
  return signals.has(core::SignalKind::kMarginal) ? core::SignalKind::kMarginal : core::SignalKind::kAverage;
}

Series series_of(core::SiteSignals const& signals, core::SignalKind kind, std::string const& zone,
                 core::Interval window) {
  auto const known = signals.view(kind, window.begin, window.length());
  Series out;
  out.source = known.source;
  out.source.kind = kind;
  if (out.source.zone.empty()) out.source.zone = zone;
  out.issued_at = known.issued_at;
  out.issue_time_is_receipt = known.issue_time_is_receipt;
  out.learned_hours = known.learned_hours;
  out.stale = known.feed_stale;
  if (!known.curve) return out;
  for (auto const& point : known.curve->points()) {
    if (point.interval.overlaps(window)) out.points.push_back(point);
  }
  return out;
}

std::optional<core::SignalKind> deciding_kind(app::View const& view, std::optional<core::SignalKind> wanted,
                                              std::string* why_not = nullptr) {
  core::CarbonPolicy policy;
  policy.signal = wanted;
  auto decision = core::decide(view.site, *view.signals, policy);
  if (why_not != nullptr) *why_not = std::move(decision.not_shifted_reason);
  return wanted ? wanted : decision.kind;
}

Series site_series(app::View const& view, Asked const& asked, core::Interval window) {
  std::string why_not;
  auto const kind = shown_kind(*view.signals, deciding_kind(view, asked.kind, &why_not));
  Series out = series_of(*view.signals, kind, asked.zone, window);
  out.not_shifted_reason = std::move(why_not);
  return out;
}

// Another zone: what its feeds say, else its typical day.
std::optional<Series> other_series(app::View const& view, std::vector<core::Profile> const& profiles,
                                   Asked const& asked, core::Interval window) {
  core::SiteSignals signals;
  if (auto const* known = view.find(asked.zone)) signals = *known;
  bool found = signals.has(core::SignalKind::kMarginal) || signals.has(core::SignalKind::kAverage);
  for (auto const& profile : profiles) {
    if (profile.source.zone != asked.zone) continue;
    signals.put_profile(profile);
    found = true;
  }
  auto const kind = shown_kind(signals, asked.kind);
  if (!found || !signals.has(kind)) return std::nullopt;
  Series out = series_of(signals, kind, asked.zone, window);
  out.not_shifted_reason = "The zone is not this site's; it moves no job here.";
  return out;
}

core::Result<Series> read_series(Context const& context, Asked const& asked, core::Interval window) {
  if (asked.site) return site_series(*context.parts.engine->view(), asked, window);
  auto const view = context.parts.engine->view();
  auto const series = other_series(*view, context.parts.profiles, asked, window);
  if (!series) return tl::unexpected(zone_not_found(asked.zone));
  return *series;
}

void series_source_to_wire(Series const& series, v1::SignalSource& wire) {
  source_to_wire(series.source, wire);
  if (series.issued_at == core::Instant{}) return;
  set_time(*wire.mutable_issue_time(), series.issued_at);
  wire.set_issue_time_is_receipt(series.issue_time_is_receipt);
}

void get_intensity(CallPtr<v1::GetIntensityResponse> const& call, v1::GetIntensityRequest const& request) {
  auto& context = call->context();
  auto const asked = read_asked(*context.parts.engine->view(), request.name(), request.kind());
  if (failed(call, asked)) return;
  core::Instant const now = context.now();
  auto const series = read_series(context, *asked, {now, now + std::chrono::hours{1}});
  if (failed(call, series)) return;
  call->answer([&](v1::GetIntensityResponse& response) {
    for (auto const& point : series->points) {
      if (point.interval.contains(now)) point_to_wire(point, *response.mutable_point());
    }
    series_source_to_wire(*series, *response.mutable_source());
  });
}

void get_forecast(CallPtr<v1::GetForecastResponse> const& call, v1::GetForecastRequest const& request) {
  auto& context = call->context();
  auto const view = context.parts.engine->view();
  auto const asked = read_asked(*view, request.name(), request.kind());
  if (failed(call, asked)) return;
  core::Span horizon = view->site.horizon;
  if (request.has_horizon()) {
    auto const wanted = to_span(request.horizon());
    if (!wanted || wanted->count() == 0)
      return call->fail(invalid_field("horizon", "must be a positive duration."));
    horizon = std::min(horizon, *wanted);
  }
  core::Instant const now = context.now();
  auto const series = read_series(context, *asked, {now, now + horizon});
  if (failed(call, series)) return;
  call->answer([&](v1::GetForecastResponse& response) {
    for (auto point : series->points) {
      point.interval = core::intersect(point.interval, {now, now + horizon});
      if (!point.interval.empty()) point_to_wire(point, *response.add_points());
    }
    series_source_to_wire(*series, *response.mutable_source());
    response.set_not_shifted_reason(series->not_shifted_reason);
    response.set_learned_hours(series->learned_hours);
    response.set_stale(series->stale);
  });
}

void get_forecast_skill(CallPtr<v1::GetForecastSkillResponse> const& call,
                        v1::GetForecastSkillRequest const& request) {
  constexpr int kDefaultDays = 30;
  constexpr int kMaxDays = 366;
  auto const view = call->context().parts.engine->view();
  auto const asked = read_asked(*view, request.name(), request.kind());
  if (failed(call, asked)) return;
  if (request.days() < 0 || request.days() > kMaxDays) {
    return call->fail(invalid_field("days", "must be from 1 to 366."));
  }
  auto const* const known = view->find(asked->zone);
  if (known == nullptr) return call->fail(zone_not_found(asked->zone));
  auto const kind =
      asked->site ? shown_kind(*known, deciding_kind(*view, asked->kind)) : shown_kind(*known, asked->kind);
  answer_skill(call, asked->zone, kind, request.days() == 0 ? kDefaultDays : request.days());
}

// The figures of its zone and kind that count now rest on it.
bool in_use(app::View const& view, core::SignalSource const& source, core::Instant now) {
  auto const* const known = view.find(source.zone);
  return known != nullptr &&
         known->view(source.kind, now, std::chrono::hours{1}).source.provider == source.provider;
}

void list_zones(CallPtr<v1::ListZonesResponse> const& call, v1::ListZonesRequest const& request) {
  auto const page = read_page(request, rule_of(call->rpc()).method);
  if (failed(call, page)) return;
  std::map<std::string, std::vector<core::SignalKind>> zones;
  auto const& parts = call->context().parts;
  std::string const site = parts.engine->view()->site.zone;
  if (!site.empty()) zones[site];
  for (auto const& feed : parts.feeds ? parts.feeds() : std::vector<app::FeedStatus>{})
    zones[feed.source.zone];
  for (auto const& profile : parts.profiles) zones[profile.source.zone].push_back(profile.source.kind);
  call->answer([&](v1::ListZonesResponse& response) {
    response.set_next_page_token(page_through(*page, zones.size(), [&](std::size_t i) {
      auto const& [zone, kinds] = *std::next(zones.begin(), static_cast<std::ptrdiff_t>(i));
      auto* out = response.add_zones();
      out->set_name("zones/" + zone);
      auto const named = parts.zone_names.find(zone);
      out->set_display_name(named == parts.zone_names.end() ? zone : named->second);
      for (auto const kind : kinds) out->add_profile_kinds(static_cast<v1::SignalKind>(kind));
      out->set_site(zone == site);
    }));
  });
}

void list_feeds(CallPtr<v1::ListFeedsResponse> const& call, v1::ListFeedsRequest const& request) {
  auto const page = read_page(request, rule_of(call->rpc()).method);
  if (failed(call, page)) return;
  auto const& parts = call->context().parts;
  auto const feeds = parts.feeds ? parts.feeds() : std::vector<app::FeedStatus>{};
  auto const view = parts.engine->view();
  core::Instant const now = call->context().now();
  call->answer([&](v1::ListFeedsResponse& response) {
    response.set_next_page_token(page_through(*page, feeds.size(), [&](std::size_t i) {
      auto& wire = *response.add_feeds();
      feed_to_wire(feeds[i], wire);
      wire.set_in_use(in_use(*view, feeds[i].source, now));
    }));
  });
}

class CarbonServiceImpl final : public v1::CarbonService::CallbackService {
 public:
  explicit CarbonServiceImpl(ContextPtr context) : context_(std::move(context)) {}

  grpc::ServerUnaryReactor* GetIntensity(grpc::CallbackServerContext* call,
                                         v1::GetIntensityRequest const* request,
                                         v1::GetIntensityResponse* response) override {
    return handle(context_, call, response, Rpc::kGetIntensity, true,
                  [&](auto const& c) { get_intensity(c, *request); });
  }
  grpc::ServerUnaryReactor* GetForecast(grpc::CallbackServerContext* call,
                                        v1::GetForecastRequest const* request,
                                        v1::GetForecastResponse* response) override {
    return handle(context_, call, response, Rpc::kGetForecast, true,
                  [&](auto const& c) { get_forecast(c, *request); });
  }
  grpc::ServerUnaryReactor* GetForecastSkill(grpc::CallbackServerContext* call,
                                             v1::GetForecastSkillRequest const* request,
                                             v1::GetForecastSkillResponse* response) override {
    return handle(context_, call, response, Rpc::kGetForecastSkill, true,
                  [&](auto const& c) { get_forecast_skill(c, *request); });
  }
  grpc::ServerUnaryReactor* ListZones(grpc::CallbackServerContext* call, v1::ListZonesRequest const* request,
                                      v1::ListZonesResponse* response) override {
    return handle(context_, call, response, Rpc::kListZones, true,
                  [&](auto const& c) { list_zones(c, *request); });
  }
  grpc::ServerUnaryReactor* ListFeeds(grpc::CallbackServerContext* call, v1::ListFeedsRequest const* request,
                                      v1::ListFeedsResponse* response) override {
    return handle(context_, call, response, Rpc::kListFeeds, true,
                  [&](auto const& c) { list_feeds(c, *request); });
  }

 private:
  ContextPtr context_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_carbon_service(ContextPtr context) {
  return std::make_unique<CarbonServiceImpl>(std::move(context));
}

}  // namespace greenq::rpc
