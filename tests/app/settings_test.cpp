#include "app/settings.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/paths.hpp"

namespace greenq::app {
namespace {

using core::SignalKind;
using core::SiteSignalChoice;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

core::Result<LoadedSettings> parse(std::string const& text, std::vector<std::string> const& sets = {}) {
  return parse_settings("/etc/greenq/greenqd.yaml", text, sets);
}

Settings good(std::string const& text, std::vector<std::string> const& sets = {}) {
  auto const loaded = parse(text, sets);
  EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : loaded.error().message);
  return loaded ? loaded->settings : Settings{};
}

std::string bad(std::string const& text, std::vector<std::string> const& sets = {}) {
  auto const loaded = parse(text, sets);
  EXPECT_FALSE(loaded.has_value()) << text;
  if (loaded) return {};
  EXPECT_EQ(loaded.error().code, core::ErrorCode::kInvalidArgument);
  EXPECT_EQ(loaded.error().reason, "INVALID_SETTINGS");
  return loaded.error().message;
}

std::string file_text(std::string const& name) {
  std::ifstream file(std::string(GREENQ_SOURCE_DIR) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Settings, DefaultsAreAllSet) {
  auto const settings = good("");
  EXPECT_EQ(settings.site.zone, "");
  EXPECT_EQ(settings.site.signal, SiteSignalChoice::kMarginal);
  EXPECT_FALSE(settings.site.pue.has_value());
  EXPECT_EQ(settings.site.max_delay, 24h);
  EXPECT_EQ(settings.exec.log_limit_bytes, 64 << 20);
  EXPECT_EQ(settings.exec.stop_grace, 10s);
  EXPECT_EQ(settings.meter.slice, 300s);
  EXPECT_DOUBLE_EQ(settings.meter.cpu_idle_share, 0.3);
  EXPECT_EQ(settings.meter.nvml_library, "libnvidia-ml.so.1");
  EXPECT_EQ(settings.store.wal_limit_bytes, 64 << 20);
  EXPECT_EQ(settings.server.socket, "");
  EXPECT_EQ(settings.server.socket_mode, 0666U);
  EXPECT_TRUE(settings.feeds.empty());
}

TEST(Settings, ReadsEverySection) {
  auto const settings = good(R"(site: {zone: GB, signal: average, pue: 1.2, max_delay: 30s}
node: {cpus: 4, memory: 8GiB, name: box}
exec:
  run_as: submitter
  allowed_system_uids: [0, 33]
feeds:
  - {provider: replay, path: data/a.csv, kind: average, start: 2020-06-10T04:00:00Z, speed: 1800, loop: true}
  - {provider: neso}
meter: {cpu_tdp: 65W, slice: 2s, nvml_library: none}
server: {socket: run/greenqd.sock, socket_mode: 0660}
log: {level: debug, format: json}
)");
  EXPECT_EQ(settings.site.signal, SiteSignalChoice::kAverage);
  EXPECT_EQ(settings.node.cpus, 4U);
  EXPECT_EQ(settings.node.memory_bytes, std::int64_t{8} << 30);
  EXPECT_EQ(settings.exec.run_as, RunAs::kSubmitter);
  EXPECT_THAT(settings.exec.allowed_system_uids, ElementsAre(0, 33));
  ASSERT_EQ(settings.feeds.size(), 2U);
  EXPECT_EQ(settings.feeds[0].path, "/etc/greenq/data/a.csv") << "relative to the file";
  EXPECT_EQ(settings.feeds[0].zone, "GB");
  EXPECT_EQ(settings.feeds[0].kind, SignalKind::kAverage);
  EXPECT_EQ(core::to_ms(*settings.feeds[0].start), 1591761600000);
  EXPECT_EQ(settings.feeds[0].speed, 1800);
  EXPECT_TRUE(settings.feeds[0].loop);
  EXPECT_FALSE(settings.feeds[1].kind.has_value());
  EXPECT_EQ(settings.meter.cpu_tdp, core::Power{65'000});
  EXPECT_EQ(settings.meter.nvml_library, "");
  EXPECT_EQ(settings.server.socket_mode, 0660U);
  EXPECT_EQ(settings.log.format, LogFormat::kJson);
  auto const site = site_config(settings);
  EXPECT_EQ(site.pue_milli, 1200);
  EXPECT_TRUE(site.pue_set);
  EXPECT_EQ(site.default_max_delay, 30s);
}

TEST(Settings, EmptySectionsAreFine) {
  EXPECT_EQ(good("site:\nfeeds:\n").site.max_delay, 24h);
}

TEST(Settings, ReportsAllProblemsWithTheirPlace) {
  auto const message = bad("site:\n  zoen: GB\n  max_delay: 24\nexce: {}\nstore:\n  wal_limit: 1KiB\n");
  EXPECT_THAT(
      message,
      HasSubstr("/etc/greenq/greenqd.yaml:2:3: error: site.zoen: unknown key; did you mean \"zone\"?"));
  EXPECT_THAT(message, HasSubstr("greenqd.yaml:3:14: error: site.max_delay: \"24\" needs a unit"));
  EXPECT_THAT(message, HasSubstr("greenqd.yaml:4:1: error: exce: unknown key; did you mean \"exec\"?"));
  EXPECT_THAT(message, HasSubstr("store.wal_limit: \"1KiB\" is too small; at least 1MiB"));
  EXPECT_THAT(message, HasSubstr("4 errors in the settings"));
}

TEST(Settings, RefusesWrongValues) {
  EXPECT_THAT(bad("site: {signal: margnal}"), HasSubstr("did you mean \"marginal\"?"));
  EXPECT_THAT(bad("site: {pue: 0.9}"), HasSubstr("out of range"));
  EXPECT_THAT(bad("site: {pue: nan}"), HasSubstr("not a number"));
  EXPECT_THAT(bad("node: {cpus: 0}"), HasSubstr("out of range"));
  EXPECT_THAT(bad("server: {socket_mode: 999}"), HasSubstr("four octal digits"));
  EXPECT_THAT(bad("server: {socket_mode: 0444}"), HasSubstr("too small"));
  EXPECT_THAT(bad("exec: {allowed_system_uids: 3}"), HasSubstr("not a list"));
  EXPECT_THAT(bad("exec: {allowed_system_uids: [1, x]}"), HasSubstr("not a whole number"));
  EXPECT_THAT(bad("site: {zone: [GB]}"), HasSubstr("a list"));
  EXPECT_THAT(bad("site: GB"), HasSubstr("write a map"));
  EXPECT_THAT(bad("[]"), HasSubstr("write sections"));
  EXPECT_THAT(bad("site: {zone: GB, zone: FR}"), HasSubstr("zone"));
}

TEST(Settings, ChecksFeeds) {
  EXPECT_THAT(bad("site: {zone: GB}\nfeeds:\n  - {path: a.csv}\n"), HasSubstr("needs a provider"));
  EXPECT_THAT(bad("site: {zone: GB}\nfeeds:\n  - {provider: replay}\n"), HasSubstr("needs path"));
  EXPECT_THAT(bad("feeds:\n  - {provider: replay, path: a.csv}\n"), HasSubstr("needs a zone"));
  EXPECT_THAT(bad("site: {zone: GB}\nfeeds:\n  - {provider: neso, secret_file: x}\n"),
              HasSubstr("belongs to the provider watttime, sgip or electricity_maps"));
  EXPECT_THAT(bad("site: {zone: GB}\nfeeds:\n  - {provider: neso}\n  - {provider: neso}\n"),
              HasSubstr("there is another neso feed"));
  EXPECT_THAT(bad("site: {zone: GB}\nfeeds:\n  - {provider: neso, speed: 2}\n"),
              HasSubstr("belongs to the provider replay"));
  EXPECT_THAT(bad("site: {zone: GB}\nfeeds:\n  - {provider: neso, basis: direct}\n"),
              HasSubstr("belongs to the provider replay, file, electricity_maps or casdk"));
  EXPECT_EQ(good("site: {zone: GB}\nfeeds:\n  - {provider: casdk, kind: average, basis: direct, region: r, "
                 "base_url: 'http://127.0.0.1'}\n")
                .feeds[0]
                .basis,
            core::SignalBasis::kDirect);
  EXPECT_THAT(bad("feeds: {provider: neso}"), HasSubstr("write a list"));
  EXPECT_THAT(bad("site: {zone: GB}\nfeeds:\n  - {provider: replay, path: a, speed: 0}\n"),
              HasSubstr("out of range"));
}

TEST(Settings, FlagsWinAndSayWhereTheyComeFrom) {
  auto const loaded = parse("site: {zone: GB, max_delay: 2h}", {"site.max_delay=3h", "exec.stop_grace=1s"});
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->settings.site.max_delay, 3h);
  auto const origin = [&](std::string const& key) -> std::string {
    for (auto const& shown : loaded->shown) {
      if (shown.key == key) return shown.value + " " + to_string(shown.origin);
    }
    return "absent";
  };
  EXPECT_EQ(origin("site.zone"), "GB file");
  EXPECT_EQ(origin("site.max_delay"), "3h flag");
  EXPECT_EQ(origin("exec.stop_grace"), "1s flag");
  EXPECT_EQ(origin("site.pue"), "unset default");
  EXPECT_THAT(bad("", {"site.zne=GB"}), HasSubstr("--set site.zne=GB"));
}

TEST(Settings, MissingFileSaysWhatToDo) {
  auto const loaded = load_settings("/nonexistent/greenqd.yaml", {});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().reason, "SETTINGS_UNREADABLE");
  EXPECT_THAT(loaded.error().message, HasSubstr("greenqd init"));
}

// The daemon waited for a writer for ever, deaf to signals.
TEST(Settings, AFifoOrADeviceInPlaceOfTheFileIsRefused) {
  auto const fifo = std::filesystem::temp_directory_path() / ("greenq-fifo-" + std::to_string(::getpid()));
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (std::string const& path : {fifo.string(), std::string("/dev/zero"), std::string("/tmp")}) {
    auto const loaded = load_settings(path, {});
    EXPECT_FALSE(loaded.has_value()) << path;
    if (loaded) continue;
    EXPECT_EQ(loaded.error().reason, "SETTINGS_UNREADABLE");
    EXPECT_THAT(loaded.error().message, HasSubstr(path + " is not a regular file"));
  }
  std::filesystem::remove(fifo);
}

TEST(Settings, AZoneMustBeAPlausibleId) {
  for (std::string const zone : {"GB", "US-CAL-CISO", "caiso_north", "42"}) {
    EXPECT_EQ(good("site: {zone: " + zone + "}").site.zone, zone);
  }
  EXPECT_EQ(good("site: {zone: " + std::string(64, 'Z') + "}").site.zone.size(), 64U);
  for (std::string const& zone : {std::string("\"G B\""), std::string("GB/../x"), std::string("\"GB\\n\""),
                                  std::string("Österreich"), std::string(65, 'Z')}) {
    EXPECT_THAT(bad("site: {zone: " + zone + "}"), HasSubstr("site.zone: is no zone id")) << zone;
  }
  EXPECT_THAT(bad("", {"site.zone=G B"}), HasSubstr("site.zone: is no zone id"));
  EXPECT_THAT(bad("site: {zone: GB}\nfeeds:\n  - {provider: neso, zone: \"G B\"}\n"),
              HasSubstr("feeds[0].zone: is no zone id"));
}

// GREENQ_WRITE_GENERATED=1 writes the files anew.
void compare_with_committed(std::string const& name, std::string const& generated) {
  if (std::getenv("GREENQ_WRITE_GENERATED") != nullptr) {
    std::ofstream(std::string(GREENQ_SOURCE_DIR) + "/" + name) << generated;
  }
  EXPECT_EQ(file_text(name), generated)
      << name << " is not up to date: GREENQ_WRITE_GENERATED=1 writes it anew";
}

TEST(Settings, CommittedFilesAreGenerated) {
  compare_with_committed("config/greenqd.yaml", annotated_defaults());
  compare_with_committed("config/REFERENCE.md", settings_reference());
}

TEST(Settings, AFeedThatIsThereAlreadyIsNamedOnce) {
  auto const loaded =
      parse("site: {zone: GB}\nfeeds: [{provider: neso}, {provider: neso}, {provider: neso}]\n");
  ASSERT_FALSE(loaded.has_value());
  std::string const& text = loaded.error().message;
  EXPECT_THAT(text, HasSubstr("feeds[1]: there is another neso feed"));
  EXPECT_EQ(text.find("feeds[2]"), text.rfind("feeds[2]"));
}

TEST(Settings, TheOperatorSaysWhenAWaitIsWorthIt) {
  auto const loaded = parse(
      "planner: {min_saving: 0.05, min_grams_per_hour: 2.5, wait_charge: 0, lateness_limit: 2h, min_segment: "
      "1h}\n");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  core::PlanRules const& rules = loaded->settings.planner;
  EXPECT_EQ(rules.min_saving, 0.05);
  EXPECT_EQ(rules.min_grams_per_hour, 2.5);
  EXPECT_EQ(rules.wait_charge, 0.0);
  EXPECT_EQ(rules.lateness_limit, std::chrono::hours{2});
  EXPECT_EQ(rules.min_segment, std::chrono::hours{1});
  auto const plain = parse("");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->settings.planner, core::PlanRules{});
}

TEST(Settings, TheAnnotatedFileMeansTheDefaults) {
  auto const loaded = parse(annotated_defaults());
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  for (auto const& shown : loaded->shown) EXPECT_EQ(shown.origin, SettingOrigin::kDefault) << shown.key;
}

// Every commented default, once uncommented, is accepted and changes nothing.
TEST(Settings, UncommentedDefaultsAreAccepted) {
  std::istringstream lines(annotated_defaults());
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    bool const is_default = line.starts_with("  #") && line.size() > 3 && line[3] >= 'a' && line[3] <= 'z';
    text += (is_default ? "  " + line.substr(3) : line) + "\n";
  }
  auto const loaded = parse(text);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  int from_file = 0;
  for (auto const& shown : loaded->shown) from_file += shown.origin == SettingOrigin::kFile ? 1 : 0;
  EXPECT_GT(from_file, 25);
}

