// greenq submit FILE
#include <algorithm>
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/submission.hpp"

namespace greenq::client {
namespace {

void print_footer(Context& context, std::vector<Submitted> const& jobs) {
  if (!context.env().out_is_terminal) return;
  auto const id = short_id(jobs.front().job.name());
  auto const text = "  greenq explain " + id + " | greenq logs -f " + id + " | greenq cancel " + id;
  context.out() << context.style().dim(text) << '\n';
}

Result<int> submit(Context& context, SubmitOptions const& options) {
  auto const jobs = submit_file(context, options, context.for_people());
  if (!jobs) return tl::unexpected<Failure>(jobs.error());
  for (auto const& submitted : *jobs) {
    if (context.json()) {
      context.out() << to_json(submitted.job) << '\n';
    } else if (context.parsable()) {
      context.out() << short_id(submitted.job.name()) << '\n';
    } else {
      context.out() << submitted_line(submitted, context.now()) << '\n';
    }
  }
  if (context.for_people()) {
    auto const planned = [](Submitted const& one) { return one.plan.has_chosen(); };
    if (std::any_of(jobs->begin(), jobs->end(), planned)) context.out() << zone_line(context.now());
    print_footer(context, *jobs);
  }
  return 0;
}

}  // namespace

void add_submit(Cli& cli) {
  auto const options = std::make_shared<SubmitOptions>();
  auto* const command =
      cli.add("submit", "Submit the jobs of a file, all or none",
              [options](Context& context) { return submit(context, *options); }, {.json = true, .ids = true});
  add_file_options(*command, *options);
  add_request_id(*command, *options);
  command->add_flag("--hold", options->hold, "Submit held; greenq release lets it go");
}

}  // namespace greenq::client
