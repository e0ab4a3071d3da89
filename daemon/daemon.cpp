#include "daemon.hpp"

#include <spdlog/spdlog.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <thread>

#include "app/engine.hpp"
#include "app/run_dir.hpp"
#include "app/system.hpp"
#include "core/check.hpp"
#include "exec/file_logs.hpp"
#include "exec/local_runner.hpp"
#include "feed/commons.hpp"
#include "feed/feed.hpp"
#include "feed/profiles.hpp"
#include "feed_setup.hpp"
#include "meter/gpus.hpp"
#include "meter/journal_meter.hpp"
#include "meter/model.hpp"
#include "rpc/server.hpp"
#include "store/backup.hpp"
#include "store/hold_store.hpp"
#include "store/lock.hpp"
#include "store/read_pool.hpp"
#include "store/sqlite_store.hpp"
#include "version.hpp"

namespace greenq {
namespace {

// Runner, meter and engine know each other: the inbox is there before the engine is.
class RelayInbox final : public app::Inbox {
 public:
  void aim(app::Inbox* target) { target_ = target; }
  void post(core::Event event) override { target_->post(std::move(event)); }

 private:
  app::Inbox* target_ = nullptr;
};

// At a replay speed of 1800 an hour passes in two seconds: what is measured each five minutes then must be
// measured more often, but not more than once a second.
core::Span at_speed(core::Span span, std::int64_t speed) {
  core::Span const least{std::chrono::seconds{1}};
  return span <= least ? span : std::max(core::Span{span.count() / speed}, least);
}

std::int64_t fastest_replay(app::Settings const& settings) {
  std::int64_t speed = 1;
  for (app::FeedSettings const& feed : settings.feeds) speed = std::max(speed, feed.speed);
  return speed;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

double uniform() {
  return static_cast<double>(app::system_random64() >> 11U) * 0x1.0p-53;
}

}  // namespace

struct Daemon::Graph {
  explicit Graph(DaemonOptions given) : options(std::move(given)) {}

  DaemonOptions options;
  app::SystemClock clock;
  RelayInbox inbox;
  std::optional<store::LockFile> lock;
  std::unique_ptr<app::Store> store;
  std::unique_ptr<app::Reads> reads;
  std::string hold_reason;
  core::JobId first_job = 1;  // smaller ids may have been given by an earlier ledger
  bool new_ledger = false;
  std::filesystem::path kept_backup;  // of an earlier ledger that is not there any more
  meter::GpuList gpus;
  meter::MachineModel model;
  std::unique_ptr<exec::LocalRunner> runner;
  std::unique_ptr<exec::FileLogs> logs;
  std::unique_ptr<meter::JournalMeter> meter;
  std::unique_ptr<app::WorkerThread> planner;
  std::unique_ptr<app::Engine> engine;
  std::unique_ptr<feed::FeedHost> feed_host;
  std::vector<feed::FeedConfig> feed_configs;
  std::vector<std::unique_ptr<app::Feed>> feeds;
  std::unique_ptr<rpc::RpcServer> rpc;
  std::thread core_thread;

  app::Settings const& settings() const { return options.settings.settings; }
  std::filesystem::path state_dir() const { return options.paths.state_dir; }
  std::int64_t speed() const { return fastest_replay(settings()); }
  // Typical days run in real time; beside a recording that runs faster they would mean nothing.
  std::vector<core::Profile> profiles() const {
    return speed() > 1 ? std::vector<core::Profile>{} : feed::shipped_profiles(settings().site.zone);
  }

