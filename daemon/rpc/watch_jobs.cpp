// WatchJobs: the present (on request), then the backlog after the resume token, then live events; no gap, no
// repeat.
//
// The stream listens to the hub from the start. While it reads the backlog, live events only tell how far it
// must read: it goes live after a read that began when nothing newer was known.
#include <deque>

#include "rpc/job_calls.hpp"
#include "rpc/job_mapping.hpp"

namespace greenq::rpc {
namespace {

constexpr int kPage = 500;

class WatchJobs final : public Stream<v1::WatchJobsResponse> {
 public:
  WatchJobs(ContextPtr context, v1::WatchJobsRequest const& request)
      : Stream(std::move(context), Rpc::kWatchJobs), request_(request) {}

  void begin() {
    if (!request_.resume_token().empty()) {
      auto const point = read_resume_token(request_.resume_token());
      if (!point) return fail(point.error());
      resume_ = *point;
    }
    if (request_.name().empty()) return listen(0);
    find_job(context(), who(), rpc(), request_.name(), [self = shared()](core::Result<core::Job> job) {
      if (!job) return self->fail(job.error());
      self->listen(job->id);
    });
  }

 private:
  enum class Phase : std::uint8_t { kOpening, kInitial, kBacklog, kLive };
  using Events = std::span<core::JobEvent const>;

  std::shared_ptr<WatchJobs> shared() { return std::static_pointer_cast<WatchJobs>(shared_from_this()); }

  void listen(core::JobId job) {
    job_ = job;
    int const handle = context().hub.subscribe([self = shared()](Events events) { self->on_events(events); });
    hub_handle_ = handle;
    if (is_finished()) context().hub.unsubscribe(handle);
    auto const view = context().parts.engine->view();
    epoch_ = view->epoch;
    bool const known =
        !resume_ || (resume_->epoch == view->epoch && resume_->sequence <= view->last_sequence);
    if (!known) {
      return fail(
          {core::ErrorCode::kOutOfRange, "RESUME_TOKEN_EXPIRED",
           "The events after this token are not kept any more; list the jobs again and watch from now on."});
    }
    {
      std::lock_guard const lock(mutex_);
      seen_ = std::max(seen_, view->last_sequence);
      read_to_ = resume_ ? resume_->sequence : view->last_sequence;
      phase_ = request_.include_initial() ? Phase::kInitial : Phase::kBacklog;
      bookmark_due_ = request_.include_initial();
      if (phase_ == Phase::kBacklog && seen_ == read_to_) phase_ = Phase::kLive;
    }
    bookmark_later();
    pump();
  }

  bool matches(core::JobEvent const& event) const { return job_ == 0 || event.job == job_; }

  void on_events(Events events) {
    {
      std::lock_guard const lock(mutex_);
      for (auto const& event : events) {
        seen_ = std::max(seen_, event.sequence);
        if (phase_ == Phase::kLive && event.sequence > read_to_ && matches(event)) push(event);
      }
    }
    pump();
  }

  void push(core::JobEvent const& event) {
    if (live_.size() < context().parts.options.watch_queue) {
      live_.push_back(event);
      return;
    }
    if (gap_from_ == 0) gap_from_ = live_.empty() ? event.sequence : live_.front().sequence;
    gap_to_ = event.sequence;
    live_.clear();
  }

  bool produce(v1::WatchJobsResponse& response) override {
    if (!initial_.empty()) {
      core::Job const& job = initial_.front();
      snapshot_to_wire(job, !owns(who(), job.owner.uid), *response.mutable_event());
      initial_.pop_front();
      return true;  // without a token: a list that was cut must begin again
    }
    if (phase_ == Phase::kOpening || phase_ == Phase::kInitial) return false;
    if (!backlog_.empty()) return produce_event(backlog_, response);
    if (phase_ != Phase::kLive) return false;
    if (gap_from_ != 0) {
      response.mutable_gap()->set_from_sequence(std::exchange(gap_from_, 0));
      set_token(response, gap_to_);
      return true;
    }
    if (!live_.empty()) return produce_event(live_, response);
    if (!bookmark_due_) return false;
    bookmark_due_ = false;
    response.mutable_bookmark();
    set_token(response, std::max(seen_, read_to_));
    return true;
  }

