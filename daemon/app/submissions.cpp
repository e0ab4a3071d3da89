// Submissions, previews and explanations: what the engine adds to the pure core around a command.
#include <algorithm>

#include "app/engine_impl.hpp"
#include "core/validate.hpp"

namespace greenq::app {
namespace {

// Each preview plans the whole queue; more at once would keep real plans waiting.
constexpr int kMaxPreviews = 8;
// For more jobs at once rejected windows are not worked out: their curves would not fit into one answer.
constexpr std::size_t kMaxCharts = 8;

core::Error unknown_reference(std::string const& job) {
  core::Error error{
      core::ErrorCode::kInvalidArgument, "UNKNOWN_REFERENCE",
      "depends_on: there is no job \"" + job + "\" of yours in this project or earlier in this file"};
  error.fields.push_back({"spec.depends_on", error.message});
  return error;
}

// Errors of one of several jobs carry its place: requests[2].spec...
core::Error placed(core::Error error, std::size_t index, std::size_t count) {
  if (count == 1) return error;
  for (core::FieldError& field : error.fields) {
    field.field = "requests[" + std::to_string(index) + "]." + field.field;
  }
  error.message = "job " + std::to_string(index + 1) + " of " + std::to_string(count) + ": " + error.message;
  return error;
}

// Specs with defaults filled in, or every violation of every job.
core::Result<std::vector<core::JobSpec>> accept_all(std::vector<core::JobSpec> const& specs,
                                                    core::State const& state, core::Instant now) {
  std::vector<core::JobSpec> accepted;
  std::optional<core::Error> all;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    auto spec = core::accept(specs[i], state.site, state.capacity, now);
    if (spec) {
      accepted.push_back(std::move(*spec));
      continue;
    }
    core::Error error = placed(spec.error(), i, specs.size());
    if (!all) {
      all = std::move(error);
    } else {
      all->message += "; " + error.message;
      all->fields.insert(all->fields.end(), error.fields.begin(), error.fields.end());
    }
  }
  if (all) return tl::unexpected(*all);
  return accepted;
}

}  // namespace

core::Result<std::vector<core::NewDependency>> Engine::Impl::resolve(core::JobSpec const& spec,
                                                                     Submission const& submission,
                                                                     std::size_t index) {
  std::vector<core::NewDependency> out;
  for (core::DependencyRequest const& wanted : spec.depends_on) {
    core::NewDependency dependency;
    dependency.condition = wanted.condition;
    auto const earlier = submission.specs.begin() + static_cast<std::ptrdiff_t>(index);
    auto const same_batch = std::find_if(submission.specs.begin(), earlier, [&](core::JobSpec const& other) {
      return other.name == wanted.job && other.project == spec.project;
    });
    if (same_batch != earlier) {
      dependency.batch_index = static_cast<std::size_t>(same_batch - submission.specs.begin());
      out.push_back(dependency);
      continue;
    }
    auto const found = parts.store->find_job(spec.project, submission.owner.uid, wanted.job);
    if (!found) return tl::unexpected(found.error());
    if (!*found) return tl::unexpected(unknown_reference(wanted.job));
    dependency.job = (*found)->id;
    dependency.known_state = (*found)->state;
    dependency.known_started = (*found)->started;
    out.push_back(dependency);
  }
  return out;
}

core::Result<core::SubmitJobs> Engine::Impl::prepare(Submission const& submission) {
  core::Instant const now = parts.clock->now();
  auto accepted = accept_all(submission.specs, state, now);
  if (!accepted) return tl::unexpected(accepted.error());
  core::SubmitJobs command;
  command.owner = submission.owner;
  command.request_id = submission.request_id;
  command.request_hash = submission.request_hash;
  for (std::size_t i = 0; i < accepted->size(); ++i) {
    core::NewJob job;
    auto dependencies = resolve((*accepted)[i], submission, i);
    if (!dependencies) return tl::unexpected(placed(dependencies.error(), i, accepted->size()));
    job.dependencies = std::move(*dependencies);
    job.spec = std::make_shared<core::JobSpec const>(std::move((*accepted)[i]));
    job.uid = parts.new_uid(now);
    command.jobs.push_back(std::move(job));
  }
  return command;
}

void Engine::Impl::handle_submit(SubmitCommand& command) {
  auto const refuse = [&](core::Error error) {
    answers.emplace_back([done = command.done, error = std::move(error)] { done(tl::unexpected(error)); });
  };
  if (!hold_reason.empty()) {
    return refuse({core::ErrorCode::kUnavailable, "HOLD_MODE", "no jobs are accepted now: " + hold_reason});
  }
  Submission const& submission = command.submission;
  if (!submission.request_id.empty()) {
    auto const before = parts.store->find_request(submission.owner.uid, submission.request_id);
    if (!before) return refuse(before.error());
    if (*before && (*before)->request_hash != submission.request_hash) {
      return refuse({core::ErrorCode::kAlreadyExists, "REQUEST_ID_REUSED",
                     "this request_id was used for another request; use a new one"});
    }
    if (*before) {
      waiting_replies.push_back(command.done);
      replies.emplace_back([this, ids = (*before)->jobs, done = command.done] { answer_again(ids, done); });
      return;
    }
  }
  std::string const full = parts.store->refuse_reason();
  if (!full.empty()) return refuse({core::ErrorCode::kResourceExhausted, "STORE_FULL", full});
  auto prepared = prepare(submission);
  if (!prepared) return refuse(prepared.error());
  handle_event(*prepared, std::move(command.done));
}

