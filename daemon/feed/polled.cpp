#include "feed/polled.hpp"

#include <algorithm>
#include <mutex>

#include "core/carbon/utc_text.hpp"
#include "feed/profiles.hpp"
#include "feed/time_text.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;

constexpr Span kMaxSkew{std::chrono::minutes{2}};
constexpr Span kFrozen{std::chrono::hours{12}};
constexpr Span kMaxReach{std::chrono::hours{24 * 10}};

bool is_json(std::string const& content_type) {
  std::string const type = content_type.substr(0, content_type.find(';'));
  return type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

std::optional<core::Intensity> usual_mean(core::SignalSource const& source) {
  for (core::Profile const& profile : shipped_profiles(source.zone)) {
    if (profile.source.kind != source.kind) continue;
    std::int64_t sum = 0;
    for (auto const& season : profile.hours) {
      for (core::Intensity const value : season) sum += value.value;
    }
    return core::Intensity{sum / 96};
  }
  return std::nullopt;
}

std::optional<std::string> frozen(core::Signal const& signal, Instant now) {
  Span equal{0};
  core::IntensityPoint const* before = nullptr;
  for (core::IntensityPoint const& point : signal.points) {
    if (point.interval.end <= now) continue;
    equal = before != nullptr && before->value == point.value ? equal + point.interval.length()
                                                              : point.interval.length();
    if (equal >= kFrozen) return "the forecast is frozen: 12 hours of equal values";
    before = &point;
  }
  return std::nullopt;
}

class PolledFeed final : public app::Feed {
 public:
  PolledFeed(Provider provider, int rank, FeedContext context) : shared_(std::make_shared<Shared>()) {
    shared_->status.source = provider.source;
    shared_->phase = phase_of(context.install_id, provider.poll.interval);
    shared_->provider = std::move(provider);
    shared_->rank = rank;
    shared_->context = std::move(context);
  }
  ~PolledFeed() override { stop(); }

  void start() override {
    shared_->context.host->post([shared = shared_] { poll(shared); });
  }

  void stop() override {
    std::lock_guard const lock(shared_->mutex);
    shared_->stopped = true;
    shared_->context.host->cancel(shared_->timer);
  }

  app::FeedStatus status() override {
    std::lock_guard const lock(shared_->mutex);
    app::FeedStatus status = shared_->status;
    if (status.last_success) {
      Instant const now = shared_->context.clock->now();
      if (now - *status.last_success <= 2 * shared_->provider.poll.interval) {
        status.health = app::FeedHealth::kFresh;
      } else {
        status.health = shared_->known_until > now ? app::FeedHealth::kStale : app::FeedHealth::kDead;
      }
    }
    return status;
  }

 private:
  struct Shared {
    Provider provider;
    int rank = 0;
    FeedContext context;
    Span phase{0};
    // io thread only
    int failures = 0;
    std::string skew_warning;
    std::mutex mutex;  // guards what follows
    bool stopped = false;
    std::uint64_t timer = 0;
    Instant known_until{};
    app::FeedStatus status;
  };
  using Ptr = std::shared_ptr<Shared>;

  // One poll: the addresses one after another, then the reader.
  struct Round {
    std::vector<std::string> urls;
    std::vector<std::string> bodies;
  };

  static void log(Shared const& shared, LogLevel level, std::string const& id, std::string const& text) {
    if (shared.context.log) {
      shared.context.log(level, id,
                         shared.provider.source.provider + " " + shared.provider.source.zone + ": " + text);
    }
  }

  static void poll(Ptr const& shared) {
    auto round = std::make_shared<Round>();
    round->urls = shared->provider.urls(shared->context.clock->now());
    ask(shared, round);
  }

  static void ask(Ptr const& shared, std::shared_ptr<Round> const& round) {
    {
      std::lock_guard const lock(shared->mutex);
      if (shared->stopped) return;
    }
    HttpRequest request = shared->provider.request;
    request.url = round->urls[round->bodies.size()];
    shared->context.host->get(std::move(request), [shared, round](core::Result<HttpReply> reply) {
      answered(shared, round, std::move(reply));
    });
  }

  static void answered(Ptr const& shared, std::shared_ptr<Round> const& round,
                       core::Result<HttpReply> reply) {
    Instant const now = shared->context.clock->now();
    if (!reply) {
      bool const arrived = reply.error().code == core::ErrorCode::kOutOfRange;
      bool const config = reply.error().code == core::ErrorCode::kInvalidArgument;
      return failed(shared, now, reply.error().message, arrived, config ? std::nullopt : pause(*shared));
    }
    watch_clock(*shared, *reply, now);
    std::string const status = "HTTP status " + std::to_string(reply->status);
    switch (classify(reply->status)) {
      case StatusClass::kOk:
        break;
      case StatusClass::kRedirect:
        return failed(shared, now,
                      status + " points to " + reply->location.substr(0, 200) +
                          ", which is not followed; set base_url to the right address",
                      true, pause(*shared));
      case StatusClass::kOverloaded: {
        Span const asked =
            parse_retry_after(reply->retry_after, now)
                .value_or(std::max(shared->provider.poll.overload_pause, pause(*shared).value_or(Span{0})));
        return failed(shared, now, status + ": the server asks for a pause", true, asked);
      }
      case StatusClass::kPermanent:
        return failed(shared, now, status + ": not asked again until the configuration changes; check it",
                      true, std::nullopt);
      case StatusClass::kTransient:
        return failed(shared, now, status, true, pause(*shared));
    }
    if (!is_json(reply->content_type)) {
      return failed(shared, now, "the reply is `" + reply->content_type.substr(0, 80) + "`, not JSON", true,
                    pause(*shared));
    }
    round->bodies.push_back(std::move(reply->body));
    if (round->bodies.size() < round->urls.size()) return ask(shared, round);
    auto signal = shared->provider.read(round->bodies, now);
    std::optional<std::string> problem;
    if (!signal) {
      problem = signal.error().message;
    } else {
      problem = core::problem_of(*signal);
      if (!problem) problem = implausible(*signal, now);
    }
    if (problem) return failed(shared, now, *problem, true, pause(*shared));
    accepted(shared, now, std::move(*signal));
  }

  static std::optional<Span> pause(Shared& shared) {
    return backoff(shared.provider.poll, shared.failures, shared.context.random());
  }

  static void watch_clock(Shared& shared, HttpReply const& reply, Instant now) {
    auto const date = parse_http_date(reply.date);
    bool const skewed = date && (*date - now > kMaxSkew || now - *date > kMaxSkew);
    if (skewed && shared.skew_warning.empty()) {
      shared.skew_warning =
          "the clock of this host and that of the server differ by more than 2 minutes (server: " +
          core::utc_text(*date) + "); check time synchronisation";
      log(shared, LogLevel::kWarning, "feed.clock_skew", shared.skew_warning);
    }
    if (!skewed) shared.skew_warning.clear();
  }

  static void accepted(Ptr const& shared, Instant now, core::Signal signal) {
    bool const recovered = shared->failures > 0;
    shared->failures = 0;
    Instant const next = next_regular(shared->provider.poll, shared->phase, now, shared->context.random());
    if (recovered) log(*shared, LogLevel::kInfo, "feed.recovered", "figures arrive again");
    std::lock_guard const lock(shared->mutex);
    if (shared->stopped) return;
    shared->known_until = signal.points.back().interval.end;
    shared->status.last_success = now;
    shared->status.last_error = shared->skew_warning;
    shared->context.inbox->post(core::SignalReceived{shared->rank, std::move(signal)});
    come_back(shared, now, next - now);
  }

  // The old figures stay in force. `wait` nothing: never again with this configuration.
  static void failed(Ptr const& shared, Instant now, std::string const& why, bool arrived,
                     std::optional<Span> wait) {
    ++shared->failures;
    log(*shared, wait ? LogLevel::kWarning : LogLevel::kError, wait ? "feed.failed" : "feed.given_up", why);
    std::lock_guard const lock(shared->mutex);
    if (shared->stopped) return;
    shared->status.last_error = why;
    if (arrived) ++shared->status.rejected;
    shared->status.next_poll.reset();
    if (wait) come_back(shared, now, *wait);
  }

  // With the mutex held.
  static void come_back(Ptr const& shared, Instant now, Span wait) {
    shared->status.next_poll = now + wait;
    shared->timer = shared->context.host->after(wait, [shared] { poll(shared); });
  }

  Ptr shared_;
};

}  // namespace

