#include "feed/polled.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "core/carbon/utc_text.hpp"
#include "core/check.hpp"
#include "feed/issue_age.hpp"
#include "feed/json.hpp"
#include "feed/poll_round.hpp"
#include "feed/provider_parts.hpp"
#include "feed/time_text.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;

constexpr Span kMaxSkew{std::chrono::minutes{2}};
constexpr Span kReviseEvery{std::chrono::hours{24}};

using RoundPtr = std::shared_ptr<Round>;

class PolledFeed final : public app::Feed {
 public:
  PolledFeed(Provider provider, int rank, FeedContext context) : shared_(std::make_shared<Shared>()) {
    if (!context.commons) context.commons = std::make_shared<Commons>(*context.host, *context.clock);
    shared_->status.source = provider.source;
    shared_->phase = phase_of(context.install_id, provider.poll);
    shared_->issues = IssueAge(provider.issue_age);
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
    if (!status.last_error.empty()) status.health = app::FeedHealth::kDead;
    if (status.last_success) {
      Instant const now = shared_->context.clock->now();
      Span const interval = shared_->provider.poll.interval;
      bool const fresh =
          now - *status.last_success <= 2 * interval && !shared_->issues.overdue(interval, now);
      status.health = fresh ? app::FeedHealth::kFresh : health_of_old(shared_->known_until, now);
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
    std::map<std::string, std::string> warnings;  // by log id; empty: it is over
    std::string token;
    int access_tries = 0;
    Instant actuals_until{};
    std::optional<Instant> gap;                   // from there on the history did not come yet
    int history_tries = 0;                        // in vain
    std::optional<Span> revised_at;               // steady
    std::map<std::string, Validator> validators;  // by url, those of the last accepted poll
    Levels levels;
    std::vector<core::IntensityPoint> posted;
    std::optional<Instant> posted_issue;
    std::mutex mutex;  // guards what follows
    bool stopped = false;
    std::uint64_t timer = 0;
    Instant known_until{};
    IssueAge issues;
    app::FeedStatus status;
  };
  using Ptr = std::shared_ptr<Shared>;

  // Under the mutex, so that stop() waits for a line on its way and no other follows.
  static void log(Shared& shared, LogLevel level, std::string const& id, std::string const& text) {
    std::lock_guard const lock(shared.mutex);
    if (shared.stopped || !shared.context.log) return;
    shared.context.log(level, id,
                       shared.provider.source.provider + " " + shared.provider.source.zone + ": " + text);
  }

  // What is odd but spoils nothing: logged once and, while it lasts, said in last_error. Empty: it is over.
  static void warn(Shared& shared, std::string const& id, std::string text) {
    std::string& known = shared.warnings[id];
    if (known == text) return;
    known = std::move(text);
    if (!known.empty()) log(shared, LogLevel::kWarning, id, known);
  }

  static bool stopped(Shared& shared) {
    std::lock_guard const lock(shared.mutex);
    return shared.stopped;
  }

  static void poll(Ptr const& shared) {
    if (stopped(*shared)) return;
    Instant const now = shared->context.clock->now();
    if (shared->context.known_until) {
      shared->actuals_until =
          std::max(shared->actuals_until,
                   std::exchange(shared->context.known_until, nullptr)(shared->provider.source));
    }
    auto round = std::make_shared<Round>();
    Span const steady = shared->context.clock->steady();
    round->revises = !shared->revised_at || steady - *shared->revised_at >= kReviseEvery;
    round->known_until = std::min(shared->gap.value_or(shared->actuals_until), now);
    round->asks = shared->provider.asks({now, round->known_until, round->revises});
    GREENQ_CHECK(!round->asks.empty());
    {
      std::lock_guard const lock(shared->mutex);
      ++shared->status.polls;
    }
    if (!shared->provider.login) return send(shared, round);
    log_in(shared, round, "");
  }

  static void log_in(Ptr const& shared, RoundPtr const& round, std::string const& refused) {
    shared->context.commons->token(*shared->provider.login, shared->provider.request, refused,
                                   [shared, round](core::Result<std::string> token) {
                                     if (!token) return no_login(shared, token.error());
                                     shared->token = *token;
                                     check_access(shared, round);
                                   });
  }

  static void no_login(Ptr const& shared, core::Error const& why) {
    bool const permanent = why.code == core::ErrorCode::kPermissionDenied ||
                           why.code == core::ErrorCode::kFailedPrecondition ||
                           why.code == core::ErrorCode::kInvalidArgument;
    auto const asked = why.metadata.find("retry_after");
    Span const wait = asked == why.metadata.end() ? pause(*shared) : longer_pause(*shared, asked->second);
    failed(shared, why.message, why.metadata.contains("answered"),
           permanent ? std::nullopt : std::optional(wait));
  }

  static void check_access(Ptr const& shared, RoundPtr const& round) {
    if (!shared->provider.access || shared->access_tries >= kAccessTries) return send(shared, round);
    if (stopped(*shared)) return;
    ++shared->access_tries;
    shared->context.commons->get(
        request_of(*shared, shared->provider.access->url), Span{0},
        [shared, round](core::Result<HttpReply> const& reply) {
          bool const came = reply && reply->status == 200 && is_json(reply->content_type);
          auto const refusal = came ? shared->provider.access->judge(reply->body) : std::nullopt;
          if (came) shared->access_tries = kAccessTries;
          if (!refusal) return send(shared, round);
          failed(shared, refusal->words, true,
                 refusal->permanent ? std::nullopt : std::optional(pause(*shared)));
        });
  }

  static HttpRequest request_of(Shared const& shared, std::string url) {
    HttpRequest request = shared.provider.request;
    request.url = std::move(url);
    request.headers = shared.provider.headers;
    if (shared.provider.login) request.headers.emplace_back("Authorization", "Bearer " + shared.token);
    return request;
  }

  static void send(Ptr const& shared, RoundPtr const& round) {
    if (stopped(*shared)) return;
    HttpRequest request = request_of(*shared, round->current().url);
    auto const known = shared->validators.find(request.url);
    if (known != shared->validators.end()) {
      auto const& [etag, modified, body] = known->second;
      if (!etag.empty()) request.headers.emplace_back("If-None-Match", etag);
      if (!modified.empty()) request.headers.emplace_back("If-Modified-Since", modified);
    }
    shared->context.commons->get(
        std::move(request), shared->provider.shared_for,
        [shared, round](core::Result<HttpReply> reply) { answered(shared, round, std::move(reply)); });
  }

  static void answered(Ptr const& shared, RoundPtr const& round, core::Result<HttpReply> reply) {
    if (stopped(*shared)) return;
    if (reply) watch_clock(*shared, *reply);
    if (reply && shared->provider.login && !round->renewed && token_is_old(*reply)) {
      round->renewed = true;
      return log_in(shared, round, std::exchange(shared->token, ""));
    }
    auto const known = shared->validators.find(round->current().url);
    if (reply && reply->status == 304 && known != shared->validators.end()) {
      return take(shared, round, known->second);
    }
    bool const usable = reply && reply->status == 200 && is_json(reply->content_type);
    if (usable) return take(shared, round, {reply->etag, reply->modified, std::move(reply->body)});
    if (round->current().optional) return take(shared, round, {});
    if (reply) return refuse(shared, *reply);
    bool const arrived = reply.error().code == core::ErrorCode::kOutOfRange;
    bool const config = reply.error().code == core::ErrorCode::kInvalidArgument;
    failed(shared, reply.error().message, arrived, config ? std::nullopt : std::optional(pause(*shared)));
  }

  static bool token_is_old(HttpReply const& reply) {
    return reply.status == 401 || (reply.status == 403 && !parse_json(reply.body));
  }

  static void take(Ptr const& shared, RoundPtr const& round, Validator answer) {
    bool const conditional = shared->provider.shared_for == Span{0};
    if (conditional && (!answer.etag.empty() || !answer.modified.empty())) {
      round->validators[round->current().url] = answer;
    }
    round->bodies.push_back(std::move(answer.body));
    if (round->bodies.size() < round->asks.size()) return send(shared, round);
    read(shared, *round);
  }

  static void refuse(Ptr const& shared, HttpReply const& reply) {
    std::string const status = "HTTP status " + std::to_string(reply.status);
    if (shared->provider.refused && reply.status != 200) {
      if (auto const known = shared->provider.refused(reply.status, reply.body)) {
        return failed(shared, status + ": " + known->words, true,
                      known->permanent ? std::nullopt : std::optional(pause(*shared)));
      }
    }
    switch (classify(reply.status)) {
      case StatusClass::kOk:
        return failed(shared,
                      "the reply is `" + clean(*shared, reply.content_type).substr(0, 80) + "`, not JSON",
                      true, pause(*shared));
      case StatusClass::kRedirect:
        if (reply.location.empty())
          return failed(shared, status + " answers no question", true, pause(*shared));
        return failed(shared, status + " points to " + place_of(reply.location) + kNotFollowed, true,
                      pause(*shared));
      case StatusClass::kOverloaded:
        return failed(shared, status + ": the server asks for a pause", true,
                      longer_pause(*shared, reply.retry_after));
      case StatusClass::kPermanent:
        return failed(shared, status + ": not asked again until the configuration changes; check it", true,
                      std::nullopt);
      case StatusClass::kTransient:
        return failed(shared, status, true, pause(*shared));
    }
  }

  static void read(Ptr const& shared, Round& round) {
    Provider const& provider = shared->provider;
    Instant const now = shared->context.clock->now();
    auto signal = judge(provider, shared->levels, round.bodies, now);
    std::string left_out;
    if (!signal) {
      auto rest = judge_without(provider, shared->levels, round, now);
      if (!rest) return failed(shared, signal.error().message, true, pause(*shared));
      left_out = clean(*shared, "an additional reply is left out: " + signal.error().message);
      signal = std::move(rest);
    }
    auto const came = history_came(provider, round, *signal, now);
    if (!came) return failed(shared, came.error().message, true, pause(*shared));
    warn(*shared, "feed.left_out", std::move(left_out));
    if (provider.deprecation) warn(*shared, "feed.deprecated", provider.deprecation(round.bodies));
    if (round.revises && round.whole()) shared->revised_at = shared->context.clock->steady();
    shared->validators = std::move(round.validators);
    accepted(shared, std::move(*signal));
    watch_gap(*shared, round, *came);
  }

  // What did not come is missing still, however new the actuals of the other replies are.
  static void watch_gap(Shared& shared, Round const& round, bool came) {
    shared.history_tries = came ? 0 : shared.history_tries + 1;
    if (!came && shared.history_tries < kHistoryTries) {
      shared.gap = round.known_until;
      return;
    }
    shared.gap.reset();
    shared.history_tries = 0;
    if (came || shared.actuals_until <= round.known_until) return;
    std::string const from =
        round.known_until > Instant{} ? " from " + core::utc_text(round.known_until) + " on" : "";
    log(shared, LogLevel::kWarning, "feed.gap",
        "the history" + from + " did not come in " + std::to_string(kHistoryTries) +
            " polls; what is missing of it is not asked for again");
  }

  static Span pause(Shared& shared) {
    Span const own = backoff(shared.provider.poll, shared.failures, shared.context.random());
    return std::max(own, shared.provider.shared_for);
  }

  // Of a server that asks for one; a short one does not shorten the own.
  static Span longer_pause(Shared& shared, std::string const& retry_after) {
    auto const asked = parse_retry_after(retry_after, shared.context.clock->now());
    return std::max(pause(shared), asked.value_or(shared.provider.poll.overload_pause));
  }

  static void watch_clock(Shared& shared, HttpReply const& reply) {
    Instant const now = shared.context.clock->now();
    auto const date = parse_http_date(reply.date);
    if (!date) return;
    bool const skewed = *date - now > kMaxSkew || now - *date > kMaxSkew;
    if (!skewed) return warn(shared, "feed.clock_skew", "");
    if (!shared.warnings["feed.clock_skew"].empty()) return;
    warn(shared, "feed.clock_skew",
         "the clock of this host and that of the server differ by more than 2 minutes (server: " +
             core::utc_text(*date) + "); check time synchronisation");
  }

  // A server that repeats an old issue is as good as none.
  static void watch_issue(Shared& shared, std::optional<Instant> issue, Instant now) {
    std::optional<Instant> overdue;
    {
      std::lock_guard const lock(shared.mutex);
      shared.issues.saw(issue, now);
      overdue = shared.issues.overdue(shared.provider.poll.interval, now);
    }
    warn(shared, "feed.old_issue",
         overdue ? "the provider repeats its issue of " + core::utc_text(*overdue) +
                       ", so the figures are as old as that; if it goes on, ask the provider"
                 : "");
  }

  static void accepted(Ptr const& shared, core::Signal signal) {
    Instant const now = shared->context.clock->now();
    bool const recovered = std::exchange(shared->failures, 0) > 0;
    Instant const known_before = shared->actuals_until;
    // Before gaps are bridged: what is made up is not known.
    for (core::IntensityPoint const& point : signal.points) {
      if (!core::was_measured(point, signal.received_at)) continue;
      shared->actuals_until = std::max(shared->actuals_until, point.interval.end);
    }
    signal.points = core::bridge_gaps(signal.points, signal.received_at);
    auto const issue = signal.issue_time_is_receipt ? std::nullopt : std::optional(signal.issued_at);
    // The same figures say more once a running step is over.
    bool const over = shared->actuals_until > known_before;
    bool const news = over || signal.points != shared->posted || issue != shared->posted_issue;
    shared->posted = signal.points;
    shared->posted_issue = issue;
    watch_issue(*shared, issue, now);
    Instant const next = next_regular(shared->provider.poll, shared->phase, now, shared->context.random());
    if (recovered) log(*shared, LogLevel::kInfo, "feed.recovered", "figures arrive again");
    std::lock_guard const lock(shared->mutex);
    if (shared->stopped) return;
    shared->known_until = signal.points.back().interval.end;
    shared->status.last_success = now;
    shared->status.last_error.clear();
    for (auto const& [id, text] : shared->warnings) {
      if (text.empty()) continue;
      shared->status.last_error += (shared->status.last_error.empty() ? "" : "; ") + text;
    }
    ++shared->status.accepted;
    if (news) shared->context.inbox->post(core::SignalReceived{shared->rank, std::move(signal)});
    come_back(shared, now, next - now);
  }

  static std::string clean(Shared const& shared, std::string text) {
    std::vector<std::string> secrets{shared.token};
    if (shared.provider.login) secrets.push_back(shared.provider.login->password);
    for (auto const& [name, value] : shared.provider.headers) secrets.push_back(value);
    return one_line(std::move(text), secrets);
  }

  // The old figures stay in force. `wait` nothing: never again with this configuration.
  static void failed(Ptr const& shared, std::string why, bool arrived, std::optional<Span> wait) {
    if (stopped(*shared)) return;
    Instant const now = shared->context.clock->now();
    why = clean(*shared, std::move(why));
    ++shared->failures;
    log(*shared, wait ? LogLevel::kWarning : LogLevel::kError, wait ? "feed.failed" : "feed.given_up", why);
    std::lock_guard const lock(shared->mutex);
    if (shared->stopped) return;
    shared->status.last_error = std::move(why);
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
