// ReadLog: one chunk at a time; a worker reads the next when the last was written.
//
// Following costs a read of the file every log_poll_every while the attempt is alive; while nothing runs (not
// started, paused, waiting for another attempt) only events wake it.
#include "rpc/job_calls.hpp"
#include "rpc/job_mapping.hpp"
#include "rpc/time_mapping.hpp"

namespace greenq::rpc {
namespace {

constexpr std::size_t kChunkMax = 64UL * 1024;
constexpr std::size_t kPollTimer = 0;
constexpr std::size_t kStartTimer = 1;

class ReadLog final : public Stream<v1::ReadLogResponse> {
 public:
  ReadLog(ContextPtr context, v1::ReadLogRequest const& request)
      : Stream(std::move(context), Rpc::kReadLog), request_(request), offset_(request.offset()) {}

  void begin() {
    if (request_.attempt() < 0)
      return fail(invalid_field("attempt", "must not be negative; 0 means the newest."));
    switch (request_.stream()) {
      case v1::ReadLogRequest::STREAM_UNSPECIFIED:
      case v1::ReadLogRequest::STREAM_STDOUT:
        source_ = app::Logs::Stream::kStdout;
        break;
      case v1::ReadLogRequest::STREAM_STDERR:
        source_ = app::Logs::Stream::kStderr;
        break;
      default:
        return fail(invalid_field("stream", "must be STREAM_STDOUT or STREAM_STDERR."));
    }
    if (request_.has_start_timeout()) {
      auto const timeout = to_span(request_.start_timeout());
      if (!timeout) return fail(invalid_field("start_timeout", "must be a duration from 0 to 100 years."));
      arm(kStartTimer, *timeout, [this] { give_up_if_not_started(); });
    }
    auto const name = parse_job_name(request_.name());
    if (!name) return fail(name.error());
    if (request_.follow()) listen(name->id);
    {
      std::lock_guard const lock(mutex_);
      opened_ = true;
    }
    pump();
  }

 private:
  // What to do after a look at the job.
  enum class Next : std::uint8_t { kRead, kWait, kEnd };

  std::shared_ptr<ReadLog> shared() { return std::static_pointer_cast<ReadLog>(shared_from_this()); }

  void listen(core::JobId id) {
    int const handle = context().hub.subscribe([self = shared(), id](std::span<core::JobEvent const> events) {
      bool const ours = std::ranges::any_of(events, [id](auto const& event) { return event.job == id; });
      if (ours) self->job_changed();
    });
    hub_handle_ = handle;
    if (is_finished()) context().hub.unsubscribe(handle);
  }

  void job_changed() {
    {
      std::lock_guard const lock(mutex_);
      stale_ = true;
      sleeping_ = false;
    }
    pump();
  }

  void give_up_if_not_started() {
    {
      std::lock_guard const lock(mutex_);
      if (attempt_ != 0) return;
    }
    fail({core::ErrorCode::kDeadlineExceeded, "JOB_NOT_STARTED",
          "The job has not started within start_timeout; see greenq explain for the reason."});
  }

  bool produce(v1::ReadLogResponse& response) override {
    if (!chunk_) return false;
    response.set_offset(chunk_->offset);
    response.set_attempt(static_cast<std::int32_t>(attempt_));
    response.set_data(std::move(chunk_->data));
    chunk_.reset();
    return true;
  }

  void idle() override {
    bool look = false;
    {
      std::lock_guard const lock(mutex_);
      if (!opened_ || busy_ || sleeping_ || chunk_ || ending()) return;
      busy_ = true;
      look = std::exchange(stale_, false);
    }
    if (!look) return decide();
    find_job(context(), who(), rpc(), request_.name(), [self = shared()](core::Result<core::Job> job) {
      if (!job) return self->fail(job.error());
      {
        std::lock_guard const lock(self->mutex_);
        self->job_ = std::move(*job);
      }
      self->decide();
    });
  }

  // With the mutex held. Chooses the attempt at first, and says what comes next.
  core::Result<Next> choose() {
    bool const ended = core::is_terminal(job_.state);
    core::AttemptNo const newest = job_.attempts.empty() ? 0 : job_.attempts.back().number;
    if (attempt_ == 0) {
      auto const wanted = static_cast<core::AttemptNo>(request_.attempt());
      if (newest == 0 || wanted > newest) {
        if (!ended && request_.follow()) return Next::kWait;
        if (wanted > 0) return tl::unexpected(no_attempt(wanted));
        if (ended) return Next::kEnd;
        return core::fail(core::ErrorCode::kFailedPrecondition, "JOB_NOT_STARTED",
                          "The job has not started, so there is no output yet; follow it to wait.");
      }
      attempt_ = wanted == 0 ? newest : wanted;
    }
    bool const has_end = std::ranges::any_of(
        job_.attempts, [this](auto const& attempt) { return attempt.number == attempt_ && attempt.end; });
    over_ = ended || newest > attempt_ || has_end;
    return Next::kRead;
  }

