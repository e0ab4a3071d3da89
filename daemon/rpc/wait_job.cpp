// WaitJob: first listen, then look. A job that ends between the two is seen by one of them.
#include "rpc/job_calls.hpp"
#include "rpc/job_mapping.hpp"

namespace greenq::rpc {
namespace {

void look(CallPtr<v1::WaitJobResponse> const& call, std::string const& name) {
  with_job(call, name, [call](core::Job const& job) {
    if (!core::is_terminal(job.state)) return;
    call->answer([&](v1::WaitJobResponse& response) {
      job_to_wire(job, !owns(call->who(), job.owner.uid), *response.mutable_job());
    });
  });
}

struct Handles {
  std::atomic<int> hub{0};
  std::atomic<int> wait{0};
};

void let_go(Context& context, Handles& handles) {
  if (int const hub = handles.hub.exchange(0); hub != 0) context.hub.unsubscribe(hub);
  if (int const wait = handles.wait.exchange(0); wait != 0) context.waits.remove(wait);
}

}  // namespace

void wait_job(CallPtr<v1::WaitJobResponse> const& call, v1::WaitJobRequest const& request) {
  auto const parsed = parse_job_name(request.name());
  if (failed(call, parsed)) return;
  Context& context = call->context();
  auto const handles = std::make_shared<Handles>();
  call->on_end([&context, handles] { let_go(context, *handles); });
  auto const wait = context.waits.add(call->who().uid, context.parts.options.waits_per_uid,
                                      [weak = std::weak_ptr(call)](core::Error const& error) {
                                        if (auto const live = weak.lock()) live->fail(error);
                                      });
  if (!wait) {
    return call->fail(context.phase == Phase::kStopping
                          ? shutting_down()
                          : core::Error{core::ErrorCode::kResourceExhausted, "TOO_MANY_WAITS",
                                        "You have too many waiting calls; use WatchJobs for many jobs."});
  }
  handles->wait = *wait;
  handles->hub = context.hub.subscribe(
      [call, name = request.name(), id = parsed->id](std::span<core::JobEvent const> events) {
        for (auto const& event : events) {
          if (event.job == id && core::is_terminal(event.state)) return look(call, name);
        }
      });
  look(call, request.name());
  if (!call->open()) let_go(context, *handles);  // it ended before the handles were known
}

}  // namespace greenq::rpc
