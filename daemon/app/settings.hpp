// The daemon's settings: every key is declared once, in settings_table.cpp (key, type, default, bounds,
// text), and from there read, checked, shown and documented.
//
// Sources, later wins: defaults, the file (greenqd.yaml), `--set key=value`. All problems are reported at
// once. Pure but for load_settings(), which reads the file. Values are plain data, copied to where they are
// needed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/carbon/signal.hpp"
#include "core/carbon/site.hpp"
#include "core/plan/rules.hpp"
#include "core/result.hpp"
#include "core/units.hpp"

namespace greenq::app {

enum class RunAs : std::uint8_t { kSelf = 1, kSubmitter = 2 };
enum class LogFormat : std::uint8_t { kText = 1, kJson = 2 };
enum class LogLevel : std::uint8_t { kDebug = 1, kInfo = 2, kWarn = 3, kError = 4 };

// One source of intensity figures, in order of preference.
struct FeedSettings {
  std::string provider;                    // "auto", "watttime", "replay", …: see feed::catalogue()
  std::string zone;                        // never empty after loading: site.zone where the file says nothing
  std::optional<core::SignalKind> kind{};  // replay, file; nothing: as the recording says
  std::optional<core::SignalBasis> basis{};  // replay, file; nothing: as the recording says
  std::string path;                          // replay, file: recorded series
  std::string issues;  // replay, file: recorded forecasts; empty: the recording itself serves as the forecast
  std::optional<core::Instant> start{};  // replay: recorded time that is played first; nothing: its beginning
  std::int64_t speed = 1;                // replay: recorded time per real time
  bool loop = false;                     // replay: begin again at the end
  std::optional<core::Instant>
      anchor{};             // replay: real time at which `start` plays; nothing: start of the daemon
  std::string region;       // the provider's own name of the zone; empty: what it is known to call it
  std::string user;         // account of providers that need one
  std::string secret_file;  // its password or key; a bare name counts from $CREDENTIALS_DIRECTORY
  std::string base_url;     // empty: the provider's public address
  std::string ca_file;      // empty: the system's certificates
  std::string proxy;        // empty: as HTTPS_PROXY and NO_PROXY say
};

struct Settings {
  struct Site {
    std::string zone;
    core::SiteSignalChoice signal = core::SiteSignalChoice::kNone;
    std::optional<double> pue{};
    std::optional<double> marginal_factor{};  // g/kWh
    std::optional<double> average_factor{};   // g/kWh
    core::Span max_delay{0};
    core::Span horizon{0};
    core::Span max_time_limit{0};
  } site;
  core::PlanRules planner;
  struct Node {
    std::optional<std::uint32_t> cpus{};         // nothing: found out at start
    std::optional<std::int64_t> memory_bytes{};  // nothing: found out at start
    std::string name;                            // empty: host name
  } node;
  struct Exec {
    RunAs run_as = RunAs::kSelf;
    std::vector<std::uint32_t> allowed_system_uids;
    std::int64_t log_limit_bytes = 0;
    core::Span stop_grace{0};
  } exec;
  std::vector<FeedSettings> feeds;
  struct Meter {
    core::Span interval{0};
    core::Span slice{0};
    std::optional<core::Power> cpu_tdp{};  // whole node; nothing: kTdpPerCore for each core
    double cpu_idle_share = 0;
    core::Power memory_power_per_gib{};
    std::string sysfs_root;
    std::string procfs_root;
    std::string nvml_library;
  } meter;
  struct Store {
    std::int64_t wal_limit_bytes = 0;
    std::int64_t min_free_bytes = 0;
    core::Span backup_interval{0};  // 0: no backups
    core::Span keep_forecasts{0};
    core::Span full_forecasts{0};
    core::Span keep_actuals{0};  // 0: for ever
  } store;
  struct Server {
    std::string socket;  // empty: see paths.hpp
    std::uint32_t socket_mode = 0;
    std::uint32_t max_connections = 0;
  } server;
  struct Log {
    LogLevel level = LogLevel::kInfo;
    LogFormat format = LogFormat::kText;
  } log;
};

enum class SettingOrigin : std::uint8_t { kDefault = 1, kFile = 2, kFlag = 3 };
char const* to_string(SettingOrigin origin);

// For people: GetServerInfo, doctor. Secrets are masked.
struct ShownSetting {
  std::string key;  // "site.zone", "feeds[0].path"
  std::string value;
  SettingOrigin origin = SettingOrigin::kDefault;
};

struct LoadedSettings {
  Settings settings;
  std::vector<ShownSetting> shown;  // in the order of the table
};

inline constexpr std::size_t kSettingsFileMax = std::size_t{256} * 1024;
// Estimate for a processor whose TDP is not set: mean of common server parts, 12 W a core (Green Algorithms,
// doi 10.1002/advs.202100707, uses the same figure).
inline constexpr core::Power kTdpPerCore{12'000};

// `text` is the content of the file named `name` (for messages). Errors: kInvalidArgument INVALID_SETTINGS
// whose message holds all problems as file:line:col lines.
core::Result<LoadedSettings> parse_settings(std::string const& name, std::string_view text,
                                            std::span<std::string const> overrides);
// Without a path: the defaults. Relative paths inside the file are relative to the file's directory. Errors
// as above, and kNotFound SETTINGS_UNREADABLE.
core::Result<LoadedSettings> load_settings(std::optional<std::string> const& path,
                                           std::span<std::string const> overrides);

core::SiteConfig site_config(Settings const& settings);

// What a zone can have; from the shipped profiles and live feeds.
struct ZoneKinds {
  std::string zone;
  bool marginal = false;
  bool average = false;
  bool live = false;  // a provider without an account knows it
};

struct InitRequest {
  std::string zone;
  std::optional<core::SiteSignalChoice>
      signal{};                  // --signal; nothing: marginal where there is one, else none
  std::vector<ZoneKinds> zones;  // all known ones
};

struct InitResult {
  std::string config;   // annotated greenqd.yaml
  std::string message;  // which signal the zone can have and what was chosen, for the terminal
};
// Errors: kInvalidArgument UNKNOWN_ZONE (did-you-mean and list), NO_SUCH_SIGNAL (the zone has no such
// signal).
core::Result<InitResult> init_config(InitRequest const& request);

// The committed config/greenqd.yaml and config/REFERENCE.md; a test compares them.
std::string annotated_defaults();
std::string settings_reference();

}  // namespace greenq::app
