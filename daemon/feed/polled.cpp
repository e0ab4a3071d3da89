#include "feed/polled.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "core/carbon/utc_text.hpp"
#include "feed/plausible.hpp"
#include "feed/time_text.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;

constexpr Span kMaxSkew{std::chrono::minutes{2}};

bool is_json(std::string const& content_type) {
  std::string const type = content_type.substr(0, content_type.find(';'));
  return type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

class PolledFeed final : public app::Feed {
 public:
  PolledFeed(Provider provider, int rank, FeedContext context) : shared_(std::make_shared<Shared>()) {
    if (!context.commons) context.commons = std::make_shared<Commons>(*context.host, *context.clock);
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
  // What the server gave to ask "is it still the same?" with.
  struct Validator {
    std::string etag;
    std::string modified;
    std::string body;
  };
  struct Shared {
    Provider provider;
    int rank = 0;
    FeedContext context;
    Span phase{0};
    // io thread only
    int failures = 0;
    std::string skew_warning;
    std::string token;
    Instant actuals_until{};
    std::size_t accepted_hash = 0;
    std::map<std::string, Validator> validators;  // by url, those of the last poll
    Levels levels;
    std::mutex mutex;  // guards what follows
    bool stopped = false;
    std::uint64_t timer = 0;
    Instant known_until{};
    app::FeedStatus status;
  };
  using Ptr = std::shared_ptr<Shared>;

  // One poll: the addresses one after another, then the reader.
  struct Round {
    std::vector<Ask> asks;
    std::vector<std::string> bodies;
    std::map<std::string, Validator> validators;
    bool renewed = false;  // the login
    Ask const& current() const { return asks[bodies.size()]; }
  };
  using RoundPtr = std::shared_ptr<Round>;

  static void log(Shared const& shared, LogLevel level, std::string const& id, std::string const& text) {
    if (shared.context.log) {
      shared.context.log(level, id,
                         shared.provider.source.provider + " " + shared.provider.source.zone + ": " + text);
    }
  }

  static bool stopped(Shared& shared) {
    std::lock_guard const lock(shared.mutex);
    return shared.stopped;
  }

  static void poll(Ptr const& shared) {
    auto round = std::make_shared<Round>();
    if (shared->context.known_until) {
      shared->actuals_until =
          std::max(shared->actuals_until, std::exchange(shared->context.known_until, nullptr)());
    }
    round->asks = shared->provider.asks({shared->context.clock->now(), shared->actuals_until});
    ask(shared, round);
  }

  static void ask(Ptr const& shared, RoundPtr const& round) {
    if (stopped(*shared)) return;
    if (!shared->provider.login) return send(shared, round);
    HttpRequest limits = shared->provider.request;
    std::string const refused = round->renewed ? std::exchange(shared->token, "") : "";
    shared->context.commons->token(*shared->provider.login, std::move(limits), refused,
                                   [shared, round](core::Result<std::string> token) {
                                     if (!token) return no_login(shared, token.error());
                                     shared->token = *token;
                                     send(shared, round);
                                   });
  }

  static void no_login(Ptr const& shared, core::Error const& why) {
    bool const wrong = why.code == core::ErrorCode::kPermissionDenied;
    failed(shared, shared->context.clock->now(), why.message, true, wrong ? std::nullopt : pause(*shared));
  }

  static void send(Ptr const& shared, RoundPtr const& round) {
    if (stopped(*shared)) return;
    HttpRequest request = shared->provider.request;
    request.url = round->current().url;
    request.headers = shared->provider.headers;
    if (shared->provider.login) request.headers.emplace_back("Authorization", "Bearer " + shared->token);
    if (auto const known = shared->validators.find(request.url); known != shared->validators.end()) {
      if (!known->second.etag.empty()) request.headers.emplace_back("If-None-Match", known->second.etag);
      if (!known->second.modified.empty()) {
        request.headers.emplace_back("If-Modified-Since", known->second.modified);
      }
    }
    {
      std::lock_guard const lock(shared->mutex);
      ++shared->status.polls;
    }
    shared->context.commons->get(
        std::move(request), shared->provider.shared_for,
        [shared, round](core::Result<HttpReply> reply) { answered(shared, round, std::move(reply)); });
  }

  static void answered(Ptr const& shared, RoundPtr const& round, core::Result<HttpReply> reply) {
    Instant const now = shared->context.clock->now();
    if (reply && shared->provider.login && !round->renewed && token_is_old(*reply)) {
      round->renewed = true;
      return ask(shared, round);
    }
    auto const known = shared->validators.find(round->current().url);
    if (reply && reply->status == 304 && known != shared->validators.end()) {
      return take(shared, round, known->second);
    }
    bool const usable = reply && reply->status == 200 && is_json(reply->content_type);
    if (reply) watch_clock(*shared, *reply, now);
    if (usable) return take(shared, round, {reply->etag, reply->modified, std::move(reply->body)});
    if (round->current().optional) return take(shared, round, {});
    if (reply) return refuse(shared, now, *reply);
    bool const arrived = reply.error().code == core::ErrorCode::kOutOfRange;
    bool const config = reply.error().code == core::ErrorCode::kInvalidArgument;
    failed(shared, now, reply.error().message, arrived, config ? std::nullopt : pause(*shared));
  }

  static bool token_is_old(HttpReply const& reply) {
    return reply.status == 401 || (reply.status == 403 && !is_json(reply.content_type));
  }

  static void take(Ptr const& shared, RoundPtr const& round, Validator answer) {
    if (!answer.etag.empty() || !answer.modified.empty()) round->validators[round->current().url] = answer;
    round->bodies.push_back(std::move(answer.body));
    if (round->bodies.size() < round->asks.size()) return ask(shared, round);
    read(shared, *round);
  }

  static void refuse(Ptr const& shared, Instant now, HttpReply const& reply) {
    std::string const status = "HTTP status " + std::to_string(reply.status);
    if (shared->provider.refused && reply.status != 200) {
      if (auto const known = shared->provider.refused(reply.status, reply.body)) {
        return failed(shared, now, status + ": " + known->words, true,
                      known->permanent ? std::nullopt : pause(*shared));
      }
    }
    switch (classify(reply.status)) {
      case StatusClass::kOk:
        return failed(shared, now, "the reply is `" + reply.content_type.substr(0, 80) + "`, not JSON", true,
                      pause(*shared));
      case StatusClass::kRedirect:
        return failed(shared, now,
                      status + " points to " + reply.location.substr(0, 200) +
                          ", which is not followed; set base_url to the right address",
                      true, pause(*shared));
      case StatusClass::kOverloaded: {
        Span const asked =
            parse_retry_after(reply.retry_after, now)
                .value_or(std::max(shared->provider.poll.overload_pause, pause(*shared).value_or(Span{0})));
        return failed(shared, now, status + ": the server asks for a pause", true, asked);
      }
      case StatusClass::kPermanent:
        return failed(shared, now, status + ": not asked again until the configuration changes; check it",
                      true, std::nullopt);
      case StatusClass::kTransient:
        return failed(shared, now, status, true, pause(*shared));
    }
  }

  static void read(Ptr const& shared, Round& round) {
    Instant const now = shared->context.clock->now();
    std::size_t hash = 0;
    for (std::string const& body : round.bodies) hash = hash * 31 + std::hash<std::string>{}(body);
    auto signal = shared->provider.read(round.bodies, now);
    std::optional<std::string> problem;
    if (!signal) {
      problem = signal.error().message;
    } else {
      problem = core::problem_of(*signal);
      if (!problem) problem = implausible(*signal, now);
      if (!problem) problem = shared->levels.judge(*signal, now);
    }
    if (problem) return failed(shared, now, *problem, true, pause(*shared));
    signal->points = core::bridge_gaps(std::move(signal->points));
    shared->validators = std::move(round.validators);
    bool const news = std::exchange(shared->accepted_hash, hash) != hash;
    accepted(shared, now, std::move(*signal), news);
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

  // `news`: not the very bytes of the last reply.
  static void accepted(Ptr const& shared, Instant now, core::Signal signal, bool news) {
    bool const recovered = shared->failures > 0;
    shared->failures = 0;
    for (core::IntensityPoint const& point : signal.points) {
      bool const known =
          point.state == core::PointState::kActual || point.state == core::PointState::kEstimated;
      if (known) shared->actuals_until = std::max(shared->actuals_until, point.interval.end);
    }
    Instant const next = next_regular(shared->provider.poll, shared->phase, now, shared->context.random());
    if (recovered) log(*shared, LogLevel::kInfo, "feed.recovered", "figures arrive again");
    std::lock_guard const lock(shared->mutex);
    if (shared->stopped) return;
    shared->known_until = signal.points.back().interval.end;
    shared->status.last_success = now;
    shared->status.last_error = shared->skew_warning;
    ++shared->status.accepted;
    if (news) shared->context.inbox->post(core::SignalReceived{shared->rank, std::move(signal)});
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
    shared->status.given_up = !wait;
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

std::unique_ptr<app::Feed> make_polled(Provider provider, int rank, FeedContext context) {
  return std::make_unique<PolledFeed>(std::move(provider), rank, std::move(context));
}

}  // namespace greenq::feed
