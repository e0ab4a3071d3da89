#include "feed/polled.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "core/carbon/utc_text.hpp"
#include "core/check.hpp"
#include "feed/json.hpp"
#include "feed/plausible.hpp"
#include "feed/provider_parts.hpp"
#include "feed/time_text.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;

constexpr Span kMaxSkew{std::chrono::minutes{2}};
constexpr Span kReviseEvery{std::chrono::hours{24}};
constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kShortestSecret = 4;  // of those that are looked for in texts

bool is_json(std::string const& content_type) {
  std::string type;
  for (char const c : content_type.substr(0, content_type.find(';'))) {
    if (c != ' ' && c != '\t') type += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

void hide(std::string& text, std::string const& secret) {
  if (secret.size() < kShortestSecret) return;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "***");
  }
}

// What the server gave to ask "is it still the same?" with.
struct Validator {
  std::string etag;
  std::string modified;
  std::string body;
};

// One poll: the addresses one after another, then the reader.
struct Round {
  std::vector<Ask> asks;
  std::vector<std::string> bodies;
  std::map<std::string, Validator> validators;
  bool renewed = false;  // the login
  bool revises = false;  // what was known already
  Ask const& current() const { return asks[bodies.size()]; }
};
using RoundPtr = std::shared_ptr<Round>;

class PolledFeed final : public app::Feed {
 public:
  PolledFeed(Provider provider, int rank, FeedContext context) : shared_(std::make_shared<Shared>()) {
    if (!context.commons) context.commons = std::make_shared<Commons>(*context.host, *context.clock);
    shared_->status.source = provider.source;
    shared_->phase = phase_of(context.install_id, provider.poll);
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
    std::string left_out_warning;
    std::string token;
    Instant actuals_until{};
    std::optional<Span> revised_at;               // steady
    std::map<std::string, Validator> validators;  // by url, those of the last accepted poll
    Levels levels;
    std::vector<core::IntensityPoint> posted;
    std::optional<Instant> posted_issue;
    std::mutex mutex;  // guards what follows
    bool stopped = false;
    std::uint64_t timer = 0;
    Instant known_until{};
    app::FeedStatus status;
  };
  using Ptr = std::shared_ptr<Shared>;

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
    round->asks = shared->provider.asks({now, std::min(shared->actuals_until, now), round->revises});
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
                                     send(shared, round);
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

  static void send(Ptr const& shared, RoundPtr const& round) {
    if (stopped(*shared)) return;
    HttpRequest request = shared->provider.request;
    request.url = round->current().url;
    request.headers = shared->provider.headers;
    if (shared->provider.login) request.headers.emplace_back("Authorization", "Bearer " + shared->token);
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
        return failed(shared, "the reply is `" + reply.content_type.substr(0, 80) + "`, not JSON", true,
                      pause(*shared));
      case StatusClass::kRedirect:
        if (reply.location.empty())
          return failed(shared, status + " answers no question", true, pause(*shared));
        return failed(shared,
                      status + " points to " + reply.location.substr(0, 200) +
                          ", which is not followed; set base_url to the right address",
                      true, pause(*shared));
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

  static core::Result<core::Signal> judge(Shared& shared, std::vector<std::string> const& bodies) {
    Instant const now = shared.context.clock->now();
    auto signal = shared.provider.read(bodies, now);
    if (!signal) return signal;
    auto problem = core::problem_of(*signal);
    if (!problem) problem = implausible(*signal, now);
    if (!problem) problem = shared.levels.judge(*signal, now);
    if (problem) return core::fail(core::ErrorCode::kInvalidArgument, "IMPLAUSIBLE", *problem);
    return signal;
  }

  // Without one of the optional bodies, then without all of them.
  static core::Result<core::Signal> judge_without(Shared& shared, Round& round) {
    std::vector<std::size_t> extra;
    for (std::size_t i = 0; i < round.bodies.size(); ++i) {
      if (round.asks[i].optional && !round.bodies[i].empty()) extra.push_back(i);
    }
    std::vector<std::vector<std::size_t>> choices;
    for (std::size_t const i : extra) choices.insert(choices.begin(), {i});
    if (extra.size() > 1) choices.push_back(extra);
    for (auto const& choice : choices) {
      auto bodies = round.bodies;
      for (std::size_t const i : choice) bodies[i].clear();
      auto signal = judge(shared, bodies);
      if (!signal) continue;
      for (std::size_t const i : choice) round.validators.erase(round.asks[i].url);
      return signal;
    }
    return core::fail(core::ErrorCode::kInvalidArgument, "BAD_REPLY", "");
  }

  static void read(Ptr const& shared, Round& round) {
    auto signal = judge(*shared, round.bodies);
    std::string left_out;
    if (!signal) {
      auto rest = judge_without(*shared, round);
      if (!rest) return failed(shared, signal.error().message, true, pause(*shared));
      left_out = clean(*shared, "an additional reply is left out: " + signal.error().message);
      signal = std::move(rest);
    }
    if (!left_out.empty() && left_out != shared->left_out_warning) {
      log(*shared, LogLevel::kWarning, "feed.left_out", left_out);
    }
    bool const whole = left_out.empty() && std::count(round.bodies.begin(), round.bodies.end(), "") == 0;
    if (round.revises && whole) shared->revised_at = shared->context.clock->steady();
    shared->left_out_warning = std::move(left_out);
    shared->validators = std::move(round.validators);
    accepted(shared, std::move(*signal));
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
    bool const skewed = date && (*date - now > kMaxSkew || now - *date > kMaxSkew);
    if (skewed && shared.skew_warning.empty()) {
      shared.skew_warning =
          "the clock of this host and that of the server differ by more than 2 minutes (server: " +
          core::utc_text(*date) + "); check time synchronisation";
      log(shared, LogLevel::kWarning, "feed.clock_skew", shared.skew_warning);
    }
    if (!skewed) shared.skew_warning.clear();
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
    Instant const next = next_regular(shared->provider.poll, shared->phase, now, shared->context.random());
    if (recovered) log(*shared, LogLevel::kInfo, "feed.recovered", "figures arrive again");
    std::lock_guard const lock(shared->mutex);
    if (shared->stopped) return;
    shared->known_until = signal.points.back().interval.end;
    shared->status.last_success = now;
    shared->status.last_error =
        shared->skew_warning.empty() ? shared->left_out_warning : shared->skew_warning;
    ++shared->status.accepted;
    if (news) shared->context.inbox->post(core::SignalReceived{shared->rank, std::move(signal)});
    come_back(shared, now, next - now);
  }

  // One line of plain characters without secrets, whatever a server says.
  static std::string clean(Shared const& shared, std::string text) {
    hide(text, shared.token);
    if (shared.provider.login) hide(text, shared.provider.login->password);
    for (auto const& [name, value] : shared.provider.headers) hide(text, value);
    text.resize(std::min(text.size(), kLongestReason));
    for (char& c : text) c = c >= ' ' && c <= '~' ? c : '?';
    return text;
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
