#include "client/cli/lists.hpp"

#include <algorithm>

#include "client/cli/format.hpp"
#include "client/cli/selectors.hpp"
#include "config/reader/quantity.hpp"
#include "config/reader/suggest.hpp"

namespace greenq::client {
namespace {

// In the order of Job.State, from STATE_QUEUED on.
constexpr std::string_view kStates[] = {"queued",    "starting", "running",   "paused",
                                        "succeeded", "failed",   "cancelled", "lost"};

}  // namespace

Result<JobList> list_jobs(Context& context, JobQuery const& query) {
  v1::ListJobsRequest request;
  request.set_parent(parent_of(query.project));
  request.set_owner(query.owner);
  request.set_display_name(query.name);
  for (auto const state : query.states) request.add_states(state);
  if (query.since) *request.mutable_submitted_after() = timestamp(*query.since);
  JobList list;
  auto& connection = context.connection();
  // The page size belongs to the query, so it stays the same on every page.
  request.set_page_size(static_cast<std::int32_t>(std::min<std::size_t>(query.limit, 1000)));
  while (true) {
    auto page =
        connection.call<v1::ListJobsResponse>(connection.jobs(), &v1::JobService::Stub::ListJobs, request);
    if (!page) return tl::unexpected<Failure>(page.error());
    for (auto& job : *page->mutable_jobs()) {
      if (list.jobs.size() == query.limit) {
        list.more = true;
        return list;
      }
      list.jobs.push_back(std::move(job));
    }
    if (page->next_page_token().empty()) return list;
    if (list.jobs.size() == query.limit) {
      list.more = true;
      return list;
    }
    request.set_page_token(page->next_page_token());
  }
}

std::vector<v1::Job::State> live_states() {
  return {v1::Job::STATE_QUEUED, v1::Job::STATE_STARTING, v1::Job::STATE_RUNNING, v1::Job::STATE_PAUSED};
}

std::vector<v1::Job::State> ended_states() {
  return {v1::Job::STATE_SUCCEEDED, v1::Job::STATE_FAILED, v1::Job::STATE_CANCELLED, v1::Job::STATE_LOST};
}

std::string state_choices() {
  std::string text;
  for (auto const state : kStates) text += (text.empty() ? "{" : ",") + std::string(state);
  return text + '}';
}

Result<std::vector<v1::Job::State>> parse_states(std::vector<std::string> const& names) {
  std::vector<v1::Job::State> states;
  for (auto const& name : names) {
    auto const* const found = std::find(std::begin(kStates), std::end(kStates), name);
    if (found == std::end(kStates)) {
      auto const hint = config::did_you_mean(name, kStates);
      return fail(Exit::kUsage, "USAGE",
                  "\"" + name + "\" is not a state" + (hint.empty() ? "; use e.g. queued" : hint));
    }
    states.push_back(static_cast<v1::Job::State>(found - std::begin(kStates) + 1));
  }
  return states;
}

Result<UtcTime> parse_since(std::string const& text, UtcTime now) {
  auto const back = config::parse_span(text.starts_with('-') ? std::string_view(text).substr(1) : text);
  if (back) return now - *back;
  auto const at = config::parse_instant(text);
  if (at) return *at;
  return fail(
      Exit::kUsage, "USAGE",
      "\"" + text + "\" is neither a duration back from now (6h) nor a time (2026-11-24T08:00+01:00)");
}

}  // namespace greenq::client
