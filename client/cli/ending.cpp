#include "client/cli/ending.hpp"

#include <algorithm>

#include "client/cli/format.hpp"

namespace greenq::client {

namespace {

// 141 may be the job's own, from a shell that tells how its last program died.
bool exited_by_itself(v1::Job const& job) {
  return job.attempts_size() > 0 &&
         job.attempts(job.attempts_size() - 1).outcome() == v1::Attempt::OUTCOME_EXITED;
}

}  // namespace

int exit_code_of(v1::Job const& job) {
  if (job.state() == v1::Job::STATE_SUCCEEDED) return 0;
  int const code = job.exit_status() & 0xFF;
  return code == 0 ? 1 : code;
}

std::string ending_line(v1::Job const& job, UtcTime now) {
  auto line = full_id(job.name()) + ' ' + state_text(job.state());
  if (job.state() == v1::Job::STATE_FAILED && job.exit_status() != 0) {
    bool const signal = job.exit_status() > 128 && !exited_by_itself(job);
    line += signal ? " (signal " + std::to_string(job.exit_status() - 128) + ')'
                   : " (exit " + std::to_string(job.exit_status()) + ')';
  }
  if (job.state() == v1::Job::STATE_SUCCEEDED) return line;
  auto const more = further_message(job, now);
  if (!more.empty()) line += ": " + more;
  return line;
}

Result<std::optional<v1::Job>> wait_for_end(Context& context, std::string const& name,
                                            std::optional<Milliseconds> timeout, Milliseconds step,
                                            std::function<void()> const& on_progress) {
  auto& connection = context.connection();
  auto const begin = context.now();
  Milliseconds down{0};  // in this outage
  v1::WaitJobRequest request;
  request.set_name(name);
  while (true) {
    auto const left = timeout ? *timeout - (context.now() - begin) : Milliseconds::max();
    if (left <= Milliseconds(0)) return std::optional<v1::Job>{};
    auto const response = connection.call<v1::WaitJobResponse>(
        connection.jobs(), &v1::JobService::Stub::WaitJob, request, std::min(step, left));
    if (response && is_terminal(response->job().state())) return std::optional<v1::Job>(response->job());
    on_progress();
    bool const answered = response || response.error().code == "DEADLINE_EXCEEDED";
    if (answered) down = Milliseconds(0);
    if (response) {
      context.env().sleep(Milliseconds(20));
      continue;
    }
    if (answered) continue;
    auto const& code = response.error().code;
    // A daemon that stops in good order cancels the call.
    bool const lost = code == "UNAVAILABLE" || code == "UNREACHABLE" || code == "CANCELLED";
    // The first call must find a daemon; later ones survive a restart of up to a minute.
    bool const first = context.now() - begin < Milliseconds(500) && down == Milliseconds(0);
    if (!lost || first || down >= Milliseconds(60'000)) return tl::unexpected<Failure>(response.error());
    context.env().sleep(Milliseconds(500));
    down += Milliseconds(500);
  }
}

}  // namespace greenq::client
