// greenq info JOB…
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/job_text.hpp"
#include "client/cli/json.hpp"
#include "client/cli/selectors.hpp"

namespace greenq::client {
namespace {

Result<int> info(Context& context, std::vector<std::string> const& words) {
  auto const names = select(context, words);
  if (!names) return tl::unexpected<Failure>(names.error());
  for (auto const& name : *names) {
    auto const job = get_job(context, name);
    if (!job) return tl::unexpected<Failure>(job.error());
    context.out() << (context.json() ? to_json(*job) + '\n' : job_text(*job, context.now(), context.style()));
  }
  if (!context.json() && !names->empty()) context.out() << zone_line(context.now());
  return 0;
}

}  // namespace

void add_info(Cli& cli) {
  auto const words = std::make_shared<std::vector<std::string>>();
  auto* const command =
      cli.add("info", "Everything about a job", [words](Context& context) { return info(context, *words); });
  command->add_option("job", *words, kJobs)->type_name("JOB")->required();
}

}  // namespace greenq::client
