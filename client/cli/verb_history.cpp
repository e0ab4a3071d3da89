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

struct Options {
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
                                 state_text(job.state()), std::to_string(job.exit_status()),
                                 local_time(instant(job.end_time()), now)};
    if (found == footprints.end()) {
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

Result<int> history(Context& context, Options const& options) {
  JobQuery query;
  query.project = options.project;
  query.limit = options.limit;
  query.states = ended_states();
  if (!options.all_users) query.owner = context.env().user;
  if (!options.since.empty()) {
    auto const since = parse_since(options.since, context.now());
    if (!since) return tl::unexpected<Failure>(since.error());
    query.since = *since;
  }
  auto const list = list_jobs(context, query);
  if (!list) return tl::unexpected<Failure>(list.error());
  for (auto const& job : list->jobs) {
    if (context.json()) context.out() << to_json(job) << '\n';
    if (context.parsable()) context.out() << short_id(job.name()) << '\n';
  }
  if (!context.for_people()) return 0;
  if (list->jobs.empty()) {
    context.err() << "No job has ended yet.\n";
    return 0;
  }
  FootprintQuery wanted{options.project, query.owner, std::nullopt, std::nullopt};
  for (auto const& job : list->jobs) {
    auto const end = instant(job.end_time());
    wanted.after = wanted.after ? std::min(*wanted.after, end) : end;
  }
  auto const footprints = list_footprints(context, wanted, 10'000);
  if (!footprints) return tl::unexpected<Failure>(footprints.error());
  SourceLines sources(context.now());
  for (auto const& job : list->jobs) {
    auto const found = footprints->find(job.name());
    if (found == footprints->end()) continue;
    sources.add(found->second.marginal());
    sources.add(found->second.average());
  }
  context.out() << table_of(list->jobs, *footprints, context.now()).text(!options.no_header, context.style())
                << sources.text();
  if (list->more)
    context.err() << "-- only the newest " << options.limit << " are shown; use --limit for more --\n";
  return 0;
}

}  // namespace

void add_history(Cli& cli) {
  auto const options = std::make_shared<Options>();
  auto* const command = cli.add("history", "List ended jobs with energy and carbon (JSON Lines with -o json)",
                                [options](Context& context) { return history(context, *options); });
  command->add_flag("-A,--all-users", options->all_users, "Jobs of everyone");
  command->add_flag("-n,--no-header", options->no_header, "No line of titles");
  command->add_option("--project", options->project, "Only this project");
  command->add_option("--since", options->since, "Submitted since then: 6h, or a time");
  command->add_option("--limit", options->limit, "At most so many (25)")->check(CLI::Range(1, 10'000));
}

}  // namespace greenq::client