  bool produce_event(std::deque<core::JobEvent>& queue, v1::WatchJobsResponse& response) {
    core::JobEvent const& event = queue.front();
    event_to_wire(event, !owns(who(), event.owner_uid), *response.mutable_event());
    set_token(response, event.sequence);
    queue.pop_front();
    return true;
  }

  void set_token(v1::WatchJobsResponse& response, std::int64_t sequence) const {
    response.set_resume_token(make_resume_token({epoch_, sequence}));
  }

  void idle() override {
    Phase phase{};
    std::int64_t known = 0;
    {
      std::lock_guard const lock(mutex_);
      bool const nothing_to_read = phase_ == Phase::kOpening || phase_ == Phase::kLive;
      if (nothing_to_read || fetching_ || !initial_.empty() || !backlog_.empty()) return;
      fetching_ = true;
      phase = phase_;
      known = seen_;
    }
    phase == Phase::kInitial ? fetch_initial() : fetch_backlog(known);
  }

  void fetch_initial() {
    app::JobQuery query;
    query.states = {core::JobState::kQueued, core::JobState::kStarting, core::JobState::kRunning,
                    core::JobState::kPaused};
    query.before_id = before_id_;
    query.limit = kPage;
    context().parts.reads->list_jobs(query, [self = shared()](core::Result<std::vector<core::Job>> jobs) {
      if (!jobs) return self->fail(jobs.error());
      self->take_initial(std::move(*jobs));
    });
  }

  void take_initial(std::vector<core::Job> jobs) {
    {
      std::lock_guard const lock(mutex_);
      fetching_ = false;
      if (!jobs.empty()) before_id_ = jobs.back().id;
      if (static_cast<int>(jobs.size()) < kPage) phase_ = Phase::kBacklog;
      for (auto& job : jobs) {
        if (job_ == 0 || job.id == job_) initial_.push_back(std::move(job));
      }
    }
    pump();
  }

  void fetch_backlog(std::int64_t known) {
    context().parts.reads->events(read_to_, job_, kPage,
                                  [self = shared(), known](core::Result<std::vector<core::JobEvent>> events) {
                                    if (!events) return self->fail(events.error());
                                    self->take_backlog(known, std::move(*events));
                                  });
  }

  // `known`: the newest sequence that was known before the read began, so the read has seen it.
  void take_backlog(std::int64_t known, std::vector<core::JobEvent> events) {
    {
      std::lock_guard const lock(mutex_);
      fetching_ = false;
      bool const last = static_cast<int>(events.size()) < kPage;
      if (!events.empty()) read_to_ = events.back().sequence;
      if (last) read_to_ = std::max(read_to_, known);
      for (auto& event : events) backlog_.push_back(std::move(event));
      if (last && seen_ <= read_to_) phase_ = Phase::kLive;
    }
    pump();
  }

  void bookmark_later() {
    arm(0, context().parts.options.bookmark_every, [this] {
      {
        std::lock_guard const lock(mutex_);
        bookmark_due_ = true;
      }
      bookmark_later();
      pump();
    });
  }

  void closed() override {
    if (int const handle = hub_handle_.exchange(0); handle != 0) context().hub.unsubscribe(handle);
  }

  v1::WatchJobsRequest request_;
  std::optional<ResumePoint> resume_;
  core::JobId job_ = 0;  // 0: all
  std::string epoch_;
  std::atomic<int> hub_handle_{0};

  // Guarded by mutex_.
  Phase phase_ = Phase::kOpening;
  bool fetching_ = false;
  bool bookmark_due_ = false;
  core::JobId before_id_ = 0;
  std::int64_t seen_ = 0;     // newest sequence heard of
  std::int64_t read_to_ = 0;  // everything up to here is sent or in backlog_
  std::deque<core::Job> initial_;
  std::deque<core::JobEvent> backlog_;
  std::deque<core::JobEvent> live_;
  std::int64_t gap_from_ = 0;  // first lost sequence; 0: none
  std::int64_t gap_to_ = 0;
};

}  // namespace

grpc::ServerWriteReactor<v1::WatchJobsResponse>* watch_jobs(ContextPtr const& context,
                                                            grpc::CallbackServerContext* server_context,
                                                            v1::WatchJobsRequest const& request) {
  auto const stream = std::make_shared<WatchJobs>(context, request);
  return WatchJobs::open(stream, server_context, [&] { stream->begin(); });
}

}  // namespace greenq::rpc