TEST(Settings, TheFeedExampleIsAccepted) {
  std::istringstream lines(annotated_defaults());
  std::string text = "site: {zone: GB}\n";
  bool in_feeds = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(" ")) in_feeds = line == "feeds:" || (in_feeds && line.empty());
    if (line == "feeds:") text += line + "\n";
    if (in_feeds && line.starts_with("  #")) text += "  " + line.substr(3) + "\n";
  }
  auto const settings = good(text);
  ASSERT_EQ(settings.feeds.size(), 1U) << text;
  EXPECT_EQ(settings.feeds[0].path, "/etc/greenq/FILE");
  EXPECT_EQ(settings.feeds[0].zone, "GB");
}

std::vector<ZoneKinds> zones() {
  return {{"GB", false, true, true}, {"US-CAL-CISO", true, true, false}, {"DE", false, true, false}};
}

TEST(Init, MarginalZone) {
  auto const result = init_config({"US-CAL-CISO", {}, zones()});
  ASSERT_TRUE(result.has_value());
  EXPECT_THAT(result->config, HasSubstr("\n  zone: US-CAL-CISO\n"));
  EXPECT_THAT(result->config, HasSubstr("\n  signal: marginal\n"));
  EXPECT_EQ(good(result->config).site.signal, SiteSignalChoice::kMarginal);
}

