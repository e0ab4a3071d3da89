// greenqd: reads flags, starts the daemon, waits for SIGTERM or SIGINT.
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "app/system.hpp"
#include "config/completion/completion.hpp"
#include "daemon.hpp"
#include "exec/local_runner.hpp"
#include "feed_setup.hpp"
#include "meter/gpus.hpp"
#include "simulate/flags.hpp"
#include "simulate/simulate.hpp"
#include "store/past.hpp"
#include "version.hpp"

namespace {

using namespace greenq;

struct Flags {
  std::string config;
  std::string state_dir;
  std::string socket;
  std::string zone;
  std::vector<std::string> set;
};

struct InitFlags {
  std::string zone;
  std::string signal;
  std::string output = "greenqd.yaml";
  bool force = false;
};

int complain(core::Error const& error) {
  std::cerr << error.message << '\n';
  for (core::FieldError const& field : error.fields)
    std::cerr << "  " << field.field << ": " << field.message << '\n';
  return error.code == core::ErrorCode::kInvalidArgument ? 2 : 1;
}

// The text of a line as the inside of a JSON string: %* of the pattern.
class JsonText final : public spdlog::custom_flag_formatter {
 public:
  void format(spdlog::details::log_msg const& line, std::tm const&, spdlog::memory_buf_t& out) override {
    for (char const c : line.payload) {
      std::array<char, 8> escaped{c, 0};
      if (c == '"' || c == '\\') std::snprintf(escaped.data(), escaped.size(), "\\%c", c);
      if (static_cast<unsigned char>(c) < 0x20U)
        std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
      out.append(escaped.data(), escaped.data() + std::strlen(escaped.data()));
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonText>(); }
};

void set_up_log(app::Settings::Log const& log) {
  auto logger = spdlog::stderr_color_mt("greenqd");
  bool const json = log.format == app::LogFormat::kJson;
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JsonText>('*').set_pattern(
      json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","line":"%*"})"
           : "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v");
  logger->set_formatter(std::move(formatter));
  switch (log.level) {
    case app::LogLevel::kDebug:
      logger->set_level(spdlog::level::debug);
      break;
    case app::LogLevel::kInfo:
      logger->set_level(spdlog::level::info);
      break;
    case app::LogLevel::kWarn:
      logger->set_level(spdlog::level::warn);
      break;
    case app::LogLevel::kError:
      logger->set_level(spdlog::level::err);
      break;
  }
  spdlog::set_default_logger(logger);
}

std::filesystem::path shepherd_beside_us() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "greenq-shepherd";
}

// The file given, else the first of the usual places that exists.
std::optional<std::string> find_config(std::string const& given) {
  if (!given.empty()) return given;
  app::Environment const env = app::process_environment();
  std::vector<std::string> places;
  if (getuid() != 0) {
    if (auto const home = env("XDG_CONFIG_HOME")) places.push_back(*home + "/greenq/greenqd.yaml");
    if (auto const home = env("HOME")) places.push_back(*home + "/.config/greenq/greenqd.yaml");
  }
  places.emplace_back("/etc/greenq/greenqd.yaml");
  for (std::string const& place : places) {
    if (std::filesystem::exists(place)) return place;
  }
  return std::nullopt;
}

// Waits in this thread; all others have these signals blocked.
sigset_t stop_signals() {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

// Connections, shepherds and databases are many descriptors; the usual soft limit of 1024 is for select(2).
// With very few the libraries abort or wait for ever, so the daemon does not start then.
core::Result<void> raise_descriptor_limit() {
  constexpr rlim_t kLeast = 64;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  rlim_t const before = limit.rlim_cur;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65536);
  rlim_t const now = setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
  if (now >= kLeast) return {};
  return core::fail(core::ErrorCode::kFailedPrecondition, "FEW_DESCRIPTORS",
                    "greenqd may open only " + std::to_string(now) + " files at once and needs at least " +
                        std::to_string(kLeast) +
                        "; raise the limit with `ulimit -n 1024`, or with LimitNOFILE= in its service, and "
                        "start it again");
}

core::Result<app::LoadedSettings> read_settings(Flags const& flags) {
  std::vector<std::string> overrides = flags.set;
  if (!flags.zone.empty()) overrides.push_back("site.zone=" + flags.zone);
  return app::load_settings(find_config(flags.config), overrides);
}

int serve(Flags const& flags) {
  if (auto const enough = raise_descriptor_limit(); !enough) return complain(enough.error());
  auto settings = read_settings(flags);
  if (!settings) return complain(settings.error());
  // Not before the settings are read: a slow disk there must not make the daemon deaf. No thread runs yet.
  sigset_t const signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);
  set_up_log(settings->settings.log);
  std::string const socket = flags.socket.empty() ? settings->settings.server.socket : flags.socket;
  auto paths = app::find_paths(getuid(), app::process_environment(), std::filesystem::current_path().string(),
                               flags.state_dir, socket);
  if (!paths) return complain(paths.error());
  auto daemon = Daemon::start({std::move(*settings), std::move(*paths), shepherd_beside_us()});
  if (!daemon) return complain(daemon.error());
  std::cout << (*daemon)->ready_line() << '\n' << std::flush;
  int signal = 0;
  sigwait(&signals, &signal);
  spdlog::info("STOPPING message=\"stopping; running jobs go on\"");
  return 0;
}

