// Commands on one job, and why it waits.
#include <charconv>

#include "rpc/job_calls.hpp"
#include "rpc/job_mapping.hpp"

namespace greenq::rpc {
namespace {

constexpr std::size_t kReasonMax = 200;  // characters
constexpr int kHistory = 20;

std::size_t characters(std::string const& text) {
  std::size_t count = 0;
  for (char const c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

core::Result<std::uint64_t> read_etag(std::string const& etag) {
  if (etag.empty()) return 0;
  std::uint64_t version = 0;
  auto const parsed = std::from_chars(etag.data(), etag.data() + etag.size(), version);
  if (parsed.ec == std::errc{} && parsed.ptr == etag.data() + etag.size() && version > 0) return version;
  return tl::unexpected(invalid_field("etag", "is not an etag of this server; read the job again."));
}

template <class Command>
using Method = void (app::Engine::*)(Command, app::Engine::Done<core::Job> const&);

template <class Command, class Response>
void give(CallPtr<Response> const& call, std::string const& name, Command order, Method<Command> method) {
  with_job(call, name, [call, order = std::move(order), method](core::Job const& job) {
    Command addressed = order;
    addressed.job = job.id;
    auto& engine = *call->context().parts.engine;
    (engine.*method)(std::move(addressed), [call](core::Result<core::Job> after) {
      call->context().courier.push([call, after = std::move(after)] {
        if (failed(call, after)) return;
        call->answer([&](Response& response) {
          job_to_wire(*after, !owns(call->who(), after->owner.uid), *response.mutable_job());
        });
      });
    });
  });
}

template <class Command, class Response, class Request>
void command(CallPtr<Response> const& call, Request const& request, Method<Command> method) {
  if (characters(request.reason()) > kReasonMax) {
    return call->fail(invalid_field("reason", "must have at most 200 characters."));
  }
  auto const version = read_etag(request.etag());
  if (failed(call, version)) return;
  Command wanted;
  wanted.actor = call->who();
  wanted.reason = request.reason();
  wanted.version = *version;
  if (auto known = call->context().names.remembered(call->who().uid)) {
    wanted.actor.name = std::move(*known);
    return give(call, request.name(), std::move(wanted), method);
  }
  bool const taken = call->context().workers.offer(
      [call, name = request.name(), wanted = std::move(wanted), method]() mutable {
        if (!call->open()) return;
        // Only for the record: a user database that fails delays no cancel.
        wanted.actor.name = call->context().name_of(call->who()).value_or(std::to_string(call->who().uid));
        give(call, name, std::move(wanted), method);
      });
  if (!taken) call->fail(busy());
}

void answer_explained(CallPtr<v1::ExplainJobResponse> const& call, app::Explanation const& found) {
  call->context().parts.reads->last_events(found.job.id, kHistory,
                                           [call, found](core::Result<std::vector<core::JobEvent>> events) {
                                             if (failed(call, events)) return;
                                             call->answer([&](v1::ExplainJobResponse& response) {
                                               job_to_wire(found.job, false, *response.mutable_job());
                                               for (auto const& reason : found.reasons)
                                                 reason_to_wire(reason, *response.add_reasons());
                                               if (found.plan)
                                                 plan_to_wire(*found.plan, *response.mutable_plan());
                                               response.set_queue_position(found.place.position);
                                               response.set_queue_length(found.place.length);
                                               for (auto const& event : *events)
                                                 event_to_wire(event, false, *response.add_history());
                                             });
                                           });
}

}  // namespace

void find_job(Context& context, core::Principal const& who, Rpc rpc, std::string const& name,
              std::function<void(core::Result<core::Job>)> done) {
  auto const parsed = parse_job_name(name);
  if (!parsed) return done(tl::unexpected(parsed.error()));
  context.parts.reads->get_job(
      parsed->id, [who, rpc, name, wanted = *parsed, done = std::move(done)](core::Result<core::Job> job) {
        if (!job && job.error().code != core::ErrorCode::kNotFound) return done(tl::unexpected(job.error()));
        bool const found = job && (wanted.project.empty() || wanted.project == job->spec->project);
        if (!found) return done(tl::unexpected(job_not_found(name)));
        if (!may(who, rpc, job->owner.uid)) {
          return done(tl::unexpected(denied(rpc, job_name(job->spec->project, job->id))));
        }
        done(std::move(job));
      });
}

void cancel_job(CallPtr<v1::CancelJobResponse> const& call, v1::CancelJobRequest const& request) {
  command<core::CancelJob>(call, request, &app::Engine::cancel);
}

void hold_job(CallPtr<v1::HoldJobResponse> const& call, v1::HoldJobRequest const& request) {
  command<core::HoldJob>(call, request, &app::Engine::hold);
}

void release_job(CallPtr<v1::ReleaseJobResponse> const& call, v1::ReleaseJobRequest const& request) {
  command<core::ReleaseJob>(call, request, &app::Engine::release);
}

void explain_job(CallPtr<v1::ExplainJobResponse> const& call, v1::ExplainJobRequest const& request) {
  with_job(call, request.name(), [call](core::Job const& job) {
    call->context().parts.engine->explain(job.id, [call, job](core::Result<app::Explanation> live) {
      bool const ended = !live && live.error().code == core::ErrorCode::kNotFound;
      if (!ended && failed(call, live)) return;
      // An ended job waits for nothing; its history still tells.
      answer_explained(call, ended ? app::Explanation{job, {}, std::nullopt, {}} : *live);
    });
  });
}

}  // namespace greenq::rpc
