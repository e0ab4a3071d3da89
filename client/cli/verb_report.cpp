// greenq report [JOB]: the footprint of one job, sums over ended jobs, or what they saved beside a plain
// queue.
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/footprint_text.hpp"
#include "client/cli/footprints.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/lists.hpp"
#include "client/cli/report_formats.hpp"
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
  std::string format = "table";
  std::string book = "average";
  CardOptions card;
  SciOptions sci;
  bool equivalences = false;
};

constexpr std::pair<std::string_view, Request::GroupBy> kGroups[] = {
    {"user", Request::GROUP_BY_USER},
    {"project", Request::GROUP_BY_PROJECT},
    {"day", Request::GROUP_BY_DAY},
    {"name", Request::GROUP_BY_DISPLAY_NAME}};

v1::SignalKind book_of(ReportOptions const& options) {
  return options.book == "marginal" ? v1::SIGNAL_KIND_MARGINAL : v1::SIGNAL_KIND_AVERAGE;
}

// Of one job.
Result<std::string> text_of(Context& context, ReportOptions const& options, v1::Footprint const& footprint) {
  if (options.format == "table") {
    if (context.json()) return to_json(footprint) + '\n';
    return footprint_text(footprint, context.now(), context.style());
  }
  auto const report = report_of(footprint);
  if (options.format == "csv") return report_csv(report);
  if (options.format == "markdown") return report_markdown(report, context.now());
  if (options.format == "latex") return report_latex(report, context.now());
  if (options.format == "sci") {
    SciOptions sci = options.sci;
    sci.book = book_of(options);
    return report_sci(report.rows.front(), sci, context.now());
  }
  CardOptions card = options.card;
  card.book = book_of(options);
  return report_card(report.rows.front(), card, context.now());
}

Result<int> report_job(Context& context, ReportOptions const& options) {
  auto const name = select_one(context, options.job);
  if (!name) return tl::unexpected<Failure>(name.error());
  auto const footprint = get_footprint(context, *name);
  if (!footprint) return tl::unexpected<Failure>(footprint.error());
  auto const text = text_of(context, options, *footprint);
  if (!text) return tl::unexpected<Failure>(text.error());
  context.out() << *text;
  if (options.equivalences) context.out() << equivalences_text(report_of(*footprint).rows.front());
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

ReportRow row_of(v1::FootprintGroup const& group) {
  ReportRow row;
  row.keys.assign(group.keys().begin(), group.keys().end());
  row.jobs = group.jobs();
  row.run_ms = group.run_ms();
  row.energy = group.energy();
  row.marginal = group.marginal();
  row.average = group.average();
  return row;
}

void print(Context& context, ReportOptions const& options, Report const& report) {
  if (report.rows.empty() && options.format != "csv") {
    context.err() << "No job has ended in that time.\n";
  } else if (options.format == "csv") {
    context.out() << report_csv(report);
  } else {
    context.out() << (options.format == "latex" ? report_latex(report, context.now())
                                                : report_markdown(report, context.now()));
  }
}

Result<int> report_groups(Context& context, ReportOptions const& options) {
  auto request = request_of(context, options);
  if (!request) return tl::unexpected<Failure>(request.error());
  auto& connection = context.connection();
  Table table(columns_of(options.by));
  std::int64_t unknown_ms = 0;
  SourceLines sources(context.now());
  Report report{options.by, {}};
  while (true) {
    auto const page = connection.call<v1::AggregateFootprintsResponse>(
        connection.footprints(), &v1::FootprintService::Stub::AggregateFootprints, *request);
    if (!page) return tl::unexpected<Failure>(page.error());
    for (auto const& group : page->groups()) {
      if (context.json()) context.out() << to_json(group) << '\n';
      table.add(row_of(group, options.by.size()));
      report.rows.push_back(row_of(group));
      unknown_ms += group.energy().unknown_device_ms();
      sources.add(group.marginal());
      sources.add(group.average());
    }
    if (page->next_page_token().empty()) break;
    request->set_page_token(page->next_page_token());
  }
  if (options.format != "table") {
    print(context, options, report);
    return 0;
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

// What goes together; empty: all does.
std::string misuse(Context& context, ReportOptions const& options) {
  bool const card = options.format == "huggingface";
  bool const sci = options.format == "sci";
  if (options.format != "table" && context.json()) return "--format and -o json exclude each other";
  if ((card || sci) && options.job.empty()) return "--format " + options.format + " needs a JOB";
  if (options.equivalences && (options.job.empty() || options.format != "table" || context.json()))
    return "--equivalences needs a JOB, and the table";
  if (sci && (options.sci.unit.empty() || options.sci.count <= 0))
    return "--format sci needs a functional unit and how many of it the job did: --per epoch --count 10";
  bool const of_sci = !options.sci.unit.empty() || options.sci.count != 0 || options.sci.embodied_g;
  if (!sci && of_sci) return "--per, --count and --embodied-g go with --format sci";
  auto const& words = options.card;
  bool const of_card = !words.training_type.empty() || !words.location.empty() || !words.hardware.empty();
  if (!card && of_card) return "--training-type, --location and --hardware go with --format huggingface";
  return {};
}

Result<int> report(Context& context, ReportOptions const& options) {
  if (options.savings) return report_savings(context, options);
  if (auto const wrong = misuse(context, options); !wrong.empty())
    return fail(Exit::kUsage, "BAD_USAGE", wrong);
  return options.job.empty() ? report_groups(context, options) : report_job(context, options);
}

void add_format_options(CLI::App& command, ReportOptions& options, CLI::Option& savings) {
  auto* const format =
      command
          .add_option(
              "--format", options.format,
              "table, csv, markdown or latex; of one job also huggingface (metadata of a model card) or sci")
          ->check(CLI::IsMember({"table", "csv", "markdown", "latex", "huggingface", "sci"}))
          ->excludes(&savings);
  command
      .add_option("--book", options.book, "The book of huggingface and sci: average (as it is) or marginal")
      ->check(CLI::IsMember({"average", "marginal"}))
      ->needs(format);
  command
      .add_option("--training-type", options.card.training_type,
                  "huggingface: e.g. pre-training or fine-tuning")
      ->type_name("TEXT");
  command
      .add_option("--location", options.card.location,
                  "huggingface: instead of the zone, e.g. \"Quebec, Canada\"")
      ->type_name("TEXT");
  command.add_option("--hardware", options.card.hardware, "huggingface: e.g. \"4 x A100\"")
      ->type_name("TEXT");
  command.add_option("--per", options.sci.unit, "sci: functional unit, e.g. epoch")->type_name("UNIT");
  command.add_option("--count", options.sci.count, "sci: how many of it the job did")
      ->check(CLI::PositiveNumber)
      ->type_name("NUMBER");
  command.add_option("--embodied-g", options.sci.embodied_g, "sci: embodied emissions to add, in grams")
      ->check(CLI::NonNegativeNumber)
      ->type_name("NUMBER");
  command
      .add_flag("--equivalences", options.equivalences, "How far a car drives for as much, by three factors")
      ->excludes(&savings);
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
  auto* const savings =
      command
          ->add_flag("--savings", options->savings,
                     "Beside the same submissions in a plain queue on this machine (jobs of the last 30d)")
          ->excludes(job)
          ->excludes(by)
          ->excludes(no_header);
  add_format_options(*command, *options, *savings);
}

}  // namespace greenq::client
