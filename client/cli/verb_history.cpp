// greenq history: ended jobs with what they used.
#include <algorithm>
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/footprint_text.hpp"
#include "client/cli/footprints.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/lists.hpp"

namespace greenq::client {
namespace {

struct HistoryOptions {
  bool all_users = false;
  bool no_header = false;
  std::string project;
  std::string since;
  std::size_t limit = 25;
};

using Footprints = std::unordered_map<std::string, v1::Footprint>;

Table table_of(std::vector<v1::Job> const& jobs, Footprints const& footprints, UtcTime now) {
  using Align = Table::Align;
  Table table({{"ID"},
               {"NAME"},
               {"STATE"},
               {"EXIT", Align::kRight},
               {"ENDED (" + zone_name(now) + ")"},
               {"RAN", Align::kRight},
               {"ENERGY", Align::kRight},
               {"MARGINAL CO2e", Align::kRight},
               {"AVERAGE CO2e", Align::kRight}});
  for (auto const& job : jobs) {
    auto const found = footprints.find(job.name());
    std::vector<std::string> row{short_id(job.name()), safe(job.spec().display_name()),
                                 state_text(job.state()),
                                 job.has_start_time() ? std::to_string(job.exit_status()) : "-",
                                 local_time(instant(job.end_time()), now)};
    if (found == footprints.end() || !job.has_start_time()) {
      row.insert(row.end(), {"-", "-", "-", "-"});
    } else {
      auto const& footprint = found->second;
      row.push_back(duration_text(Milliseconds(footprint.run_ms())));
      row.push_back(footprint.energy().total_mj() > 0 ? energy_text(footprint.energy().total_mj()) : "-");
      row.push_back(book_text(footprint.marginal()));
      row.push_back(book_text(footprint.average()));
    }
    table.add(std::move(row));
  }
  return table;
}

Result<JobQuery> query_of(Context& context, HistoryOptions const& options) {
  JobQuery query;
  query.project = options.project;
  query.limit = options.limit;
  query.states = ended_states();
  if (!options.all_users) query.owner = context.env().user;
  if (options.since.empty()) return query;
  auto const since = parse_since(options.since, context.now());
  if (!since) return tl::unexpected<Failure>(since.error());
  query.since = *since;
  return query;
}

Result<Footprints> footprints_of(Context& context, JobQuery const& query, std::vector<v1::Job> const& jobs) {
  FootprintQuery wanted{query.project, query.owner, std::nullopt, std::nullopt};
  for (auto const& job : jobs) {
    auto const end = instant(job.end_time());
    wanted.after = wanted.after ? std::min(*wanted.after, end) : end;
  }
  return list_footprints(context, wanted, 10'000);
}

void print(Context& context, std::vector<v1::Job> const& jobs, Footprints const& footprints, bool header) {
  SourceLines sources(context.now());
  for (auto const& job : jobs) {
    auto const found = footprints.find(job.name());
    if (context.json()) {
      context.out() << "{\"job\":" << to_json(job)
                    << ",\"footprint\":" << (found == footprints.end() ? "null" : to_json(found->second))
                    << "}\n";
    } else if (found != footprints.end()) {
      sources.add(found->second.marginal());
      sources.add(found->second.average());
    }
  }
  if (context.json()) return;
  context.out() << table_of(jobs, footprints, context.now()).text(header, context.style()) << sources.text();
}

Result<int> history(Context& context, HistoryOptions const& options) {
  auto const query = query_of(context, options);
  if (!query) return tl::unexpected<Failure>(query.error());
  auto const list = list_jobs(context, *query);
  if (!list) return tl::unexpected<Failure>(list.error());
  if (context.parsable()) {
    for (auto const& job : list->jobs) context.out() << short_id(job.name()) << '\n';
    return 0;
  }
  if (list->jobs.empty()) {
    if (context.for_people())
      context.err() << (options.since.empty() ? "No job has ended yet.\n" : "No such job has ended yet.\n");
    return 0;
  }
  auto const footprints = footprints_of(context, *query, list->jobs);
  if (!footprints) return tl::unexpected<Failure>(footprints.error());
  print(context, list->jobs, *footprints, !options.no_header);
  if (list->more)
    context.err() << "-- only the newest " << options.limit << " are shown; use --limit for more --\n";
  return 0;
}

}  // namespace

void add_history(Cli& cli) {
  auto const options = std::make_shared<HistoryOptions>();
  auto* const command = cli.add(
      "history", "List your ended jobs with energy and carbon (JSON Lines with -o json)",
      [options](Context& context) { return history(context, *options); }, {.json = true, .ids = true});
  command->add_flag("-A,--all-users", options->all_users, "Jobs of everyone");
  command->add_flag("-n,--no-header", options->no_header, "No line of titles");
  command->add_option("--project", options->project, "Only this project, e.g. vision")->type_name("NAME");
  command->add_option("--since", options->since, kSince)->type_name("SPAN|TIME");
  command->add_option("--limit", options->limit, "At most so many, the newest (25)")
      ->type_name("1..10000")
      ->check(CLI::Range(1, 10'000).description(""));
  command->footer(
      "greenq history --since 7d                        submitted in the last week\n"
      "greenq history --since 2026-11-24T08:00+01:00    submitted since then; the zone is needed\n"
      "greenq history -A --project vision --limit 100   everyone's, of one project\n"
      "Sums by user, project, day or name: greenq report");
}

}  // namespace greenq::client
