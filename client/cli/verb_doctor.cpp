// greenq doctor: is everything there that a job needs? Works, and helps, when the daemon is down. Exit code 0
// when the daemon answers, else as every verb (4, 7).
#include <fmt/format.h>

#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/feeds.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/nodes.hpp"
#include "client/cli/version.hpp"

namespace greenq::client {
namespace {

constexpr Milliseconds kTimeout{5000};

std::string socket_state_text(SocketState state) {
  switch (state) {
    case SocketState::kAnswers:
      return "answers";
    case SocketState::kMissing:
      return "does not exist";
    case SocketState::kNobodyListens:
      return "nobody listens";
    case SocketState::kDenied:
      return "you may not use it";
    case SocketState::kNotASocket:
      return "not a socket";
  }
  return "unknown";
}

struct Findings {
  v1::GetServerInfoResponse info;
  std::vector<v1::Feed> feeds;
  std::vector<v1::Node> nodes;
  // Of the site's deciding signal; nothing where none is known.
  std::optional<v1::GetForecastResponse> forecast;
  std::string forecast_problem;  // why that is not known
};

Result<Findings> ask(Context& context) {
  auto& connection = context.connection();
  Findings findings;
  auto const info = connection.call<v1::GetServerInfoResponse>(
      connection.nodes(), &v1::NodeService::Stub::GetServerInfo, v1::GetServerInfoRequest(), kTimeout);
  if (!info) return tl::unexpected<Failure>(info.error());
  findings.info = *info;
  auto feeds = list_feeds(context, kTimeout);
  if (!feeds) return tl::unexpected<Failure>(feeds.error());
  findings.feeds = std::move(*feeds);
  auto nodes = list_nodes(context, kTimeout);
  if (!nodes) return tl::unexpected<Failure>(nodes.error());
  findings.nodes = std::move(*nodes);
  v1::GetForecastRequest request;
  *request.mutable_horizon() = duration(std::chrono::hours(1));
  auto forecast = connection.call<v1::GetForecastResponse>(
      connection.carbon(), &v1::CarbonService::Stub::GetForecast, request, kTimeout);
  if (forecast) {
    findings.forecast = std::move(*forecast);
  } else if (forecast.error().reason != "ZONE_NOT_FOUND") {
    findings.forecast_problem = forecast.error().message;
  }
  return findings;
}

class Page {
 public:
  explicit Page(Context& context) : out_(context.out()), style_(context.style()), now_(context.now()) {}

  void sockets(Context& context) {
    title("Socket");
    auto const chosen = context.socket();
    for (auto const& candidate : socket_candidates(context.env(), context.options().socket)) {
      auto const state = probe_socket(candidate.path);
      line(state == SocketState::kAnswers, candidate.path == chosen.path,
           candidate.path + " (" + candidate.origin + "): " + socket_state_text(state));
    }
  }

  void server(v1::GetServerInfoResponse const& info) {
    title("Daemon");
    bool const same = info.version() == kVersion;
    line(same, true,
         "greenqd " + safe(info.version()) + (same ? "" : ", but greenq is " + std::string(kVersion)));
    line(true, true,
         "runs since " + local_time_with_zone(instant(info.start_time()), now_) + " (" +
             relative_time(instant(info.start_time()), now_) + "), state in " + safe(info.state_dir()));
    line(true, true,
         "runs jobs as " + (info.run_as() == "self" ? "the user that started it" : safe(info.run_as())));
    if (info.hold_mode()) line(false, true, "HOLDS every job: " + safe(info.hold_reason()));
    std::string jobs;
    for (auto const& [state, count] : info.live_jobs()) {
      if (count > 0) jobs += fmt::format("{}{} {}", jobs.empty() ? "" : ", ", count, safe(state));
    }
    line(true, true, "live jobs: " + (jobs.empty() ? "none" : jobs));
    for (auto const& warning : info.warnings()) line(false, true, safe(warning));
  }