// The jobs of an earlier answer; those that have ended come from the store.
void Engine::Impl::answer_again(std::vector<core::JobId> ids, Replied done) {
  struct Gather {
    std::vector<core::JobId> ids;
    std::vector<core::Job> jobs;
    Replied done;
    Reads* reads;
  };
  auto gather = std::make_shared<Gather>(Gather{std::move(ids), {}, std::move(done), parts.reads});
  auto next = std::make_shared<std::function<void()>>();
  *next = [gather, weak = std::weak_ptr(next)] {
    if (gather->jobs.size() == gather->ids.size()) return gather->done(gather->jobs);
    auto self = weak.lock();
    gather->reads->get_job(gather->ids[gather->jobs.size()], [gather, self](core::Result<core::Job> job) {
      if (!job) return gather->done(tl::unexpected(job.error()));
      gather->jobs.push_back(std::move(*job));
      (*self)();
    });
  };
  (*next)();
}

core::Result<Explanation> Engine::Impl::explain(core::JobId id) {
  auto const it = state.jobs.find(id);
  if (it == state.jobs.end()) {
    return core::fail(core::ErrorCode::kNotFound, "JOB_NOT_LIVE",
                      "job " + std::to_string(id) + " is not live");
  }
  core::Instant const now = parts.clock->now();
  Explanation out;
  out.job = it->second;
  out.reasons = core::reasons(state, out.job, now);
  if (!hold_reason.empty()) {
    core::HoldReason reason;
    reason.code = core::HoldCode::kDaemonHold;
    reason.message = "the daemon releases nothing: " + hold_reason;
    reason.since = now;
    out.reasons.insert(out.reasons.begin(), reason);
  }
  if (out.job.plan) out.plan = core::describe_choice(state, out.job, state.jobs.size() == 1, now);
  out.place = core::queue_place(state, id);
  return out;
}

core::PlanDetail Engine::Impl::describe_preview(core::Job const& job, std::size_t jobs) const {
  core::Instant const now = parts.clock->now();
  if (jobs > kMaxCharts) return core::describe(state, job, now);
  return core::describe_choice(state, job, jobs == 1 && state.jobs.empty(), now);
}

void Engine::Impl::preview(Submission const& submission, Done<std::vector<Explanation>> const& done) {
  if (previews >= kMaxPreviews) {
    return done(core::fail(core::ErrorCode::kResourceExhausted, "TOO_MANY_PLANS",
                           "the planner is busy with other previews; try again in a moment"));
  }
  core::Instant const now = parts.clock->now();
  auto prepared = prepare(submission);
  if (!prepared) return done(tl::unexpected(prepared.error()));
  std::vector<core::Job> jobs;
  for (core::NewJob const& fresh : prepared->jobs) {
    core::Job job;
    job.id = std::numeric_limits<core::JobId>::max() - prepared->jobs.size() + jobs.size();
    job.uid = fresh.uid;
    job.owner = submission.owner;
    job.spec = fresh.spec;
    job.learned = core::learned_duration(state, job.owner, *job.spec);
    job.submitted_at = now;
    job.not_before = fresh.spec->not_before;
    jobs.push_back(std::move(job));
  }
  core::Told as_told = told;
  auto input = std::make_shared<core::PlanInput>(core::snapshot(state, now, as_told, jobs));
  ++previews;
  parts.run_on_planner([this, input, memory = planner, jobs = std::move(jobs), done]() mutable {
    core::Planner copy = *memory;  // a preview leaves no trace
    auto plan = std::make_shared<core::PlanOutput>(copy.plan(*input));
    push(Query{[this, plan, jobs = std::move(jobs), done]() mutable {
           --previews;
           std::vector<Explanation> out;
           for (core::Job& job : jobs) {
             auto const it =
                 std::find_if(plan->jobs.begin(), plan->jobs.end(),
                              [&](core::PlannedJob const& planned) { return planned.id == job.id; });
             Explanation explanation;
             if (it != plan->jobs.end()) job.plan = it->plan;
             if (job.plan) explanation.plan = describe_preview(job, jobs.size());
             explanation.reasons = core::reasons(state, job, parts.clock->now());
             job.id = 0;
             explanation.job = job;
             out.push_back(std::move(explanation));
           }
           done(std::move(out));
         }},
         false);
  });
}

}  // namespace greenq::app
