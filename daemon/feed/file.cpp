#include "feed/file.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <tuple>

#include "core/carbon/utc_text.hpp"
#include "feed/recording.hpp"
#include "feed/replay.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;

constexpr Span kFileAge{std::chrono::hours{24}};  // figures that ended longer ago are of no use

// What changes when a file does; all zero: there is none. Device, inode, size, time of change.
using Stamp = std::tuple<dev_t, ino_t, off_t, time_t, long>;

Stamp stamp_of(std::string const& path) {
  struct stat info {};
  if (path.empty() || ::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

class FileFeed final : public app::Feed {
 public:
  FileFeed(RecordingOptions files, std::array<Stamp, 2> stamps, Recording recording, FeedConfig const& config,
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
    if (!status.last_success) return status;
    Instant const now = shared_->context.clock->now();
    Instant const until = shared_->known_until;
    status.health = until > now              ? app::FeedHealth::kFresh
                    : until > now - kFileAge ? app::FeedHealth::kStale
                                             : app::FeedHealth::kDead;
    return status;
  }

 private:
  struct Shared {
    RecordingOptions files;
    int rank = 0;
    Span horizon{0};
    FeedContext context;
    // io thread only
    std::array<Stamp, 2> stamps{};
    Recording recording;
    ReplayOptions options;
    std::string problem;            // of the newest version
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

  static core::Result<Recording> load(Shared const& shared) {
    auto recording = load_recording(shared.files);
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

  // Reads the files again when they changed. Whether other figures are in force now.
  static bool look(Shared& shared) {
    // Before the reading: what is written meanwhile is seen the next time.
    std::array const stamps{stamp_of(shared.files.path), stamp_of(shared.files.issues_path)};
    if (stamps == shared.stamps) return false;
    shared.stamps = stamps;
    auto recording = load(shared);
    bool const was_bad = !shared.problem.empty();
    shared.problem = recording ? "" : "the old figures stay: " + recording.error().message;
    std::replace(shared.problem.begin(), shared.problem.end(), '\n', ';');
    if (shared.context.log && (!recording || was_bad)) {
      std::string const who = "file " + shared.options.zone + ": ";
      if (recording)
        shared.context.log(LogLevel::kInfo, "feed.recovered", who + "the file can be used again");
      if (!recording) shared.context.log(LogLevel::kWarning, "feed.failed", who + shared.problem);
    }
    std::lock_guard const lock(shared.mutex);
    ++shared.status.polls;
    ++(recording ? shared.status.accepted : shared.status.rejected);
    if (recording) use(shared, std::move(*recording));
    return recording.has_value();
  }

  static void play(std::shared_ptr<Shared> const& shared) {
    {
      std::lock_guard const lock(shared->mutex);
      if (shared->stopped) return;
    }
    bool news = look(*shared);
    Instant const now = shared->context.clock->now();
    Instant const begin = shared->options.start;
    std::lock_guard const lock(shared->mutex);
    if (shared->stopped) return;
    news = news || !shared->status.last_success || (shared->change && now >= *shared->change);
    shared->change = next_change(shared->recording, shared->options, begin, now);
    bool const over = shared->known_until <= now - kFileAge;
    if (news && !over) {
      core::Signal signal = replay_at(shared->recording, shared->options, begin, now, shared->horizon);
      if (!signal.points.empty()) {
        shared->status.last_success = now;
        shared->context.inbox->post(core::SignalReceived{shared->rank, std::move(signal)});
      }
    }
    shared->status.last_error = shared->problem;
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
  std::array const stamps{stamp_of(files.path), stamp_of(files.issues_path)};
  auto recording = load_recording(files);
  if (!recording) return tl::unexpected(recording.error());
  return std::make_unique<FileFeed>(std::move(files), stamps, std::move(*recording), config, context);
}

}  // namespace greenq::feed
