#include "greenq/v1/carbon_service.grpc.pb.h"
#include "rpc/call.hpp"
#include "rpc/carbon_mapping.hpp"
#include "rpc/paging.hpp"
#include "rpc/services.hpp"
#include "rpc/time_mapping.hpp"

namespace greenq::rpc {
namespace {

// One kind of one zone, ready to answer from.
struct Series {
  std::vector<core::IntensityPoint> points;  // within [now, now + horizon), the first may begin earlier
  core::SignalSource source;
  core::Instant issued_at{};  // epoch: none
  bool issue_time_is_receipt = true;
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

Series site_series(app::View const& view, Asked const& asked, core::Interval window) {
  core::CarbonPolicy policy;
  policy.signal = asked.kind;
  auto const decision = core::decide(view.site, *view.signals, policy);
  // Without a deciding kind the marginal curve is still worth showing, else the average one.
  core::SignalKind kind = core::SignalKind::kMarginal;
  if (asked.kind) {
    kind = *asked.kind;
  } else if (decision.kind) {
    kind = *decision.kind;
  } else if (!view.signals->has(core::SignalKind::kMarginal)) {
    kind = core::SignalKind::kAverage;
  }
  auto const known = view.signals->view(kind, window.begin, window.length());
  Series out;
  out.not_shifted_reason = decision.not_shifted_reason;
  out.source = known.source;
  out.source.kind = kind;
  if (out.source.zone.empty()) out.source.zone = asked.zone;
  out.issued_at = known.issued_at;
  out.issue_time_is_receipt = known.issue_time_is_receipt;
  if (!known.curve) return out;
  for (auto const& point : known.curve->points()) {
    if (point.interval.overlaps(window)) out.points.push_back(point);
  }
  return out;
}

// Another zone: only its typical day is known here.
std::optional<Series> profile_series(std::vector<core::Profile> const& profiles, Asked const& asked,
                                     core::Interval window) {
  core::Profile const* found = nullptr;
  for (auto const& profile : profiles) {
    bool const fits =
        profile.source.zone == asked.zone && (!asked.kind || profile.source.kind == *asked.kind);
    bool const better = found == nullptr || profile.source.kind < found->source.kind;
    if (fits && better) found = &profile;
  }
  if (found == nullptr) return std::nullopt;
  return Series{core::climatology(*found, window),
                found->source,
                {},
                false,
                "The zone is not this site's; only its typical day is shown."};
}

core::Result<Series> read_series(Context const& context, Asked const& asked, core::Interval window) {
  if (asked.site) return site_series(*context.parts.engine->view(), asked, window);
  auto const series = profile_series(context.parts.profiles, asked, window);
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
  });
}

void list_zones(CallPtr<v1::ListZonesResponse> const& call, v1::ListZonesRequest const& request) {
  auto const page = read_page(request, rule_of(call->rpc()).method);
  if (failed(call, page)) return;
  std::map<std::string, std::vector<core::SignalKind>> zones;
  auto const& parts = call->context().parts;
  std::string const site = parts.engine->view()->site.zone;
  if (!site.empty()) zones[site];
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
  call->answer([&](v1::ListFeedsResponse& response) {
    response.set_next_page_token(page_through(
        *page, feeds.size(), [&](std::size_t i) { feed_to_wire(feeds[i], *response.add_feeds()); }));
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