int check_feed(Flags const& flags, std::string zone) {
  auto const settings = read_settings(flags);
  if (!settings) return complain(settings.error());
  if (zone.empty()) zone = settings->settings.site.zone;
  if (zone.empty()) {
    std::cerr << "name the zone, e.g. `greenqd feed check GB`, or set site.zone\n";
    return 2;
  }
  return check_feeds(zone, settings->settings, app::process_environment());
}

// Only reads; see store/past.hpp.
core::Result<simulate::Ledger> read_ledger(Flags flags, simulate::HistoryRequest const& request) {
  if (!request.config.empty()) flags.config = request.config;
  if (!request.state_dir.empty()) flags.state_dir = request.state_dir;
  auto const loaded = read_settings(flags);
  if (!loaded) return tl::unexpected(loaded.error());
  app::Settings const& settings = loaded->settings;
  // No socket is used, so its usual place does not matter.
  auto const paths = app::find_paths(getuid(), app::process_environment(),
                                     std::filesystem::current_path().string(), flags.state_dir, "unused");
  if (!paths) return tl::unexpected(paths.error());
  simulate::Ledger ledger;
  ledger.database = paths->state_dir + "/greenq.db";
  auto history =
      store::read_past({ledger.database, settings.site.zone, request.window, request.jobs, request.signals});
  if (!history) return tl::unexpected(history.error());
  ledger.history = std::move(*history);
  core::SiteConfig const site = app::site_config(settings);
  ledger.signal = site.signal;
  ledger.pue_milli = site.pue_milli;
  ledger.gpus = static_cast<std::uint32_t>(meter::enumerate_gpus(settings.meter.nvml_library).gpus.size());
  ledger.cpus = settings.node.cpus.value_or(exec::usable_cpus());
  if (settings.node.cpus) ledger.cpus_from = "node.cpus";
  return ledger;
}

int simulate_policies(Flags const& flags, std::vector<std::string> arguments) {
  simulate::HistorySource history;
  history.read = [&](simulate::HistoryRequest const& request) { return read_ledger(flags, request); };
  history.now = app::SystemClock{}.now();
  return simulate::run(std::move(arguments), std::cout, std::cerr, history);
}

