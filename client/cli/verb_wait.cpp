// greenq wait JOB…: ends when all have ended, with the code of the first that did not succeed.
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/ending.hpp"
#include "client/cli/format.hpp"
#include "client/cli/job_text.hpp"
#include "client/cli/json.hpp"
#include "client/cli/selectors.hpp"
#include "config/reader/quantity.hpp"

namespace greenq::client {
namespace {

struct WaitOptions {
  std::vector<std::string> jobs;
  std::string timeout;
  bool progress = false;
};

Result<int> wait(Context& context, WaitOptions const& options) {
  std::optional<Milliseconds> timeout;
  if (!options.timeout.empty()) {
    auto const parsed = config::parse_span(options.timeout);
    if (!parsed) return fail(Exit::kUsage, "USAGE", "--timeout: " + parsed.error());
    timeout = *parsed;
  }
  auto const names = select(context, options.jobs);
  if (!names) return tl::unexpected<Failure>(names.error());
  auto const begin = context.now();
  int code = 0;
  for (auto const& name : *names) {
    std::string last;
    auto const progress = [&] {
      if (!options.progress) return;
      auto const job = get_job(context, name);
      if (!job) return;
      auto line = full_id(job->name()) + ' ' + state_text(job->state());
      if (job->state() == v1::Job::STATE_QUEUED) line += ": " + reason_text(job->reason());
      if (line != last) context.err() << line << '\n' << std::flush;
      last = line;
    };
    auto const left = timeout ? std::optional(*timeout - (context.now() - begin)) : std::nullopt;
    progress();
    auto const job = wait_for_end(context, name, left,
                                  options.progress ? Milliseconds(2000) : Milliseconds(60'000), progress);
    if (!job) return tl::unexpected<Failure>(job.error());
    if (!*job) {
      return fail(Exit::kTimedOut, "TIMED_OUT",
                  "job " + short_id(name) + " has not ended within " + options.timeout);
    }
    if (context.json()) context.out() << to_json(**job) << '\n';
    if (context.for_people()) context.out() << ending_line(**job, context.now()) << '\n' << std::flush;
    if (code == 0) code = exit_code_of(**job);
  }
  return code;
}

}  // namespace

void add_wait(Cli& cli) {
  auto const options = std::make_shared<WaitOptions>();
  auto* const command = cli.add("wait", "Wait for jobs to end; the exit code is the job's",
                                [options](Context& context) { return wait(context, *options); });
  command->add_option("job", options->jobs, kJobs)->type_name("JOB")->required();
  command->add_option("--timeout", options->timeout, "Give up after this long (exit code 6), e.g. 8h");
  command->add_flag("--progress", options->progress, "Say on standard error what the job does meanwhile");
}

}  // namespace greenq::client
