// greenq ls: my live jobs.
#include <algorithm>
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/lists.hpp"

namespace greenq::client {
namespace {

struct LsOptions {
  bool all_states = false;
  bool all_users = false;
  bool no_header = false;
  std::vector<std::string> states;
  std::string project;
  std::string name;
  std::string since;
  std::size_t limit = 100;
};

// When it started, or when it is planned to.
std::string start_cell(v1::Job const& job, UtcTime now) {
  if (job.has_end_time()) return "ended " + relative_time(instant(job.end_time()), now);
  if (job.has_start_time()) return relative_time(instant(job.start_time()), now);
  if (!job.has_planned_start_time()) return "-";
  auto const planned = instant(job.planned_start_time());
  if (planned - now < std::chrono::minutes(2)) return relative_time(std::max(planned, now), now) + " (est)";
  return local_time(planned, now) + " (est)";
}

std::string why_cell(v1::Job const& job) {
  bool const waits = job.state() == v1::Job::STATE_QUEUED || job.state() == v1::Job::STATE_PAUSED;
  if (waits) return reason_text(job.reason());
  if (job.state() == v1::Job::STATE_FAILED) return "exit " + std::to_string(job.exit_status());
  return "-";
}

Table table_of(std::vector<v1::Job> const& jobs, bool users, UtcTime now) {
  using Align = Table::Align;
  std::vector<Table::Column> columns{{"ID"}, {"NAME"}, {"STATE"}, {"PROJECT"}};
  if (users) columns.push_back({"USER"});
  for (auto const& column : std::vector<Table::Column>{
           {"CPU", Align::kRight}, {"GPU", Align::kRight}, {"START (" + zone_name(now) + ")"}, {"WHY"}}) {
    columns.push_back(column);
  }
  Table table(columns);
  for (auto const& job : jobs) {
    std::vector<std::string> row{short_id(job.name()), safe(job.spec().display_name()),
                                 state_text(job.state()), project_of(job.name())};
    if (users) row.push_back(safe(job.owner()));
    row.push_back(std::to_string(std::max(job.spec().resources().cpus(), 1)));
    row.push_back(std::to_string(job.spec().resources().gpus()));
    row.push_back(start_cell(job, now));
    row.push_back(why_cell(job));
    table.add(std::move(row));
  }
  return table;
}

Result<int> ls(Context& context, LsOptions const& options) {
  JobQuery query;
  query.project = options.project;
  query.name = options.name;
  query.limit = options.limit;
  std::string const& user = context.env().user;
  if (!options.all_users) query.owner = user.empty() ? std::to_string(context.env().uid) : user;
  auto const states = parse_states(options.states);
  if (!states) return tl::unexpected<Failure>(states.error());
  query.states = *states;
  if (query.states.empty() && !options.all_states) query.states = live_states();
  if (!options.since.empty()) {
    auto const since = parse_since(options.since, context.now());
    if (!since) return tl::unexpected<Failure>(since.error());
    query.since = *since;
  }
  auto const list = list_jobs(context, query);
  if (!list) return tl::unexpected<Failure>(list.error());
  for (auto const& job : list->jobs) {
    if (context.json()) {
      context.out() << to_json(job) << '\n';
    } else if (context.parsable()) {
      context.out() << short_id(job.name()) << '\n';
    }
  }
  if (context.for_people()) {
    if (list->jobs.empty()) {
      context.err() << (options.all_states || !options.states.empty()
                            ? "No such jobs.\n"
                            : "No such live jobs; greenq ls -a shows ended ones too.\n");
    } else {
      context.out()
          << table_of(list->jobs, options.all_users, context.now()).text(!options.no_header, context.style());
    }
  }
  if (list->more && !context.parsable()) {
    context.err() << "-- only the newest " << options.limit << " are shown; use --limit for more --\n";
  }
  return 0;
}

}  // namespace

void add_ls(Cli& cli) {
  auto const options = std::make_shared<LsOptions>();
  auto* const command =
      cli.add("ls", "List live jobs (JSON Lines with -o json)",
              [options](Context& context) { return ls(context, *options); }, {.json = true, .ids = true});
  command->add_flag("-a,--all", options->all_states, "Ended jobs too");
  command->add_flag("-A,--all-users", options->all_users, "Jobs of everyone");
  command->add_flag("-n,--no-header", options->no_header, "No line of titles");
  command->add_option("--state", options->states, "Only these states, e.g. queued,running")
      ->type_name(state_choices())
      ->delimiter(',');
  command->add_option("--project", options->project, "Only this project, e.g. vision")->type_name("NAME");
  command->add_option("--name", options->name, "Only jobs of this name, e.g. resnet50")->type_name("NAME");
  command->add_option("--since", options->since, kSince)->type_name("SPAN|TIME");
  command->add_option("--limit", options->limit, "At most so many, the newest (100)")
      ->type_name("1..100000")
      ->check(CLI::Range(1, 100'000).description(""));
}

}  // namespace greenq::client
