#include "feed_setup.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>

#include "app/system.hpp"
#include "core/carbon/utc_text.hpp"
#include "feed/catalogue.hpp"
#include "feed/commons.hpp"
#include "feed/profiles.hpp"
#include "feed/secret.hpp"

namespace greenq {
namespace {

constexpr core::Span kCheckPatience{std::chrono::seconds{90}};

feed::FeedConfig config_of(app::FeedSettings const& from, app::Settings const& settings) {
  feed::FeedConfig config;
  config.provider = from.provider;
  config.zone = from.zone;
  config.path = from.path;
  config.issues_path = from.issues;
  config.start = from.start;
  config.speed = from.speed;
  config.loop = from.loop;
  config.anchor = from.anchor;
  config.kind = from.kind;
  config.basis = from.basis;
  config.horizon = settings.site.horizon;
  config.base_url = from.base_url;
  config.ca_file = from.ca_file;
  config.region = from.region;
  config.user = from.user;
  return config;
}

std::string host_of(std::string const& url) {
  std::size_t const scheme = url.find("://");
  std::string const rest = scheme == std::string::npos ? url : url.substr(scheme + 3);
  return rest.substr(0, rest.find_first_of(":/"));
}

core::Result<std::vector<std::string>> providers_of(app::FeedSettings const& from) {
  if (from.provider != "auto") return std::vector{from.provider};
  auto known = feed::auto_providers(from.zone);
  if (known.empty()) {
    return core::fail(core::ErrorCode::kInvalidArgument, "BAD_FEED",
                      "no provider without an account knows zone " + from.zone +
                          ": add watttime or electricity_maps with an account, or a file, under `feeds`; "
                          "`greenqd init --zone " +
                          from.zone + "` says whether there is such a zone");
  }
  return known;
}

// Takes replies of feeds that are only asked once.
class Basket final : public app::Inbox {
 public:
  void post(core::Event event) override {
    auto* const received = std::get_if<core::SignalReceived>(&event);
    if (received == nullptr) return;
    std::lock_guard const lock(mutex_);
    signals_.insert_or_assign(received->rank, std::move(received->signal));
    arrived_.notify_all();
  }
  // Nothing when it was in vain.
  std::optional<core::Signal> wait_for(int rank, app::Feed& feed) {
    auto const patience = std::chrono::milliseconds{100};
    for (core::Span waited{0}; waited < kCheckPatience; waited += patience) {
      {
        std::unique_lock lock(mutex_);
        arrived_.wait_for(lock, patience, [&] { return signals_.contains(rank); });
        if (auto const found = signals_.find(rank); found != signals_.end()) return found->second;
      }
      app::FeedStatus const status = feed.status();
      if (!status.last_error.empty() && !status.last_success) return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<int, core::Signal> signals_;
};

void print_signal(core::Signal const& signal, core::Instant now) {
  core::SignalSource const& source = signal.source;
  std::printf("  %s\n", source.label.c_str());
  std::printf("  kind %s%s\n", core::to_string(source.kind),
              source.kind == core::SignalKind::kAverage
                  ? "  (AVERAGE: does not estimate the effect of shifting; used for shifting only with "
                    "site.signal: average)"
                  : "");
  std::printf("  issued %s%s, %zu figures from %s to %s\n", core::utc_text(signal.issued_at).c_str(),
              signal.issue_time_is_receipt ? " (time of receipt)" : "", signal.points.size(),
              core::utc_text(signal.points.front().interval.begin).c_str(),
              core::utc_text(signal.points.back().interval.end).c_str());
  core::Curve const curve(signal.points);
  char const* const unit = source.kind == core::SignalKind::kRelative ? "percentile" : "g/kWh";
  if (auto const* here = curve.at(now)) {
    std::printf("  now %.1f %s (%s)\n", static_cast<double>(here->value.value) / 1000, unit,
                core::to_string(here->state));
  } else {
    std::printf("  now unknown: its newest figure is %.1f %s\n",
                static_cast<double>(signal.points.back().value.value) / 1000, unit);
  }
  if (!source.attribution.empty()) std::printf("  source: %s\n", source.attribution.c_str());
}

std::vector<app::FeedSettings> feeds_to_check(std::string const& zone, app::Settings const& settings) {
  std::vector<app::FeedSettings> out;
  for (app::FeedSettings const& feed : settings.feeds) {
    if (feed.zone == zone) out.push_back(feed);
  }
  if (!out.empty()) return out;
  app::FeedSettings feed;
  feed.provider = "auto";
  feed.zone = zone;
  return {feed};
}

}  // namespace

void log_feed(feed::LogLevel level, std::string const& id, std::string const& text) {
  switch (level) {
    case feed::LogLevel::kInfo:
      spdlog::info("{} message=\"{}\"", id, text);
      return;
    case feed::LogLevel::kWarning:
      spdlog::warn("{} message=\"{}\"", id, text);
      return;
    case feed::LogLevel::kError:
      spdlog::error("{} message=\"{}\"", id, text);
      return;
  }
}

core::Result<std::vector<feed::FeedConfig>> feed_configs(app::Settings const& settings,
                                                         app::Environment const& environment) {
  std::vector<feed::FeedConfig> out;
  for (app::FeedSettings const& from : settings.feeds) {
    auto const providers = providers_of(from);
    if (!providers) return tl::unexpected(providers.error());
    for (std::string const& provider : *providers) {
      feed::FeedConfig config = config_of(from, settings);
      config.provider = provider;
      config.rank = static_cast<int>(out.size());
      if (!from.secret_file.empty()) {
        auto secret = feed::read_secret(from.secret_file, environment);
        if (!secret) return tl::unexpected(secret.error());
        config.secret = std::move(*secret);
      }
      auto const* const known = feed::find_provider(provider);
      std::string const url = config.base_url.empty() && known != nullptr ? known->base_url : config.base_url;
      if (from.proxy.empty()) config.proxy = feed::proxy_from(environment, host_of(url));
      if (!from.proxy.empty() && from.proxy != "none") config.proxy = from.proxy;
      bool const listed = std::any_of(out.begin(), out.end(), [&](feed::FeedConfig const& other) {
        return other.provider == config.provider && other.zone == config.zone && other.kind == config.kind;
      });
      if (!listed) out.push_back(std::move(config));
    }
  }
  return out;
}

std::vector<core::YearlyFactor> yearly_factors(app::Settings const& settings) {
  std::vector<core::YearlyFactor> out;
  auto const add = [&](std::optional<double> grams, core::SignalKind kind) {
    if (!grams) return;
    std::string const label =
        std::string("yearly ") + core::to_string(kind) + " factor of the settings, " + settings.site.zone;
    out.push_back({{std::llround(*grams * 1000)},
                   {settings.site.zone, kind, core::SignalBasis::kUnknown, core::kYearlyFactor, label, ""}});
  };
  add(settings.site.marginal_factor, core::SignalKind::kMarginal);
  add(settings.site.average_factor, core::SignalKind::kAverage);
  return out;
}

std::vector<app::ZoneKinds> known_zones() {
  std::map<std::string, app::ZoneKinds> zones;
  for (feed::ShippedZone const& zone : feed::shipped_zones()) {
    zones[zone.id] = {zone.id, zone.marginal, zone.average, false};
  }
  for (feed::LiveZone const& zone : feed::live_zones()) {
    app::ZoneKinds& known = zones[zone.id];
    known = {zone.id, known.marginal || zone.marginal, known.average || zone.average, true};
  }
  std::vector<app::ZoneKinds> out;
  for (auto const& [id, zone] : zones) out.push_back(zone);
  return out;
}

int check_feeds(std::string const& zone, app::Settings const& settings, app::Environment const& environment) {
  app::Settings asked = settings;
  asked.feeds = feeds_to_check(zone, settings);
  auto const configs = feed_configs(asked, environment);
  if (!configs) {
    std::fprintf(stderr, "%s\n", configs.error().message.c_str());
    return 2;
  }
  app::SystemClock clock;
  Basket basket;
  feed::AsioHost host;
  feed::FeedContext context;
  context.clock = &clock;
  context.inbox = &basket;
  context.host = &host;
  context.commons = std::make_shared<feed::Commons>(host, clock);
  context.random = [] { return 0.5; };
  context.install_id = "check";
  int good = 0;
  for (feed::FeedConfig const& config : *configs) {
    std::printf("%s\n", config.provider.c_str());
    std::fflush(stdout);
    auto feed = feed::make_feed(config, context);
    if (!feed) {
      std::printf("  NOT USABLE: %s\n", feed.error().message.c_str());
      continue;
    }
    (*feed)->start();
    auto const signal = basket.wait_for(config.rank, **feed);
    (*feed)->stop();
    if (signal) {
      print_signal(*signal, clock.now());
      ++good;
    } else {
      auto const why = (*feed)->status().last_error;
      std::printf("  FAILED: %s\n", why.empty() ? "no answer in time" : why.c_str());
    }
  }
  host.stop();
  std::printf("%d of %zu provider(s) of zone %s answered with usable figures\n", good, configs->size(),
              zone.c_str());
  return good > 0 ? 0 : 1;
}

}  // namespace greenq