std::optional<std::string> implausible(core::Signal const& signal, Instant now) {
  core::IntensityPoint const& first = signal.points.front();
  core::IntensityPoint const& last = signal.points.back();
  if (last.interval.end <= now)
    return "the forecast ends in the past, at " + core::utc_text(last.interval.end);
  if (last.interval.end > now + kMaxReach) return "the times reach more than 10 days ahead";
  if (first.interval.begin > now + 2 * first.interval.length()) {
    return "the times begin in the future, at " + core::utc_text(first.interval.begin);
  }
  if (auto problem = frozen(signal, now)) return problem;
  if (signal.source.kind != core::SignalKind::kAverage) return std::nullopt;
  auto const usual = usual_mean(signal.source);
  if (!usual) return std::nullopt;
  std::int64_t sum = 0;
  for (core::IntensityPoint const& point : signal.points) sum += point.value.value;
  std::int64_t const mean = sum / static_cast<std::int64_t>(signal.points.size());
  bool const near = std::abs(mean - usual->value) <= 100'000 && mean >= 1'000;
  if (near || (mean >= usual->value / 5 && mean <= usual->value * 5)) return std::nullopt;
  return "the mean of " + std::to_string(mean / 1000) + " g/kWh is too far from the usual " +
         std::to_string(usual->value / 1000) + " g/kWh of the zone; is the unit right?";
}

std::unique_ptr<app::Feed> make_polled(Provider provider, int rank, FeedContext context) {
  return std::make_unique<PolledFeed>(std::move(provider), rank, std::move(context));
}

}  // namespace greenq::feed