TEST(Init, AverageOnlyZoneMovesNothingUnlessAsked) {
  auto const silent = init_config({"DE", {}, zones()});
  ASSERT_TRUE(silent.has_value());
  EXPECT_THAT(silent->config, HasSubstr("\n  signal: none\n"));
  EXPECT_THAT(silent->message, HasSubstr("only an average signal"));
  auto const asked = init_config({"DE", SiteSignalChoice::kAverage, zones()});
  ASSERT_TRUE(asked.has_value());
  EXPECT_THAT(asked->config, HasSubstr("\n  signal: average\n"));
  auto const impossible = init_config({"DE", SiteSignalChoice::kMarginal, zones()});
  ASSERT_FALSE(impossible.has_value());
  EXPECT_EQ(impossible.error().reason, "NO_SUCH_SIGNAL");
}

TEST(Init, AZoneWithALiveProviderGetsIt) {
  auto const result = init_config({"GB", {}, zones()});
  ASSERT_TRUE(result.has_value());
  auto const settings = good(result->config);
  ASSERT_EQ(settings.feeds.size(), 1U);
  EXPECT_EQ(settings.feeds[0].provider, "auto");
  EXPECT_EQ(settings.site.signal, SiteSignalChoice::kNone);
}

TEST(Init, UnknownZone) {
  auto const result = init_config({"US-CAL-CISI", {}, zones()});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().reason, "UNKNOWN_ZONE");
  EXPECT_THAT(result.error().message, HasSubstr("did you mean \"US-CAL-CISO\"?"));
  EXPECT_THAT(result.error().message, HasSubstr("average only"));
}

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](std::string const& name) -> std::optional<std::string> {
    auto const found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(Paths, RootUsesTheSystemDirectories) {
  auto const paths = find_paths(0, environment({{"HOME", "/root"}}), "/tmp", "", "");
  ASSERT_TRUE(paths.has_value());
  EXPECT_EQ(paths->state_dir, "/var/lib/greenq");
  EXPECT_EQ(paths->socket, "/run/greenq/greenqd.sock");
}

TEST(Paths, UsersUseTheirOwn) {
  auto const runtime = find_paths(
      1000, environment({{"HOME", "/home/a"}, {"XDG_RUNTIME_DIR", "/run/user/1000"}}), "/", "", "");
  ASSERT_TRUE(runtime.has_value());
  EXPECT_EQ(runtime->state_dir, "/home/a/.local/state/greenq");
  EXPECT_EQ(runtime->socket, "/run/user/1000/greenq/greenqd.sock");
  EXPECT_EQ(runtime->hint, "");
  auto const plain = find_paths(1000, environment({{"XDG_STATE_HOME", "/home/a/s"}}), "/", "", "");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->socket, "/home/a/s/greenq/greenqd.sock");
  EXPECT_THAT(plain->hint, HasSubstr("GREENQ_SOCKET=/home/a/s/greenq/greenqd.sock"));
  EXPECT_FALSE(find_paths(1000, environment({}), "/", "", "").has_value());
}

TEST(Paths, FlagsWinAndCountFromTheWorkingDirectory) {
  auto const paths = find_paths(0, environment({}), "/srv/x", "state", "../y/s.sock");
  ASSERT_TRUE(paths.has_value());
  EXPECT_EQ(paths->state_dir, "/srv/x/state");
  EXPECT_EQ(paths->socket, "/srv/y/s.sock");
  auto const too_long = find_paths(0, environment({}), "/", "", "/" + std::string(120, 'x'));
  ASSERT_FALSE(too_long.has_value());
  EXPECT_EQ(too_long.error().reason, "SOCKET_PATH_TOO_LONG");
}

}  // namespace
}  // namespace greenq::app
