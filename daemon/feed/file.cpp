#include "feed/file.hpp"

#include <algorithm>
#include <array>
#include <mutex>

#include "core/carbon/utc_text.hpp"
#include "feed/blocking.hpp"
#include "feed/file_stamp.hpp"
#include "feed/recording.hpp"
#include "feed/replay.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;

using Stamps = std::array<FileStamp, 2>;  // of the figures, of the issues

struct Look {
  Stamps stamps{};
  std::optional<core::Result<Recording>> recording;  // nothing: as known
};

Look look_at(RecordingOptions const& files, std::optional<Stamps> const& known) {
  // Before the reading: what is written meanwhile is seen the next time.
  Look look{{stamp_of(files.path), stamp_of(files.issues_path)}, std::nullopt};
  if (look.stamps != known) look.recording = load_recording(files);
  return look;
}

// Feeds of which one may have the result of the other.
std::string key_of(RecordingOptions const& files) {
  auto const number = [](auto const& choice) {
    return choice ? std::to_string(static_cast<int>(*choice)) : std::string("-");
  };
  return "file " + files.path + '\n' + files.issues_path + '\n' + files.zone + '\n' + number(files.kind) +
         number(files.basis);
}

std::string hung_text(RecordingOptions const& files) {
  return files.path + ": could not be read within " + seconds_text(kFileLimit) +
         "; check the disk or network mount that it is on";
}

