// greenq validate FILE: checks a job file without a daemon.
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/job_file.hpp"
#include "client/cli/json.hpp"
#include "client/cli/submission.hpp"

namespace greenq::client {
namespace {

Result<int> validate(Context& context, SubmitOptions const& options) {
  auto const file = read_job_file(options.file, options.overrides, context.env(), "the file is not valid");
  if (!file) return tl::unexpected<Failure>(file.error());
  for (auto const& request : file->requests) {
    if (context.json()) context.out() << to_json(request) << '\n';
  }
  if (context.for_people()) {
    auto const count = file->requests.size();
    context.out()
        << options.file << ": " << count << (count == 1 ? " job" : " jobs")
        << ", valid. What only the daemon knows (resources, site limits) is checked by greenq plan.\n";
  }
  return 0;
}

}  // namespace

void add_validate(Cli& cli) {
  auto const options = std::make_shared<SubmitOptions>();
  auto* const command = cli.add("validate", "Check a job file; needs no daemon",
                                [options](Context& context) { return validate(context, *options); });
  add_file_options(*command, *options);
}

}  // namespace greenq::client