  core::Result<void> open_store();
  core::Result<void> look_for_earlier_ledger();
  core::Result<void> open_backup(core::Error const& why);
  void make_machine();
  void make_engine();
  core::Result<void> make_feeds();
  core::Result<void> make_rpc();
  core::Result<void> run_core();
  std::vector<std::string> warnings() const;
  std::string ledger_warning() const;
  void stop();
};

core::Result<void> Daemon::Graph::open_backup(core::Error const& why) {
  auto const database = state_dir() / "greenq.db";
  auto const backup = store::readable_backup(database);
  if (!backup) {
    return core::fail(why.code, why.reason,
                      why.message +
                          "; there is no readable backup beside it. Move greenq.db aside to start empty, or "
                          "restore it from a copy of your own");
  }
  hold_reason = why.message + "; old jobs are shown from " + backup->string() +
                ", nothing is released. Move greenq.db aside and copy the backup to greenq.db to go on";
  spdlog::error("STORE_CORRUPT message=\"{}\"", hold_reason);
  store::ReadOptions read;
  read.database = *backup;
  read.prices = {app::site_config(settings()), profiles(), yearly_factors(settings())};
  read.immutable = true;
  auto pool = store::ReadPool::open(std::move(read));
  if (!pool) return tl::unexpected(pool.error());
  reads = std::move(*pool);
  store = std::make_unique<store::HoldStore>(hold_reason);
  return {};
}

// A ledger that somebody removed leaves run directories and perhaps its backup, which the first backup of the
// new one would replace.
core::Result<void> Daemon::Graph::look_for_earlier_ledger() {
  auto const database = state_dir() / "greenq.db";
  new_ledger = !std::filesystem::exists(database);
  first_job = app::next_unused_job(state_dir());
  auto const backup = store::backup_path(database);
  if (!new_ledger || !std::filesystem::exists(backup)) return {};
  kept_backup = backup.string() + "." + std::to_string(core::to_ms(clock.now()) / 1000);
  std::error_code failed;
  std::filesystem::rename(backup, kept_backup, failed);
  if (!failed) return {};
  return core::fail(core::ErrorCode::kFailedPrecondition, "STATE_DIR_UNUSABLE",
                    database.string() + " is missing, and its backup cannot be renamed to " +
                        kept_backup.string() + " (" + failed.message() +
                        "); copy the backup to greenq.db to go on with it, or move it away");
}

core::Result<void> Daemon::Graph::open_store() {
  bool const for_others = settings().exec.run_as == app::RunAs::kSubmitter;
  auto locked = store::lock_state_dir(state_dir(), for_others ? 0711 : 0700);
  if (!locked) return tl::unexpected(locked.error());
  lock = std::move(*locked);
  if (auto looked = look_for_earlier_ledger(); !looked) return looked;
  store::StoreOptions write;
  write.database = state_dir() / "greenq.db";
  write.clock = &clock;
  write.new_epoch = [this] { return app::uuid_v7(clock.now(), app::system_random64); };
  write.keep_forecasts = settings().store.keep_forecasts;
  write.signals = {settings().store.full_forecasts, settings().store.keep_actuals};
  write.wal_limit_bytes = settings().store.wal_limit_bytes;
  write.min_free_bytes = settings().store.min_free_bytes;
  write.backup_every = settings().store.backup_interval;
  auto opened = store::SqliteStore::open(std::move(write));
  if (!opened && opened.error().reason == "STORE_CORRUPT") return open_backup(opened.error());
  if (!opened) return tl::unexpected(opened.error());
  store = std::move(*opened);
  store::ReadOptions read;
  read.database = state_dir() / "greenq.db";
  read.prices = {app::site_config(settings()), profiles(), yearly_factors(settings())};
  auto pool = store::ReadPool::open(std::move(read));
  if (!pool) return tl::unexpected(pool.error());
  reads = std::move(*pool);
  return {};
}

void Daemon::Graph::make_machine() {
  gpus = meter::enumerate_gpus(settings().meter.nvml_library);
  exec::LocalRunnerOptions run;
  run.state_dir = state_dir();
  run.shepherd = options.shepherd;
  bool const submitter = settings().exec.run_as == app::RunAs::kSubmitter;
  run.run_as = submitter ? exec::RunAs::kSubmitter : exec::RunAs::kSelf;
  run.own_uid = getuid();
  run.listed_uids = settings().exec.allowed_system_uids;
  run.node = settings().node.name.empty() ? host_name() : settings().node.name;
  run.cpus = settings().node.cpus;
  run.memory_bytes = settings().node.memory_bytes;
  run.gpus = gpus.gpus;
  run.meter_interval = at_speed(settings().meter.interval, speed());
  run.log_limit_bytes = settings().exec.log_limit_bytes;
  run.sysfs_root = settings().meter.sysfs_root;
  run.procfs_root = settings().meter.procfs_root;
  run.nvml_library = settings().meter.nvml_library;
  runner = std::make_unique<exec::LocalRunner>(std::move(run), clock, inbox);
  logs = std::make_unique<exec::FileLogs>(state_dir());
  model = meter::machine_model(settings().meter, runner->capacity().cpus);
  model.model.slice = at_speed(settings().meter.slice, speed());
  meter::JournalMeterOptions metering;
  metering.state_dir = state_dir();
  metering.interval = at_speed(settings().meter.interval, speed());
  metering.roots = {settings().meter.sysfs_root, settings().meter.procfs_root, settings().meter.nvml_library};
  metering.gpus = gpus;
  metering.model_source = model.source;
  meter = std::make_unique<meter::JournalMeter>(std::move(metering), inbox);
}

void Daemon::Graph::make_engine() {
  planner = std::make_unique<app::WorkerThread>();
  app::EngineParts parts;
  parts.clock = &clock;
  parts.store = store.get();
  parts.runner = runner.get();
  parts.meter = meter.get();
  parts.reads = reads.get();
  parts.site = app::site_config(settings());
  parts.rules = settings().planner;
  parts.model = model.model;
  parts.profiles = profiles();
  parts.factors = yearly_factors(settings());
  parts.new_uid = [](core::Instant at) { return app::uuid_v7(at, app::system_random64); };
  parts.run_on_planner = [this](std::function<void()> job) { planner->run(std::move(job)); };
  parts.hold_reason = hold_reason;
  parts.first_job = first_job;
  parts.stop_grace = settings().exec.stop_grace;
  for (auto const& feed : feeds) {
    core::SignalSource const source = feed->status().source;
    parts.feeds.push_back({source.zone, source.provider, source.kind});
  }
  engine = std::make_unique<app::Engine>(std::move(parts));
  inbox.aim(engine.get());
}

core::Result<void> Daemon::Graph::make_feeds() {
  feed_host = std::make_unique<feed::AsioHost>();
  feed::FeedContext context;
  context.clock = &clock;
  context.inbox = &inbox;
  context.host = feed_host.get();
  context.random = uniform;
  context.commons = std::make_shared<feed::Commons>(*feed_host, clock);
  context.install_id = host_name() + state_dir().string();
  context.log = log_feed;
  // Asked once feeds are started, and then the engine is there.
  context.known_until = [this](core::SignalSource const& feed) {
    return engine->view()->measured_until(feed);
  };
  for (feed::FeedConfig const& config : feed_configs) {
    auto made = feed::make_feed(config, context);
    if (!made) return tl::unexpected(made.error());
    feeds.push_back(std::move(*made));
  }
  return {};
}

std::vector<std::string> Daemon::Graph::warnings() const {
  std::vector<std::string> out;
  if (settings().site.zone.empty()) {
    out.emplace_back(
        "site.zone is not set: nothing is shifted and no gram is counted; run `greenqd init --zone ZONE`");
  }
  if (!settings().site.pue)
    out.emplace_back("PUE is not set: energy is counted at the computer only (site.pue)");
  if (!gpus.reason.empty()) out.push_back("GPUs: " + gpus.reason);
  if (!options.paths.hint.empty()) out.push_back(options.paths.hint);
  if (speed() > 1)
    out.emplace_back("a replay feed is played: its figures are recorded ones, not those of today");
  if (!hold_reason.empty()) out.push_back(hold_reason);
  if (auto lost = ledger_warning(); !lost.empty()) out.push_back(std::move(lost));
  return out;
}

std::string Daemon::Graph::ledger_warning() const {
  bool const runs = first_job > 1;
  bool const backup = !kept_backup.empty();
  if (!new_ledger || (!runs && !backup)) return {};
  std::string text = "greenq.db is new, but ";
  if (runs) text += "runs/ holds jobs of an earlier one";
  if (runs && backup) text += " and ";
  if (backup) text += "there was a backup of an earlier one, now kept as " + kept_backup.string();
  text += ": its jobs are not known any more, and new jobs are numbered from " + std::to_string(first_job) +
          "; if that was not meant, stop greenqd and put the old file back";
  if (backup) text += ", or copy the backup to greenq.db";
  return text;
}

core::Result<void> Daemon::Graph::make_rpc() {
  rpc::RpcParts parts;
  parts.engine = engine.get();
  parts.reads = reads.get();
  parts.runner = runner.get();
  parts.logs = logs.get();
  parts.meter = meter.get();
  parts.clock = &clock;
  parts.feeds = [this] {
    std::vector<app::FeedStatus> out;
    out.reserve(feeds.size());
    for (auto const& feed : feeds) out.push_back(feed->status());
    return out;
  };
  parts.profiles = feed::shipped_profiles();
  for (auto const& zone : feed::shipped_zones()) parts.zone_names[zone.id] = zone.name;
  parts.facts.version = kVersion;
  parts.facts.start_time = clock.now();
  parts.facts.state_dir = state_dir().string();
  bool const submitter = settings().exec.run_as == app::RunAs::kSubmitter;
  parts.facts.run_as = submitter ? "submitter" : "self";
  for (app::ShownSetting const& shown : options.settings.shown) {
    parts.facts.settings.push_back({shown.key, shown.value, app::to_string(shown.origin)});
  }
  parts.facts.library_versions["sqlite"] = sqlite3_libversion();
  parts.facts.warnings = warnings();
  parts.options.socket = options.paths.socket;
  parts.options.socket_mode = static_cast<mode_t>(settings().server.socket_mode);
  parts.options.directory_mode = submitter ? 0755 : 0700;
  parts.options.connections = settings().server.max_connections;
  auto started = rpc::RpcServer::start(std::move(parts));
  if (!started) return tl::unexpected(started.error());
  rpc = std::move(*started);
  return {};
}

core::Result<void> Daemon::Graph::run_core() {
  std::promise<core::Result<void>> loaded;
  auto result = loaded.get_future();
  core_thread = std::thread([this, loaded = std::move(loaded)]() mutable {
    auto outcome = engine->load();
    bool const good = outcome.has_value();
    loaded.set_value(std::move(outcome));
    if (good) engine->run();
  });
  return result.get();
}

void Daemon::Graph::stop() {
  if (rpc) rpc->stop();
  for (auto const& feed : feeds) feed->stop();
  if (feed_host) feed_host->stop();
  if (engine) engine->stop();
  if (core_thread.joinable()) core_thread.join();
  planner.reset();
  runner.reset();
  meter.reset();
  reads.reset();
}

core::Result<std::unique_ptr<Daemon>> Daemon::start(DaemonOptions options) {
  auto graph = std::make_unique<Graph>(std::move(options));
  auto const step = [&]() -> core::Result<void> {
    if (access(graph->options.shepherd.c_str(), X_OK) != 0) {
      return core::fail(
          core::ErrorCode::kFailedPrecondition, "SHEPHERD_MISSING",
          graph->options.shepherd.string() + " is missing or not executable; it must lie beside greenqd");
    }
    if (auto opened = graph->open_store(); !opened) return opened;
    graph->make_machine();
    auto configs = feed_configs(graph->settings(), app::process_environment());
    if (!configs) return tl::unexpected(configs.error());
    graph->feed_configs = std::move(*configs);
    if (auto fed = graph->make_feeds(); !fed) return fed;
    graph->make_engine();
    if (auto listening = graph->make_rpc(); !listening) return listening;
    return graph->run_core();
  };
  if (auto started = step(); !started) {
    graph->stop();
    return tl::unexpected(started.error());
  }
  for (auto const& feed : graph->feeds) feed->start();
  graph->rpc->set_serving(true);
  for (std::string const& warning : graph->warnings()) spdlog::warn("START_WARNING message=\"{}\"", warning);
  return std::unique_ptr<Daemon>(new Daemon(std::move(graph)));
}

Daemon::Daemon(std::unique_ptr<Graph> graph) : graph_(std::move(graph)) {}
Daemon::~Daemon() {
  graph_->stop();
}

std::string Daemon::ready_line() const {
  app::Settings const& settings = graph_->settings();
  std::string const zone = settings.site.zone.empty() ? "not set" : settings.site.zone;
  return "greenqd " + std::string{kVersion} + " ready: socket " + graph_->options.paths.socket + ", state " +
         graph_->options.paths.state_dir + ", zone " + zone;
}

}  // namespace greenq
