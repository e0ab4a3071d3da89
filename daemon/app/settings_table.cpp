#include "app/settings_table.hpp"

#include <array>

namespace greenq::app {
namespace {

using core::Span;

constexpr std::array<Section, 9> kSections{{
    {"site", "Where the machine stands and how far work may be moved."},
    {"planner", "When a wait for cleaner power is worth it."},
    {"node", "What this machine offers to jobs."},
    {"exec", "How jobs are run."},
    {"feeds",
     "Sources of carbon intensity, best first. Without a feed the shipped typical day of the zone is used."},
    {"meter", "How energy is measured, or modelled where there is no sensor."},
    {"store", "The ledger on disk."},
    {"server", "Where clients connect."},
    {"log", "What the daemon writes to standard error."},
}};

core::SiteSignalChoice signal_choice(std::string const& text) {
  if (text == "marginal") return core::SiteSignalChoice::kMarginal;
  return text == "average" ? core::SiteSignalChoice::kAverage : core::SiteSignalChoice::kNone;
}

LogLevel log_level(std::string const& text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  return text == "warn" ? LogLevel::kWarn : LogLevel::kError;
}

using S = Settings;
using V = Value;
using Rows = std::vector<Row<Settings>>;

std::optional<double> optional_ratio(V const& value) {
  return value.unset ? std::nullopt : std::optional(value.ratio);
}

void add_site_rows(Rows& rows) {
  rows.push_back(
      make_row<S>("site.zone", {ValueType::kText, "", "unset"},
                  "Grid zone, e.g. GB or US-CAL-CISO. Without it nothing is shifted and no gram is counted.",
                  [](S& s, V const& v) { s.site.zone = v.text; }));
  rows.push_back(make_row<S>(
      "site.signal", {ValueType::kChoice, "marginal", "", "", "", {"marginal", "average", "none"}},
      "Which signal moves jobs. marginal: emissions of the plants that answer one more kWh. average: the "
      "mean of the mix; a choice, because moving work by it need not lower emissions. none: nothing moves.",
      [](S& s, V const& v) { s.site.signal = signal_choice(v.text); }));
  rows.push_back(make_row<S>("site.pue", {ValueType::kRatio, "unset", "unset", "1", "5"},
                             "Power usage effectiveness: energy of the site per energy of its computers.",
                             [](S& s, V const& v) { s.site.pue = optional_ratio(v); }));
  rows.push_back(make_row<S>(
      "site.marginal_factor", {ValueType::kRatio, "unset", "unset", "0", "1500"},
      "Yearly marginal factor of the grid in g CO2e/kWh, for example the operating margin published by "
      "UNFCCC: prices "
      "the marginal book where nothing better is known. It has no shape, so nothing is shifted by it.",
      [](S& s, V const& v) { s.site.marginal_factor = optional_ratio(v); }));
  rows.push_back(make_row<S>(
      "site.average_factor", {ValueType::kRatio, "unset", "unset", "0", "1500"},
      "Yearly average of the grid in g CO2e/kWh: prices the average book where nothing better is known.",
      [](S& s, V const& v) { s.site.average_factor = optional_ratio(v); }));
  rows.push_back(make_row<S>("site.max_delay", {ValueType::kSpan, "24h", "", "0s", "30d"},
                             "How long a job without a bound of its own may wait for cleaner power.",
                             [](S& s, V const& v) { s.site.max_delay = Span{v.integer}; }));
  rows.push_back(make_row<S>("site.horizon", {ValueType::kSpan, "7d", "", "1h", "30d"},
                             "How far ahead plans look.",
                             [](S& s, V const& v) { s.site.horizon = Span{v.integer}; }));
  rows.push_back(make_row<S>("site.max_time_limit", {ValueType::kSpan, "7d", "", "1s", "365d"},
                             "Longest time limit of a job, and the limit of jobs that ask for none.",
                             [](S& s, V const& v) { s.site.max_time_limit = Span{v.integer}; }));
}

void add_planner_rows(Rows& rows) {
  rows.push_back(make_row<S>("planner.min_saving", {ValueType::kRatio, "0.01", "", "0", "1"},
                             "A wait that saves less than this share of the carbon is not worth it.",
                             [](S& s, V const& v) { s.planner.min_saving = v.ratio; }));
  rows.push_back(make_row<S>("planner.min_grams_per_hour", {ValueType::kRatio, "0", "", "0", "1000000"},
                             "Nor is one that saves fewer grams of CO2e for each hour that the job waits.",
                             [](S& s, V const& v) { s.planner.min_grams_per_hour = v.ratio; }));
  rows.push_back(make_row<S>(
      "planner.wait_charge", {ValueType::kRatio, "auto", "auto", "0", "10"},
      "What each day of waiting costs, as a share of the error that forecasts of the zone have shown; auto: "
      "0.05 for average (0 where most jobs may be paused), 0.5 for marginal signals.",
      [](S& s, V const& v) { s.planner.wait_charge = optional_ratio(v); }));
  rows.push_back(make_row<S>("planner.lateness_limit", {ValueType::kSpan, "36h", "", "0s", "30d"},
                             "How long after its bound a plan may put a job for the sake of others when not "
                             "all bounds can be kept. A job whose "
                             "latest start has come is not put off any more: it is next in the queue.",
                             [](S& s, V const& v) { s.planner.lateness_limit = Span{v.integer}; }));
  rows.push_back(make_row<S>("planner.min_segment", {ValueType::kSpan, "30m", "", "1s", "7d"},
                             "Shortest running segment of an interruptible job.",
                             [](S& s, V const& v) { s.planner.min_segment = Span{v.integer}; }));
}

void add_node_rows(Rows& rows) {
  rows.push_back(make_row<S>(
      "node.cpus", {ValueType::kInteger, "auto", "auto", "1", "4096"},
      "CPU cores for jobs; auto: all that this process may use.", [](S& s, V const& v) {
        s.node.cpus = v.unset ? std::nullopt : std::optional(static_cast<std::uint32_t>(v.integer));
      }));
  rows.push_back(make_row<S>("node.memory", {ValueType::kBytes, "auto", "auto", "64MiB"},
                             "Memory for jobs; auto: what the machine has.", [](S& s, V const& v) {
                               s.node.memory_bytes = v.unset ? std::nullopt : std::optional(v.integer);
                             }));
  rows.push_back(make_row<S>("node.name", {ValueType::kText, "auto", "auto"},
                             "Name of the machine; auto: its host name.",
                             [](S& s, V const& v) { s.node.name = v.text; }));
}

void add_exec_rows(Rows& rows) {
  rows.push_back(make_row<S>(
      "exec.run_as", {ValueType::kChoice, "self", "", "", "", {"self", "submitter"}},
      "self: every job runs as the daemon's user, and only that user may submit. submitter: jobs run as who "
      "submitted them, which needs root; the socket is then open to all local users.",
      [](S& s, V const& v) { s.exec.run_as = v.text == "self" ? RunAs::kSelf : RunAs::kSubmitter; }));
  rows.push_back(make_row<S>("exec.allowed_system_uids", {ValueType::kList, "[]", "", "0", "4294967294"},
                             "User ids below 1000 that may run jobs under run_as: submitter, e.g. [0].",
                             [](S& s, V const& v) {
                               s.exec.allowed_system_uids.clear();
                               for (auto uid : v.list)
                                 s.exec.allowed_system_uids.push_back(static_cast<std::uint32_t>(uid));
                             }));
  rows.push_back(
      make_row<S>("exec.log_limit", {ValueType::kBytes, "64MiB", "", "4KiB", "1TiB"},
                  "Size limit of each output stream of a running segment; what is beyond is dropped, and a "
                  "line says so.",
                  [](S& s, V const& v) { s.exec.log_limit_bytes = v.integer; }));
  rows.push_back(make_row<S>("exec.stop_grace", {ValueType::kSpan, "10s", "", "0s", "10m"},
                             "Time between SIGTERM and SIGKILL when a job is stopped.",
                             [](S& s, V const& v) { s.exec.stop_grace = Span{v.integer}; }));
}

void add_meter_rows(Rows& rows) {
  rows.push_back(make_row<S>("meter.interval", {ValueType::kSpan, "10s", "", "100ms", "5m"},
                             "Time between two counter readings.",
                             [](S& s, V const& v) { s.meter.interval = Span{v.integer}; }));
  rows.push_back(make_row<S>("meter.slice", {ValueType::kSpan, "300s", "", "100ms", "1h"},
                             "Longest energy slice on the ledger; shorten it when a replay feed runs fast.",
                             [](S& s, V const& v) { s.meter.slice = Span{v.integer}; }));
  rows.push_back(make_row<S>(
      "meter.cpu_tdp", {ValueType::kPower, "auto", "auto", "1W", "100kW"},
      "Thermal design power of all processors of the machine, for the model that is used without powercap; "
      "auto: 12 W a core (Green Algorithms, doi 10.1002/advs.202100707).",
      [](S& s, V const& v) {
        s.meter.cpu_tdp = v.unset ? std::nullopt : std::optional(core::Power{v.integer});
      }));
  rows.push_back(make_row<S>(
      "meter.cpu_idle_share", {ValueType::kRatio, "0.3", "", "0", "1"},
      "Idle power of the processors as a share of their TDP, for the model (0.3: EAR; 0.1: CodeCarbon).",
      [](S& s, V const& v) { s.meter.cpu_idle_share = v.ratio; }));
  rows.push_back(
      make_row<S>("meter.memory_power", {ValueType::kPower, "400mW", "", "0mW", "100W"},
                  "Power of one GiB of reserved memory, for the model (Green Algorithms: 0.3725 W/GB).",
                  [](S& s, V const& v) { s.meter.memory_power_per_gib = core::Power{v.integer}; }));
  rows.push_back(make_row<S>("meter.sysfs_root", {ValueType::kPath, "/sys"},
                             "Where powercap and cgroup files are looked for.",
                             [](S& s, V const& v) { s.meter.sysfs_root = v.text; }));
  rows.push_back(make_row<S>("meter.procfs_root", {ValueType::kPath, "/proc"},
                             "Where CPU times of processes are looked for.",
                             [](S& s, V const& v) { s.meter.procfs_root = v.text; }));
  rows.push_back(
      make_row<S>("meter.nvml_library", {ValueType::kText, "libnvidia-ml.so.1", "none"},
                  "Library that reads NVIDIA GPUs, loaded when present; none: GPUs are not looked for.",
                  [](S& s, V const& v) { s.meter.nvml_library = v.text; }));
}

void add_store_rows(Rows& rows) {
  rows.push_back(
      make_row<S>("store.wal_limit", {ValueType::kBytes, "64MiB", "", "1MiB", "4GiB"},
                  "Size of the write-ahead log beyond which submissions are refused until it was folded in.",
                  [](S& s, V const& v) { s.store.wal_limit_bytes = v.integer; }));
  rows.push_back(
      make_row<S>("store.min_free", {ValueType::kBytes, "256MiB", "", "0B"},
                  "Free space on the disk below which submissions are refused; running jobs go on.",
                  [](S& s, V const& v) { s.store.min_free_bytes = v.integer; }));
  rows.push_back(make_row<S>("store.backup_interval", {ValueType::kSpan, "24h", "", "0s", "30d"},
                             "Time between two backups of the ledger into the state directory; 0s: none.",
                             [](S& s, V const& v) { s.store.backup_interval = Span{v.integer}; }));
  rows.push_back(make_row<S>("store.keep_forecasts", {ValueType::kSpan, "400d", "", "1d", "3650d"},
                             "How long issued forecasts are kept.",
                             [](S& s, V const& v) { s.store.keep_forecasts = Span{v.integer}; }));
  rows.push_back(make_row<S>("store.full_forecasts", {ValueType::kSpan, "7d", "", "1h", "31d"},
                             "Age up to which every issued forecast is kept as it came; of older ones the "
                             "first of each hour is kept, in hourly means.",
                             [](S& s, V const& v) { s.store.full_forecasts = Span{v.integer}; }));
  rows.push_back(
      make_row<S>("store.keep_actuals", {ValueType::kSpan, "0s", "", "0s"},
                  "Age beyond which measured intensities are removed; 0s: they stay for ever. Less "
                  "than 63d leaves too little to learn from anew.",
                  [](S& s, V const& v) { s.store.keep_actuals = Span{v.integer}; }));
}

void add_server_rows(Rows& rows) {
  rows.push_back(make_row<S>(
      "server.socket", {ValueType::kPath, "auto", "auto"},
      "Unix socket for clients; auto: /run/greenq/greenqd.sock for root, else in the user's runtime "
      "directory. The flag --socket wins.",
      [](S& s, V const& v) { s.server.socket = v.text; }));
  rows.push_back(make_row<S>(
      "server.socket_mode", {ValueType::kOctal, "0666", "", "0600", "0777"},
      "Permissions of the socket; who may do what is decided by the kernel's word on the peer's user id.",
      [](S& s, V const& v) { s.server.socket_mode = static_cast<std::uint32_t>(v.integer); }));
  rows.push_back(make_row<S>("server.max_connections", {ValueType::kInteger, "1024", "", "8", "65536"},
                             "Open connections; further ones are closed at once.", [](S& s, V const& v) {
                               s.server.max_connections = static_cast<std::uint32_t>(v.integer);
                             }));
  rows.push_back(make_row<S>(
      "log.level", {ValueType::kChoice, "info", "", "", "", {"debug", "info", "warn", "error"}},
      "Least severity that is written.", [](S& s, V const& v) { s.log.level = log_level(v.text); }));
  rows.push_back(make_row<S>("log.format", {ValueType::kChoice, "text", "", "", "", {"text", "json"}},
                             "One line an event, either way.", [](S& s, V const& v) {
                               s.log.format = v.text == "json" ? LogFormat::kJson : LogFormat::kText;
                             }));
}

Rows make_rows() {
  Rows rows;
  add_site_rows(rows);
  add_planner_rows(rows);
  add_node_rows(rows);
  add_exec_rows(rows);
  add_meter_rows(rows);
  add_store_rows(rows);
  add_server_rows(rows);
  return rows;
}

}  // namespace

std::vector<Row<Settings>> const& setting_rows() {
  static auto const& rows = *new auto(make_rows());
  return rows;
}

std::span<Section const> setting_sections() {
  return kSections;
}

}  // namespace greenq::app
