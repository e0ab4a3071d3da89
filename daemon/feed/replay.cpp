#include "feed/replay.hpp"

#include <algorithm>
#include <mutex>

#include "core/carbon/utc_text.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Interval;
using core::Span;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  std::int64_t const quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

// Recorded time to wall time and back, and the endless sequence of points of a looped recording.
class Tape {
 public:
  Tape(Recording const& recording, ReplayOptions const& options, Instant t0)
      : recording_(recording), options_(options), t0_(t0) {}

  Instant wall(Instant recorded) const {
    return t0_ + Span{floor_div((recorded - options_.start).count(), options_.speed)};
  }
  // Times the whole recording was played before the moment that shows now.
  std::int64_t round(Instant now) const {
    if (!options_.loop) return 0;
    return std::max<std::int64_t>(0, floor_div((shown(now) - recording_.begin()).count(), period().count()));
  }
  Instant shown(Instant now) const { return options_.start + (now - t0_) * options_.speed; }
  Span period() const { return recording_.end() - recording_.begin(); }

  bool exists(std::int64_t index) const { return index >= 0 && (options_.loop || index < size()); }
  core::Intensity value(std::int64_t index) const { return point(index).value; }
  Interval at(std::int64_t index) const {
    Instant const begin = point(index).begin + floor_div(index, size()) * period();
    return {wall(begin), wall(begin + recording_.step)};
  }
  // The first point that is not over at `now`; may not exist.
  std::int64_t current(Instant now) const {
    std::int64_t const rounds = round(now);
    Instant const base = shown(now) - rounds * period();
    auto const& points = recording_.points;
    auto const after = std::upper_bound(points.begin(), points.end(), base,
                                        [](Instant t, RecordedPoint const& p) { return t < p.begin; });
    std::int64_t index = rounds * size() + std::max<std::int64_t>(0, after - points.begin() - 1);
    while (index > 0 && at(index - 1).end > now) --index;
    while (exists(index) && at(index).end <= now) ++index;
    return index;
  }
  // The newest issue that was out at `now`; null when there is none.
  RecordedIssue const* issue(Instant now) const {
    auto const after = next_issue(now);
    return after == recording_.issues.begin() ? nullptr : &*std::prev(after);
  }
  std::vector<RecordedIssue>::const_iterator next_issue(Instant now) const {
    Instant const base = shown(now) - round(now) * period();
    return std::upper_bound(recording_.issues.begin(), recording_.issues.end(), base,
                            [](Instant t, RecordedIssue const& i) { return t < i.issued; });
  }

 private:
  std::int64_t size() const { return static_cast<std::int64_t>(recording_.points.size()); }
  RecordedPoint const& point(std::int64_t index) const {
    return recording_.points[static_cast<std::size_t>(index % size())];
  }
  Recording const& recording_;
  ReplayOptions const& options_;
  Instant t0_;
};

core::SignalSource source_of(Recording const& recording, ReplayOptions const& options) {
  std::string const foresight = recording.issues.empty() ? "perfect foresight" : "recorded forecasts";
  std::string label = "replay of " + recording.name + " from " + core::utc_text(options.start) + " at " +
                      std::to_string(options.speed) + "x, " + foresight;
  if (options.provider == "file") {
    label = "file " + recording.name + (recording.issues.empty() ? "" : ", recorded forecasts");
  }
  return {options.zone,     recording.kind,   recording.basis,
          options.provider, std::move(label), recording.attribution};
}

void add_foresight(Tape const& tape, Instant now, Span horizon, core::Signal& signal) {
  std::int64_t index = tape.current(now);
  for (std::size_t n = 0; n < kMaxReplayFuture && tape.exists(index); ++n, ++index) {
    Interval const at = tape.at(index);
    if (at.begin >= now + horizon) break;
    signal.points.push_back({at, tape.value(index), core::PointState::kForecast});
  }
}

void add_issue(Recording const& recording, Tape const& tape, Instant now, Span horizon,
               core::Signal& signal) {
  RecordedIssue const* issue = tape.issue(now);
  if (issue == nullptr) return;
  Instant const issued = issue->issued + tape.round(now) * tape.period();
  signal.issued_at = tape.wall(issued);
  signal.issue_time_is_receipt = false;
  for (std::size_t i = 0; i < issue->values.size(); ++i) {
    Instant const begin =
        issued + recording.issue_first + static_cast<std::int64_t>(i) * recording.issue_step;
    Interval at{tape.wall(begin), tape.wall(begin + recording.issue_step)};
    if (!signal.points.empty()) at.begin = std::max(at.begin, signal.points.back().interval.end);
    if (at.empty() || at.end <= now) continue;
    if (at.begin >= now + horizon) break;
    signal.points.push_back({at, issue->values[i], core::PointState::kForecast});
  }
}

}  // namespace