  void shifting(v1::GetForecastResponse const& forecast) {
    auto const kind = forecast.source().kind();
    if (!forecast.not_shifted_reason().empty()) {
      line(false, true, "jobs here are " + not_shifted_text(forecast.not_shifted_reason(), now_));
    } else {
      auto const caution = average_caution(kind);
      line(true, true,
           "jobs here move by the " + kind_title(kind) + " signal" + (caution.empty() ? "" : "; " + caution));
    }
  }

  void unknown_shifting(std::string const& problem) {
    line(false, true, "whether jobs are shifted here is not known: " + safe(problem));
  }

  void feeds(std::vector<v1::Feed> const& feeds) {
    title("Carbon signals");
    if (feeds.empty())
      line(false, true, "no feed is configured; jobs use the typical day of the zone, if one is known");
    for (auto const& feed : feeds) {
      bool const well = feed.last_error().empty() &&
                        (feed.state() == v1::FEED_STATE_FRESH || feed.state() == v1::FEED_STATE_UNSPECIFIED);
      auto text = feed_state_text(feed.state()) + ": " + source_text(feed.source(), now_);
      if (!feed.last_error().empty()) text += "; " + safe(feed.last_error());
      line(well, true, text);
    }
  }

  void sensors(std::vector<v1::Node> const& nodes) {
    title("Energy sensors");
    for (auto const& node : nodes) {
      for (auto const& sensor : node.sensors()) {
        line(sensor.available(), true, safe(sensor.name()) + ": " + safe(sensor.detail()));
      }
    }
  }

  void settings(v1::GetServerInfoResponse const& info) {
    title("Settings that are not at their default");
    bool any = false;
    for (auto const& setting : info.settings()) {
      if (setting.origin() == "default") continue;
      any = true;
      line(true, true,
           safe(setting.key()) + " = " + safe(setting.value()) + " (" + safe(setting.origin()) + ')');
    }
    if (!any) line(true, true, "none");
  }

 private:
  void title(std::string_view text) { out_ << style_.bold(text) << '\n'; }
  void line(bool good, bool counts, std::string const& text) {
    out_ << "  "
         << (good     ? style_.green("ok")
             : counts ? style_.yellow("!!")
                      : std::string("--"))
         << ' ' << text << '\n';
  }

  std::ostream& out_;
  Style style_;
  UtcTime now_;
};

void print_json(Context& context, Findings const& findings) {
  std::string feeds;
  for (auto const& feed : findings.feeds) feeds += (feeds.empty() ? "" : ",") + to_json(feed);
  std::string nodes;
  for (auto const& node : findings.nodes) nodes += (nodes.empty() ? "" : ",") + to_json(node);
  context.out() << "{\"client_version\":" << quote_json(kVersion)
                << ",\"socket\":" << quote_json(context.socket().path)
                << ",\"server\":" << to_json(findings.info) << ",\"feeds\":[" << feeds << "],\"nodes\":["
                << nodes << "],\"forecast\":" << (findings.forecast ? to_json(*findings.forecast) : "null")
                << "}\n";
}

Result<int> doctor(Context& context) {
  Page page(context);
  if (!context.json()) page.sockets(context);
  auto const findings = ask(context);
  if (!findings) return tl::unexpected<Failure>(findings.error());
  if (context.json()) {
    print_json(context, *findings);
    return 0;
  }
  page.server(findings->info);
  page.feeds(findings->feeds);
  if (findings->forecast) page.shifting(*findings->forecast);
  if (!findings->forecast_problem.empty()) page.unknown_shifting(findings->forecast_problem);
  page.sensors(findings->nodes);
  page.settings(findings->info);
  return 0;
}

}  // namespace

void add_doctor(Cli& cli) {
  cli.add("doctor", "Check the daemon, its signals, sensors and settings", doctor);
}

}  // namespace greenq::client