  core::Error no_attempt(core::AttemptNo wanted) const {
    core::Error error{
        core::ErrorCode::kNotFound, "ATTEMPT_NOT_FOUND",
        "The job has no attempt " + std::to_string(wanted) + "; leave attempt out for the newest."};
    error.metadata["resource_type"] = "greenq.v1.Attempt";
    error.metadata["resource_name"] = request_.name();
    return error;
  }

  void decide() {
    core::Result<Next> next = Next::kWait;
    {
      std::lock_guard const lock(mutex_);
      next = choose();
      if (next && *next == Next::kWait) rest();
    }
    if (!next) return fail(next.error());
    switch (*next) {
      case Next::kRead:
        return read();
      case Next::kEnd:
        return end(grpc::Status::OK);
      case Next::kWait:
        return pump();  // an event may have come meanwhile
    }
  }

  // With the mutex held: only an event or a timer goes on from here.
  void rest() {
    busy_ = false;
    sleeping_ = !stale_;
  }

  void read() {
    bool const taken = context().workers.offer([self = shared()] {
      core::AttemptNo attempt = 0;
      std::int64_t offset = 0;
      core::JobId job = 0;
      {
        std::lock_guard const lock(self->mutex_);
        attempt = self->attempt_;
        offset = self->offset_;
        job = self->job_.id;
      }
      self->take(self->context().parts.logs->read(job, attempt, self->source_, offset, kChunkMax));
    });
    if (!taken) fail(busy());
  }

  void take(core::Result<app::Logs::Chunk> chunk) {
    bool const missing = !chunk && chunk.error().code == core::ErrorCode::kNotFound;
    if (missing) {
      if (auto const attempt = ended_after_start()) return fail(gone(*attempt));
    }
    if (!chunk && (!missing || (!request_.follow() && over()))) return fail(chunk.error());
    if (chunk && !chunk->data.empty()) {
      {
        std::lock_guard const lock(mutex_);
        busy_ = false;
        offset_ = chunk->offset + static_cast<std::int64_t>(chunk->data.size());
        chunk_ = std::move(*chunk);
      }
      return pump();
    }
    nothing_there();
  }

  // The attempt, if its process ran and has ended: then it had a run directory.
  std::optional<core::AttemptNo> ended_after_start() const {
    std::lock_guard const lock(mutex_);
    bool const ran = std::ranges::any_of(job_.attempts, [this](auto const& attempt) {
      return attempt.number == attempt_ && !attempt.segments.empty();
    });
    return over_ && ran ? std::optional(attempt_) : std::nullopt;
  }

  core::Error gone(core::AttemptNo attempt) const {
    core::Error error{core::ErrorCode::kNotFound, "LOG_GONE",
                      "The output of attempt " + std::to_string(attempt) +
                          " is gone: the run directory of the job was removed."};
    error.metadata["resource_type"] = "greenq.v1.Attempt";
    error.metadata["resource_name"] = request_.name();
    return error;
  }

  bool over() const {
    std::lock_guard const lock(mutex_);
    return over_;
  }

  // All is read that was written when the job was looked at last.
  void nothing_there() {
    bool finished = false;
    bool poll = false;
    {
      std::lock_guard const lock(mutex_);
      bool const ended = core::is_terminal(job_.state);
      bool const newer = !job_.attempts.empty() && job_.attempts.back().number > attempt_;
      if (!request_.follow() || (over_ && ended && !newer)) {
        finished = true;
      } else if (over_ && newer) {
        ++attempt_;
        offset_ = 0;
        busy_ = false;
      } else if (over_ || job_.state == core::JobState::kPaused) {
        rest();
      } else {
        rest();
        poll = sleeping_;
      }
    }
    if (finished) return end(grpc::Status::OK);
    if (poll) return poll_later();
    pump();
  }

  void poll_later() {
    arm(kPollTimer, context().parts.options.log_poll_every, [this] {
      {
        std::lock_guard const lock(mutex_);
        sleeping_ = false;
      }
      pump();
    });
  }

  void closed() override {
    if (int const handle = hub_handle_.exchange(0); handle != 0) context().hub.unsubscribe(handle);
  }

  v1::ReadLogRequest request_;
  app::Logs::Stream source_ = app::Logs::Stream::kStdout;
  std::atomic<int> hub_handle_{0};

  // Guarded by mutex_.
  core::Job job_;
  core::AttemptNo attempt_ = 0;  // 0: not chosen yet
  std::int64_t offset_ = 0;
  bool over_ = false;  // the attempt writes no more
  bool opened_ = false;
  bool stale_ = true;      // the job must be looked at again
  bool busy_ = false;      // a look or a read is under way
  bool sleeping_ = false;  // waits for an event or a timer
  std::optional<app::Logs::Chunk> chunk_;
};

}  // namespace

grpc::ServerWriteReactor<v1::ReadLogResponse>* read_log(ContextPtr const& context,
                                                        grpc::CallbackServerContext* server_context,
                                                        v1::ReadLogRequest const& request) {
  auto const stream = std::make_shared<ReadLog>(context, request);
  return ReadLog::open(stream, server_context, [&] { stream->begin(); });
}

}  // namespace greenq::rpc
