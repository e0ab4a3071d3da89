// greenq logs JOB [-f]
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/selectors.hpp"
#include "client/cli/streams.hpp"

namespace greenq::client {
namespace {

struct LogsOptions {
  std::string job;
  bool follow = false;
  bool from_stderr = false;
  int attempt = 0;
  std::int64_t tail_bytes = 0;
};

Result<int> logs(Context& context, LogsOptions const& options) {
  auto const name = select_one(context, options.job);
  if (!name) return tl::unexpected<Failure>(name.error());
  LogQuery query;
  query.job = *name;
  query.attempt = options.attempt;
  query.follow = options.follow;
  query.offset = -options.tail_bytes;
  if (options.from_stderr) query.stream = v1::ReadLogRequest::STREAM_STDERR;
  Canceller canceller;
  auto result = read_log(
      context.connection(), query, context.env(), canceller,
      [&](std::string_view data) {
        if (context.json()) {
          context.out() << "{\"data\":" << quote_json(data) << "}\n" << std::flush;
        } else {
          context.out() << data << std::flush;
        }
      },
      [&](std::string_view notice) { context.err() << notice << '\n'
                                                   << std::flush; });
  if (!result && result.error().reason == "JOB_NOT_STARTED") {
    result.error().message = "job " + short_id(*name) +
                             " has not started, so it has no output yet; greenq logs -f " + short_id(*name) +
                             " waits for it";
  }
  return result;
}

}  // namespace

void add_logs(Cli& cli) {
  auto const options = std::make_shared<LogsOptions>();
  auto* const command = cli.add("logs", "Show the output of a job",
                                [options](Context& context) { return logs(context, *options); });
  command->add_option("job", options->job, kOneJob)->type_name("JOB")->required();
  command->add_flag("-f,--follow", options->follow, "Go on until the job has ended");
  command->add_flag("--stderr", options->from_stderr, "Standard error instead of standard output");
  command->add_option("--attempt", options->attempt, "Of this attempt (default: the newest)")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--tail-bytes", options->tail_bytes, "Only the last so many bytes")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
}

}  // namespace greenq::client
