// greenq watch [JOB]: events as they happen, without a gap across restarts of the daemon.
#include <fmt/format.h>

#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/job_text.hpp"
#include "client/cli/json.hpp"
#include "client/cli/selectors.hpp"
#include "client/cli/streams.hpp"

namespace greenq::client {
namespace {

void print(Context& context, v1::JobEvent const& event) {
  if (context.json()) {
    context.out() << to_json(event) << '\n' << std::flush;
    return;
  }
  auto line = fmt::format("{:<10}  {:<12} {:<10}", local_time_seconds(instant(event.time()), context.now()),
                          full_id(event.job()), state_text(event.state()));
  line += ' ' + event_text(event, context.now());
  line.erase(line.find_last_not_of(' ') + 1);
  context.out() << line << '\n' << std::flush;
}

Result<int> watch(Context& context, std::string const& word) {
  std::string name;
  if (!word.empty()) {
    auto const chosen = select_one(context, word);
    if (!chosen) return tl::unexpected<Failure>(chosen.error());
    name = *chosen;
  }
  // A job that has ended sends no more events.
  auto const still_alive = [&] {
    if (name.empty()) return true;
    auto const job = get_job(context, name);
    return job && !is_terminal(job->state());
  };
  if (!name.empty()) {
    auto const job = get_job(context, name);
    if (!job) return tl::unexpected<Failure>(job.error());
    if (is_terminal(job->state())) {
      if (context.for_people())
        context.out() << full_id(job->name()) << ' ' << standing_text(job->state()) << '\n';
      return 0;
    }
  }
  if (!context.json()) {
    context.out() << context.style().bold("TIME (" + zone_name(context.now()) +
                                          ")  JOB          STATE      EVENT")
                  << '\n'
                  << std::flush;
  }
  EventSink sink;
  sink.on_event = [&](v1::JobEvent const& event) {
    print(context, event);
    return name.empty() || !is_terminal(event.state());
  };
  sink.on_bookmark = still_alive;
  sink.on_relist = still_alive;
  Canceller canceller;
  return watch_jobs(context.connection(), name, true, context.env(), canceller, sink,
                    [&](std::string_view notice) { context.err() << notice << '\n'
                                                                 << std::flush; });
}

}  // namespace

void add_watch(Cli& cli) {
  auto const word = std::make_shared<std::string>();
  auto* const command =
      cli.add("watch", "Show events of a job, or of all, as they happen (JSON Lines with -o json)",
              [word](Context& context) { return watch(context, *word); });
  command->add_option("job", *word, kOneJob)->type_name("LIVE_JOB");
}

}  // namespace greenq::client