int init(InitFlags const& flags) {
  app::InitRequest request;
  request.zone = flags.zone;
  if (flags.signal == "marginal") request.signal = core::SiteSignalChoice::kMarginal;
  if (flags.signal == "average") request.signal = core::SiteSignalChoice::kAverage;
  if (flags.signal == "none") request.signal = core::SiteSignalChoice::kNone;
  request.zones = known_zones();
  auto const result = app::init_config(request);
  if (!result) return complain(result.error());
  if (flags.output == "-") {
    std::cout << result->config;
    std::cerr << result->message << '\n';
    return 0;
  }
  if (std::filesystem::exists(flags.output) && !flags.force) {
    std::cerr << flags.output << " exists already; give --force to replace it, or --output FILE\n";
    return 1;
  }
  std::ofstream file{flags.output};
  file << result->config;
  file.close();
  if (!file) {
    std::cerr << "cannot write " << flags.output << "; choose another place with --output FILE\n";
    return 1;
  }
  std::cout << result->message << "\nwrote " << flags.output << "; start with: greenqd --config "
            << flags.output << '\n';
  return 0;
}

int print_completion(CLI::App const& app, std::string const& shell) {
  config::CompletionProgram program{"greenqd", {}};
  program.types["DIR"].file = true;
  for (app::ZoneKinds const& known : known_zones()) program.types["ZONE"].choices.push_back(known.zone);
  auto commands = config::command_tree(app, program);
  for (config::CompletionCommand& command : commands) {
    if (command.name == "simulate") command = simulate::completion_of_flags(program);
  }
  std::cout << *config::completion_script(shell, program, commands);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"queues training jobs and runs them in low-carbon windows", "greenqd"};
  app.set_version_flag("--version", std::string{"greenqd "} + kVersion);
  Flags flags;
  app.add_option("--config", flags.config,
                 "settings (default: ~/.config/greenq/greenqd.yaml, then /etc/greenq/greenqd.yaml, if there)")
      ->type_name("FILE");
  app.add_option("--state-dir", flags.state_dir, "where jobs and the ledger are kept")->type_name("DIR");
  app.add_option("--socket", flags.socket, "unix socket to listen on")->type_name("FILE");
  app.add_option("--zone", flags.zone, "grid zone, same as --set site.zone=ZONE")->type_name("ZONE");
  app.add_option("--set", flags.set, "one setting as key=value; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  InitFlags init_flags;
  CLI::App* init_command = app.add_subcommand("init", "write an annotated greenqd.yaml for a grid zone");
  init_command->add_option("--zone", init_flags.zone, "grid zone, e.g. GB or US-CAL-CISO")
      ->type_name("ZONE")
      ->required();
  init_command->add_option("--signal", init_flags.signal, "marginal, average or none")
      ->check(CLI::IsMember({"marginal", "average", "none"}));
  init_command->add_option("--output", init_flags.output, "file to write, - for standard output")
      ->type_name("FILE")
      ->capture_default_str();
  init_command->add_flag("--force", init_flags.force, "replace an existing file");
  std::string check_zone;
  CLI::App* feed_command = app.add_subcommand("feed", "work with intensity feeds");
  feed_command->require_subcommand(1);
  CLI::App* check_command = feed_command->add_subcommand(
      "check", "ask each provider of a zone once and show what it would give; needs no running daemon");
  check_command->add_option("zone", check_zone, "grid zone, e.g. GB (default: site.zone)")->type_name("ZONE");
  // Has its own flags and words for mistakes.
  CLI::App* simulate_command = app.add_subcommand("simulate", simulate::kSummary);
  simulate_command->prefix_command()->set_help_flag();
  std::string shell;
  CLI::App* completion_command = app.add_subcommand("completion", "print a completion script for a shell");
  completion_command->add_option("shell", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion_command->footer(config::completion_places("greenqd"));
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    if (init_command->parsed()) return init(init_flags);
    if (check_command->parsed()) return check_feed(flags, check_zone);
    if (completion_command->parsed()) return print_completion(app, shell);
    if (simulate_command->parsed()) return simulate_policies(flags, simulate_command->remaining());
    return serve(flags);
  } catch (std::exception const& error) {
    std::cerr << "greenqd: " << error.what() << '\n';
    return 1;
  }
}
