#include "client/cli/streams.hpp"

#include <algorithm>

namespace greenq::client {
namespace {

constexpr std::string_view kReconnected = "-- reconnected, no events lost --";
constexpr std::string_view kLost = "-- connection lost, trying again --";
constexpr std::string_view kRelisted = "-- history gap: relisted --";

// Waits between tries and remembers whether the connection is down.
class Reconnect {
 public:
  Reconnect(Environment& env, Notice const& notice) : env_(env), notice_(notice) {}

  // False: tried long enough.
  bool again() {
    if (!down_) {
      down_ = true;
      waited_ = Milliseconds(0);
      pause_ = Milliseconds(100);
      notice_(kLost);
    }
    if (waited_ >= kReconnectFor) return false;
    env_.sleep(pause_);
    waited_ += pause_;
    pause_ = std::min(pause_ * 2, Milliseconds(2000));
    return true;
  }
  void answered(std::string_view message = kReconnected) {
    if (down_) notice_(message);
    down_ = false;
  }

 private:
  Environment& env_;
  Notice const& notice_;
  bool down_ = false;
  Milliseconds waited_{0};
  Milliseconds pause_{100};
};

// Keeps a context attached to the canceller while it lives.
class Attached {
 public:
  explicit Attached(Canceller& canceller) : canceller_(canceller) { canceller_.attach(&context); }
  ~Attached() { canceller_.attach(nullptr); }
  Attached(Attached const&) = delete;
  Attached& operator=(Attached const&) = delete;

  grpc::ClientContext context;

 private:
  Canceller& canceller_;
};

v1::ReadLogRequest request_of(LogQuery const& query) {
  v1::ReadLogRequest request;
  request.set_name(query.job);
  request.set_attempt(query.attempt);
  request.set_stream(query.stream);
  request.set_offset(query.offset);
  request.set_follow(query.follow);
  return request;
}

Result<v1::Job> get_job(Connection& connection, std::string const& name) {
  v1::GetJobRequest request;
  request.set_name(name);
  auto response =
      connection.call<v1::GetJobResponse>(connection.jobs(), &v1::JobService::Stub::GetJob, request);
  if (!response) return tl::unexpected<Failure>(response.error());
  return std::move(*response->mutable_job());
}

bool token_expired(grpc::Status const& status) {
  return status.error_code() == grpc::StatusCode::OUT_OF_RANGE;
}

}  // namespace

void Canceller::cancel() {
  std::lock_guard const lock(mutex_);
  cancelled_ = true;
  if (context_ != nullptr) context_->TryCancel();
}

bool Canceller::cancelled() const {
  std::lock_guard const lock(mutex_);
  return cancelled_;
}

void Canceller::attach(grpc::ClientContext* context) {
  std::lock_guard const lock(mutex_);
  context_ = context;
  if (cancelled_ && context_ != nullptr) context_->TryCancel();
}

Result<int> read_log(Connection& connection, LogQuery query, Environment& env, Canceller& canceller,
                     std::function<void(std::string_view)> const& sink, Notice const& notice) {
  // Finds out that the daemon and the job are there, so that a later loss is one of an established
  // connection.
  if (auto job = get_job(connection, query.job); !job) return tl::unexpected<Failure>(job.error());
  Reconnect reconnect(env, notice);
  bool const newest = query.attempt == 0;
  bool pinned = false;  // a reconnect named the attempt, so later ones must be asked for
  while (!canceller.cancelled()) {
    grpc::Status status;
    {
      Attached attached(canceller);
      auto const reader = connection.jobs().ReadLog(&attached.context, request_of(query));
      v1::ReadLogResponse piece;
      while (reader->Read(&piece)) {
        reconnect.answered();
        if (piece.attempt() > 0) query.attempt = piece.attempt();
        sink(piece.data());
        query.offset = piece.offset() + static_cast<std::int64_t>(piece.data().size());
      }
      status = reader->Finish();
    }
    if (canceller.cancelled()) return 0;
    if (status.ok()) {
      reconnect.answered();
      if (!query.follow || !newest || !pinned) return 0;
      auto const job = get_job(connection, query.job);
      if (!job || job->attempts_size() <= query.attempt) return 0;
      ++query.attempt;
      query.offset = 0;
      continue;
    }
    bool const lost = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                      status.error_code() == grpc::StatusCode::CANCELLED;
    if (!lost || !query.follow || !reconnect.again()) {
      return tl::unexpected<Failure>(connection.explain(status));
    }
    pinned = query.attempt > 0;
  }
  return 0;
}

Result<int> watch_jobs(Connection& connection, std::string const& job, bool include_initial, Environment& env,
                       Canceller& canceller, EventSink const& sink, Notice const& notice) {
  v1::WatchJobsRequest request;
  request.set_name(job);
  request.set_include_initial(include_initial);
  Reconnect reconnect(env, notice);
  bool established = false;
  while (!canceller.cancelled()) {
    bool relist = false;
    grpc::Status status;
    {
      Attached attached(canceller);
      auto const reader = connection.jobs().WatchJobs(&attached.context, request);
      v1::WatchJobsResponse response;
      bool go_on = true;
      while (go_on && !relist && reader->Read(&response)) {
        established = true;
        reconnect.answered();
        // The jobs of the initial list carry no token: a list that is cut must begin again.
        if (!response.resume_token().empty()) {
          request.set_resume_token(response.resume_token());
          request.set_include_initial(false);
        }
        if (response.has_event()) go_on = sink.on_event(response.event());
        if (response.has_bookmark()) go_on = sink.on_bookmark();
        relist = response.has_gap();
      }
      if (!go_on || relist) attached.context.TryCancel();
      status = reader->Finish();
      if (!go_on) return 0;
    }
    if (canceller.cancelled()) return 0;
    if (relist || token_expired(status)) {
      notice(kRelisted);
      request.clear_resume_token();
      request.set_include_initial(true);
      if (!sink.on_relist()) return 0;
      continue;
    }
    // A daemon that stops in good order ends the stream with OK or CANCELLED.
    bool const lost = status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                      status.error_code() == grpc::StatusCode::CANCELLED;
    if (!lost || !established || !reconnect.again())
      return tl::unexpected<Failure>(connection.explain(status));
  }
  return 0;
}

}  // namespace greenq::client
