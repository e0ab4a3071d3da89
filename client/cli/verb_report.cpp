// greenq report [JOB]: the footprint of one job, sums over ended jobs, or what they saved beside a plain
// queue.
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/footprint_text.hpp"
#include "client/cli/footprints.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/lists.hpp"
#include "client/cli/savings_text.hpp"
#include "client/cli/selectors.hpp"

namespace greenq::client {
namespace {

using Request = v1::AggregateFootprintsRequest;
// A plain queue is simulated for the answer.
constexpr Milliseconds kSavingsTimeout = std::chrono::minutes(2);

struct ReportOptions {
  std::string job;
  std::vector<std::string> by{"user"};
  std::string project;
  std::string user;
  std::string since;
  std::string until;
  bool no_header = false;
  bool savings = false;
};

constexpr std::pair<std::string_view, Request::GroupBy> kGroups[] = {
    {"user", Request::GROUP_BY_USER},
    {"project", Request::GROUP_BY_PROJECT},
    {"day", Request::GROUP_BY_DAY},
    {"name", Request::GROUP_BY_DISPLAY_NAME}};

Result<int> report_job(Context& context, std::string const& word) {
  auto const name = select_one(context, word);
  if (!name) return tl::unexpected<Failure>(name.error());
  auto const footprint = get_footprint(context, *name);
  if (!footprint) return tl::unexpected<Failure>(footprint.error());
  context.out() << (context.json() ? to_json(*footprint) + '\n'
                                   : footprint_text(*footprint, context.now(), context.style()));
  return 0;
}

// What the requests for sums and for savings have in common.
template <class Filtered>
Result<Filtered> filter_of(Context& context, ReportOptions const& options) {
  Filtered request;
  request.set_parent(parent_of(options.project));
  request.set_owner(options.user);
  if (!options.since.empty()) {
    auto const since = parse_since(options.since, context.now());
    if (!since) return tl::unexpected<Failure>(since.error());
    *request.mutable_ended_after() = timestamp(*since);
  }
  if (!options.until.empty()) {
    auto const until = parse_since(options.until, context.now());
    if (!until) return tl::unexpected<Failure>(until.error());
    *request.mutable_ended_before() = timestamp(*until);
  }
  bool const both = request.has_ended_after() && request.has_ended_before();
  if (both && instant(request.ended_after()) >= instant(request.ended_before()))
    return fail(Exit::kUsage, "BAD_PERIOD", "--since must be before --until");
  return request;
}

Result<Request> request_of(Context& context, ReportOptions const& options) {
  auto request = filter_of<Request>(context, options);
  if (!request) return request;
  request->set_page_size(1000);
  for (auto const& key : options.by) {
    for (auto const& [name, group] : kGroups) {
      if (name == key) request->add_group_by(group);
    }
  }
  return request;
}

Result<int> report_savings(Context& context, ReportOptions const& options) {
  auto const request = filter_of<v1::GetSavingsRequest>(context, options);
  if (!request) return tl::unexpected<Failure>(request.error());
  auto& connection = context.connection();
  auto const response = connection.call<v1::GetSavingsResponse>(
      connection.footprints(), &v1::FootprintService::Stub::GetSavings, *request, kSavingsTimeout);
  if (!response) return tl::unexpected<Failure>(response.error());
  auto const& savings = response->savings();
  context.out() << (context.json() ? to_json(savings) + '\n'
                                   : savings_text(savings, context.now(), context.style()));
  return 0;
}

std::vector<Table::Column> columns_of(std::vector<std::string> const& keys) {
  std::vector<Table::Column> columns;
  for (auto const& key : keys) {
    std::string title = key == "day" ? "DAY (UTC)" : key;
    for (char& c : title) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    columns.push_back({title});
  }
  using Align = Table::Align;
  for (char const* title : {"JOBS", "RAN", "ENERGY", "MARGINAL CO2e", "SAVED", "AVERAGE CO2e", "SAVED"}) {
    columns.push_back({title, Align::kRight});
  }
  columns.push_back({"METHOD"});
  return columns;
}

std::vector<std::string> row_of(v1::FootprintGroup const& group, std::size_t keys) {
  std::vector<std::string> row;
  row.reserve(keys + 8);
  for (int i = 0; i < static_cast<int>(keys); ++i)
    row.push_back(i < group.keys_size() ? safe(group.keys(i)) : "-");
  row.push_back(std::to_string(group.jobs()));
  row.push_back(duration_text(Milliseconds(group.run_ms())));
  row.push_back(group.energy().total_mj() > 0 ? energy_text(group.energy().total_mj()) : "-");
  for (auto const* book : {&group.marginal(), &group.average()}) {
    row.push_back(book_text(*book));
    row.push_back(saving_text(*book));
  }
  row.push_back(quality_text(group.energy()));
  return row;
}

Result<int> report_groups(Context& context, ReportOptions const& options) {
  auto request = request_of(context, options);
  if (!request) return tl::unexpected<Failure>(request.error());
  auto& connection = context.connection();
  Table table(columns_of(options.by));
  std::int64_t unknown_ms = 0;
  SourceLines sources(context.now());
  while (true) {
    auto const page = connection.call<v1::AggregateFootprintsResponse>(
        connection.footprints(), &v1::FootprintService::Stub::AggregateFootprints, *request);
    if (!page) return tl::unexpected<Failure>(page.error());
    for (auto const& group : page->groups()) {
      if (context.json()) context.out() << to_json(group) << '\n';
      table.add(row_of(group, options.by.size()));
      unknown_ms += group.energy().unknown_device_ms();
      sources.add(group.marginal());
      sources.add(group.average());
    }
    if (page->next_page_token().empty()) break;
    request->set_page_token(page->next_page_token());
  }
  if (!context.for_people()) return 0;
  if (table.empty()) {
    context.err() << "No job has ended in that time.\n";
    return 0;
  }
  context.out() << table.text(!options.no_header, context.style()) << sources.text();
  if (unknown_ms > 0) {
    context.out() << "Unknown: " << duration_text(Milliseconds(unknown_ms))
                  << " of device time without a reading; not counted as zero.\n";
  }
  context.out()
      << context.style().dim(
             "SAVED compares with a start at submission (modelled), whether or not there was room;\n"
             "--savings compares with a plain queue on the same machine. The books are never added.")
      << '\n';
  return 0;
}

Result<int> report(Context& context, ReportOptions const& options) {
  if (options.savings) return report_savings(context, options);
  return options.job.empty() ? report_groups(context, options) : report_job(context, options.job);
}

}  // namespace

void add_report(Cli& cli) {
  auto const options = std::make_shared<ReportOptions>();
  auto* const command =
      cli.add("report", "Energy and carbon of one job, or of all ended jobs by group; what they saved",
              [options](Context& context) { return report(context, *options); });
  auto* const job = command->add_option("job", options->job, kOneJob)->type_name("JOB");
  auto* const by = command->add_option("--by", options->by,
                                       "Group by user, project, day, name; several with commas (user)");
  by->delimiter(',')->check(CLI::IsMember({"user", "project", "day", "name"}));
  command->add_option("--project", options->project, "Only this project, e.g. vision")->type_name("NAME");
  command->add_option("--user", options->user, "Only jobs of this user, e.g. ada")->type_name("NAME");
  command->add_option("--since", options->since, "Ended since: 7d (back from now), or 2026-11-24T08:00+01:00")
      ->type_name("SPAN|TIME");
  command
      ->add_option("--until", options->until, "Ended before: 1d (back from now), or 2026-11-24T08:00+01:00")
      ->type_name("SPAN|TIME");
  auto* const no_header = command->add_flag("-n,--no-header", options->no_header, "No line of titles");
  command
      ->add_flag("--savings", options->savings,
                 "Beside the same submissions in a plain queue on this machine (jobs of the last 30d)")
      ->excludes(job)
      ->excludes(by)
      ->excludes(no_header);
}

}  // namespace greenq::client