core::Signal replay_at(Recording const& recording, ReplayOptions const& options, Instant t0, Instant now,
                       Span horizon) {
  Tape const tape(recording, options, t0);
  core::Signal signal;
  signal.source = source_of(recording, options);
  signal.issued_at = now;
  signal.received_at = now;
  std::int64_t const current = tape.current(now);
  auto const first = std::max<std::int64_t>(0, current - static_cast<std::int64_t>(kMaxReplayPast));
  for (std::int64_t index = first; index < current && tape.exists(index); ++index) {
    signal.points.push_back({tape.at(index), tape.value(index), core::PointState::kActual});
  }
  if (recording.issues.empty()) {
    add_foresight(tape, now, horizon, signal);
  } else {
    add_issue(recording, tape, now, horizon, signal);
  }
  bool const over =
      !signal.points.empty() && signal.points.back().interval.end <= now && !tape.exists(current);
  if (over && !options.past_only) signal.points.clear();
  // A file that only measures is a feed like any: the forecaster makes its future.
  bool const ahead = !signal.points.empty() && signal.points.back().interval.end > now;
  signal.as_given = !options.past_only || ahead;
  return signal;
}

std::optional<Instant> next_change(Recording const& recording, ReplayOptions const& options, Instant t0,
                                   Instant now) {
  Tape const tape(recording, options, t0);
  std::int64_t const current = tape.current(now);
  if (!tape.exists(current)) return std::nullopt;
  Interval const at = tape.at(current);
  Instant next = at.begin > now ? at.begin : at.end;
  auto const issue = tape.next_issue(now);
  if (issue != recording.issues.end()) {
    Instant const out = tape.wall(issue->issued + tape.round(now) * tape.period());
    if (out > now) next = std::min(next, out);
  }
  return next;
}

namespace {

class ReplayFeed final : public app::Feed {
 public:
  ReplayFeed(Recording recording, ReplayOptions options, FeedConfig const& config, FeedContext const& context)
      : shared_(std::make_shared<Shared>()) {
    shared_->recording = std::move(recording);
    shared_->options = std::move(options);
    shared_->rank = config.rank;
    shared_->anchor = config.anchor;
    shared_->horizon = config.horizon;
    shared_->context = context;
    shared_->status.source = source_of(shared_->recording, shared_->options);
  }
  ~ReplayFeed() override { stop(); }

  void start() override {
    shared_->context.host->post([shared = shared_] { play(shared); });
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
      bool const covers = shared_->known_until > shared_->context.clock->now();
      status.health = covers ? app::FeedHealth::kFresh : app::FeedHealth::kDead;
    }
    return status;
  }

 private:
  struct Shared {
    Recording recording;
    ReplayOptions options;
    int rank = 0;
    std::optional<Instant> anchor;  // io thread only
    Span horizon{0};
    FeedContext context;
    std::mutex mutex;  // guards what follows
    bool stopped = false;
    std::uint64_t timer = 0;
    Instant known_until{};
    app::FeedStatus status;
  };

  // On the io thread: says what is known now and comes back at the next change.
  static void play(std::shared_ptr<Shared> const& shared) {
    constexpr Span kLeastPause{200};
    Instant const now = shared->context.clock->now();
    if (!shared->anchor) shared->anchor = now;
    core::Signal signal =
        replay_at(shared->recording, shared->options, *shared->anchor, now, shared->horizon);
    auto const next = next_change(shared->recording, shared->options, *shared->anchor, now);
    std::lock_guard const lock(shared->mutex);
    if (shared->stopped) return;
    shared->status.next_poll = next;
    if (!next) {
      shared->status.last_error = "the recording is over; set loop: true or choose another start";
    }
    if (!signal.points.empty()) {
      shared->known_until = signal.points.back().interval.end;
      shared->status.last_success = now;
      shared->context.inbox->post(core::SignalReceived{shared->rank, std::move(signal)});
    }
    if (!next) return;
    Span const pause = std::max(*next - now, kLeastPause);
    shared->timer = shared->context.host->after(pause, [shared] { play(shared); });
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace

core::Result<std::unique_ptr<app::Feed>> make_replay(FeedConfig const& config, FeedContext const& context) {
  auto recording = load_recording({config.path, config.issues_path, config.kind, config.basis});
  if (!recording) return tl::unexpected(recording.error());
  ReplayOptions options;
  options.zone = config.zone;
  options.provider = config.provider;
  options.start = config.start.value_or(recording->begin());
  options.speed = config.speed;
  options.loop = config.loop;
  auto const bad = [](std::string const& message) {
    return core::fail(core::ErrorCode::kInvalidArgument, "BAD_FEED", message);
  };
  if (options.speed < 1 || recording->step / options.speed < kMinReplayStep) {
    return bad("the replay speed " + std::to_string(options.speed) + " is out of range; choose 1 to " +
               std::to_string(recording->step / kMinReplayStep) + " for this recording");
  }
  if (options.start < recording->begin() || options.start >= recording->end()) {
    return bad("the replay start " + core::utc_text(options.start) +
               " is outside the recording; choose a time from " + core::utc_text(recording->begin()) +
               " to " + core::utc_text(recording->end()));
  }
  return std::make_unique<ReplayFeed>(std::move(*recording), std::move(options), config, context);
}

}  // namespace greenq::feed