class FileFeed final : public app::Feed {
 public:
  FileFeed(RecordingOptions files, Stamps const& stamps, Recording recording, FeedConfig const& config,
           FeedContext context)
      : shared_(std::make_shared<Shared>()) {
    shared_->files = std::move(files);
    shared_->stamps = stamps;
    shared_->rank = config.rank;
    shared_->horizon = config.horizon;
    shared_->context = std::move(context);
    shared_->options.zone = config.zone;
    shared_->options.provider = "file";
    shared_->options.past_only = true;
    use(*shared_, std::move(recording));
    shared_->status.polls = shared_->status.accepted = 1;
  }
  ~FileFeed() override { stop(); }

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
    if (!status.last_error.empty()) status.health = app::FeedHealth::kDead;
    if (!status.last_success) return status;
    Instant const now = shared_->context.clock->now();
    Instant const until = shared_->known_until;
    status.health = until > now ? app::FeedHealth::kFresh : health_of_old(until, now);
    return status;
  }

 private:
  struct Shared {
    RecordingOptions files;
    int rank = 0;
    Span horizon{0};
    FeedContext context;
    // io thread only
    Stamps stamps{};
    Recording recording;
    ReplayOptions options;
    std::string refusal;            // of the newest version
    std::string problem;            // that, or why it is not known
    std::optional<Instant> change;  // when the figures in force say something new
    std::mutex mutex;               // guards what follows
    bool stopped = false;
    std::uint64_t timer = 0;
    Instant known_until{};
    app::FeedStatus status;
  };

  static void use(Shared& shared, Recording recording) {
    shared.recording = std::move(recording);
    shared.options.start = shared.recording.begin();
    shared.known_until = shared.recording.end();
    Instant const now = shared.context.clock->now();
    shared.status.source =
        replay_at(shared.recording, shared.options, shared.options.start, now, Span{0}).source;
  }

  static core::Result<Recording> same_kind(Shared const& shared, core::Result<Recording> recording) {
    if (!recording) return recording;
    auto const& [kind, basis] = std::pair(recording->kind, recording->basis);
    if (kind != shared.recording.kind || basis != shared.recording.basis) {
      return core::fail(core::ErrorCode::kInvalidArgument, "BAD_RECORDING",
                        shared.files.path +
                            ": the kind or the basis is not that of the version before; "
                            "restart greenqd if that is meant");
    }
    return recording;
  }

  // Asks for the files and goes on when they are known, or when that takes too long.
  static void play(std::shared_ptr<Shared> const& shared) {
    {
      std::lock_guard const lock(shared->mutex);
      if (shared->stopped) return;
    }
    shared->context.host->run_blocking(
        key_of(shared->files), kFileLimit,
        [files = shared->files, known = shared->stamps] {
          return std::any(std::make_shared<Look const>(look_at(files, known)));
        },
        [shared](core::Result<std::any> const& look) { looked(shared, look); });
  }

  static void looked(std::shared_ptr<Shared> const& shared, core::Result<std::any> const& look) {
    {
      std::lock_guard const lock(shared->mutex);
      if (shared->stopped) return;
    }
    bool news = false;
    if (look) {
      news = take(*shared, *std::any_cast<std::shared_ptr<Look const> const&>(*look));
    } else {
      tell(*shared, look.error().reason == "TIMEOUT" ? hung_text(shared->files) : look.error().message);
    }
    show(shared, news);
  }

  // Whether other figures are in force now.
  static bool take(Shared& shared, Look const& look) {
    if (!look.recording) {
      tell(shared, shared.refusal);
      return false;
    }
    shared.stamps = look.stamps;
    auto const recording = same_kind(shared, *look.recording);
    shared.refusal = recording ? "" : recording.error().message;
    tell(shared, shared.refusal);
    std::lock_guard const lock(shared.mutex);
    ++shared.status.polls;
    ++(recording ? shared.status.accepted : shared.status.rejected);
    if (recording) use(shared, *recording);
    return recording.has_value();
  }

  // What is wrong now; empty: nothing. Logged when it is something else than before.
  static void tell(Shared& shared, std::string const& what) {
    std::string problem = what.empty() ? "" : "the old figures stay: " + what;
    std::replace(problem.begin(), problem.end(), '\n', ';');
    if (problem == shared.problem) return;
    shared.problem = std::move(problem);
    std::lock_guard const lock(shared.mutex);  // stop() waits for a line on its way
    if (shared.stopped || !shared.context.log) return;
    std::string const who = "file " + shared.options.zone + ": ";
    if (shared.problem.empty()) {
      shared.context.log(LogLevel::kInfo, "feed.recovered", who + "the file can be used again");
    } else {
      shared.context.log(LogLevel::kWarning, "feed.failed", who + shared.problem);
    }
  }

  static void show(std::shared_ptr<Shared> const& shared, bool news) {
    Instant const now = shared->context.clock->now();
    Instant const begin = shared->options.start;
    std::lock_guard const lock(shared->mutex);
    if (shared->stopped) return;
    news = news || !shared->status.last_success || (shared->change && now >= *shared->change);
    shared->change = next_change(shared->recording, shared->options, begin, now);
    bool const over = shared->known_until <= now - kUsefulFor;
    if (news && !over) {
      core::Signal signal = replay_at(shared->recording, shared->options, begin, now, shared->horizon);
      if (!signal.points.empty()) {
        shared->status.last_success = now;
        shared->context.inbox->post(core::SignalReceived{shared->rank, std::move(signal)});
      }
    }
    shared->status.last_error = shared->problem;
    if (shared->problem.empty() && begin > now) {
      shared->status.last_error = "the figures of the file begin only at " + core::utc_text(begin) +
                                  "; until then another source of the zone decides";
    }
    if (shared->problem.empty() && over) {
      shared->status.last_error = "the figures of the file end at " + core::utc_text(shared->known_until) +
                                  "; write newer ones into it";
    }
    Span const wait = shared->change ? std::clamp(*shared->change - now, Span{200}, kFileLook) : kFileLook;
    shared->status.next_poll = now + wait;
    shared->timer = shared->context.host->after(wait, [shared] { play(shared); });
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace

core::Result<std::unique_ptr<app::Feed>> make_file(FeedConfig const& config, FeedContext const& context) {
  RecordingOptions files{config.path, config.issues_path, config.kind, config.basis, config.zone};
  auto const look = call_within(
      kFileLimit, [files] { return std::any(std::make_shared<Look const>(look_at(files, std::nullopt))); });
  if (!look) {
    bool const late = look.error().reason == "TIMEOUT";
    return core::fail(core::ErrorCode::kUnavailable, "BAD_RECORDING",
                      late ? hung_text(files) : files.path + ": " + look.error().message);
  }
  auto const& [stamps, recording] = *std::any_cast<std::shared_ptr<Look const> const&>(*look);
  if (!*recording) return tl::unexpected(recording->error());
  return std::make_unique<FileFeed>(std::move(files), stamps, **recording, config, context);
}

}  // namespace greenq::feed
