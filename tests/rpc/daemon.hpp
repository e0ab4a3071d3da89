// A daemon in one process for tests: the real engine on its own thread over fakes, the real RpcServer on a
// real unix socket, and a client.
#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>
#include <mutex>
#include <optional>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "greenq/v1/carbon_service.grpc.pb.h"
#include "greenq/v1/footprint_service.grpc.pb.h"
#include "greenq/v1/job_service.grpc.pb.h"
#include "greenq/v1/node_service.grpc.pb.h"
#include "rpc/server.hpp"
#include "rpc/sockets.hpp"
#include "support/fakes.hpp"

namespace greenq::test {

// Ledger and reads of the single-threaded fakes behind one lock.
class SharedStore final : public app::Store {
 public:
  std::recursive_mutex mutex;
  FakeStore inner;

  template <class Do>
  auto locked(Do work) {
    std::lock_guard const lock(mutex);
    return work();
  }

  core::Result<app::Loaded> load() override {
    return locked([&] { return inner.load(); });
  }
  core::Result<void> stage(core::Changes const& changes) override {
    return locked([&] { return inner.stage(changes); });
  }
  core::Result<void> commit() override {
    return locked([&] { return inner.commit(); });
  }
  void rollback() override {
    locked([&] { inner.rollback(); });
  }
  core::Result<std::optional<core::StoredRequest>> find_request(std::uint32_t uid,
                                                                std::string const& id) override {
    return locked([&] { return inner.find_request(uid, id); });
  }
  core::Result<std::optional<FoundJob>> find_job(std::string const& project, std::uint32_t uid,
                                                 std::string const& id_or_name) override {
    return locked([&] { return inner.find_job(project, uid, id_or_name); });
  }
  void maintain(core::Instant) override {}
  std::string refuse_reason() override { return {}; }
};

class SharedReads final : public app::Reads {
 public:
  explicit SharedReads(SharedStore& store) : store_(store), inner_(store.inner) {}
  FakeReads& inner() { return inner_; }  // under the lock of the store

  void get_job(core::JobId id, Done<core::Job> done) override {
    done(answer<core::Job>([&](auto keep) { inner_.get_job(id, keep); }));
  }
  void list_jobs(app::JobQuery query, Done<std::vector<core::Job>> done) override {
    done(answer<std::vector<core::Job>>([&](auto keep) { inner_.list_jobs(query, keep); }));
  }
  void events(std::int64_t after, core::JobId job, int limit,
              Done<std::vector<core::JobEvent>> done) override {
    done(answer<std::vector<core::JobEvent>>([&](auto keep) { inner_.events(after, job, limit, keep); }));
  }
  void last_events(core::JobId job, int limit, Done<std::vector<core::JobEvent>> done) override {
    done(answer<std::vector<core::JobEvent>>([&](auto keep) { inner_.last_events(job, limit, keep); }));
  }
  void footprint(core::JobId id, Done<app::JobFootprint> done) override {
    done(answer<app::JobFootprint>([&](auto keep) { inner_.footprint(id, keep); }));
  }
  void list_footprints(app::FootprintQuery query, Done<std::vector<app::JobFootprint>> done) override {
    done(answer<std::vector<app::JobFootprint>>([&](auto keep) { inner_.list_footprints(query, keep); }));
  }
  void aggregate(app::FootprintQuery query, std::vector<app::GroupKey> keys,
                 Done<std::vector<app::FootprintGroup>> done) override {
    done(answer<std::vector<app::FootprintGroup>>([&](auto keep) { inner_.aggregate(query, keys, keep); }));
  }
  void savings(app::SavingsQuery query, Done<core::Savings> done) override {
    done(answer<core::Savings>([&](auto keep) { inner_.savings(query, keep); }));
  }
  void settle(core::JobId id, Done<core::FootprintSettled> done) override {
    done(answer<core::FootprintSettled>([&](auto keep) { inner_.settle(id, keep); }));
  }
  void forecasts(app::ForecastQuery query, Done<app::ForecastHistory> done) override {
    done(answer<app::ForecastHistory>([&](auto keep) { inner_.forecasts(query, keep); }));
  }
  void provisional(core::Instant since, int limit, Done<std::vector<core::JobId>> done) override {
    done(answer<std::vector<core::JobId>>([&](auto keep) { inner_.provisional(since, limit, keep); }));
  }

 private:
  // The fake answers inline; the callback runs outside the lock, as with the real reads.
  template <class T, class Ask>
  core::Result<T> answer(Ask ask) {
    std::optional<core::Result<T>> result;
    store_.locked([&] { ask([&](core::Result<T> given) { result = std::move(given); }); });
    return std::move(*result);
  }
  SharedStore& store_;
  FakeReads inner_;
};

class SharedRunner final : public app::Runner {
 public:
  core::Capacity capacity() override { return {"node", 64, 8LL << 30, {}}; }
  void start(core::Launch const& launch) override {
    std::lock_guard const lock(mutex_);
    started_.push_back(launch.segment);
  }
  void adopt(core::Launch const&) override {}
  void stop(core::SegmentId, core::StopKind) override {}
  std::string refuse;  // set before the first call
  std::string refuse_owner(core::Principal const&) override { return refuse; }
  std::vector<core::FieldError> check(core::JobSpec const& spec, core::Principal const&) override {
    if (spec.workdir == "/missing") return {{"spec.workdir", "does not exist; make it first."}};
    return {};
  }
  std::optional<core::SegmentId> started(core::JobId job) {
    std::lock_guard const lock(mutex_);
    for (auto it = started_.rbegin(); it != started_.rend(); ++it) {
      if (it->job == job) return *it;
    }
    return std::nullopt;
  }

 private:
  std::mutex mutex_;
  std::vector<core::SegmentId> started_;
};

// Output kept in memory, by attempt; standard error is empty.
class FakeLogs final : public app::Logs {
 public:
  void append(core::JobId job, core::AttemptNo attempt, std::string const& text) {
    std::lock_guard const lock(mutex_);
    texts_[{job, attempt}] += text;
  }
  core::Result<Chunk> read(core::JobId job, core::AttemptNo attempt, Stream stream, std::int64_t offset,
                           std::size_t max_bytes) override {
    std::lock_guard const lock(mutex_);
    auto const it = texts_.find({job, attempt});
    if (it == texts_.end()) return core::fail(core::ErrorCode::kNotFound, "LOG_NOT_FOUND", "No output yet.");
    std::string const text = stream == Stream::kStdout ? it->second : "";
    auto const size = static_cast<std::int64_t>(text.size());
    std::int64_t const begin = std::clamp<std::int64_t>(offset < 0 ? size + offset : offset, 0, size);
    return Chunk{begin, text.substr(static_cast<std::size_t>(begin), max_bytes)};
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<core::JobId, core::AttemptNo>, std::string> texts_;
};

class Daemon {
 public:
  explicit Daemon(std::function<void(rpc::RpcParts&)> adjust = {}, bool serve = true) {
    EXPECT_EQ(::chmod(dir.path().c_str(), 0755), 0);
    app::EngineParts engine_parts;
    engine_parts.clock = &clock;
    engine_parts.store = &store;
    engine_parts.runner = &runner;
    engine_parts.meter = &meter;
    engine_parts.reads = &reads;
    engine_parts.site.zone = "ZZ";
    engine_parts.profiles = {profile("ZZ"), profile("AA")};
    engine_parts.new_uid = [n = 0](core::Instant) mutable { return "uid-" + std::to_string(++n); };
    engine_parts.run_on_planner = [](std::function<void()> work) { work(); };
    engine.emplace(std::move(engine_parts));
    std::promise<void> loaded;
    core_thread = std::thread([this, &loaded] {
      EXPECT_TRUE(engine->load());
      loaded.set_value();
      engine->run();
    });
    loaded.get_future().wait();

    rpc::RpcParts parts;
    parts.engine = &*engine;
    parts.reads = &reads;
    parts.runner = &runner;
    parts.logs = &logs;
    parts.meter = &meter;
    parts.clock = &clock;
    parts.profiles = {profile("ZZ"), profile("AA")};
    parts.facts.version = "0.1.0-test";
    parts.facts.state_dir = "/var/lib/secret";
    parts.options.socket = dir.path() / "d.sock";
    parts.options.socket_mode = 0666;
    if (adjust) adjust(parts);
    auto started = rpc::RpcServer::start(std::move(parts));
    EXPECT_TRUE(started) << started.error().message;
    server = std::move(*started);
    if (serve) server->set_serving(true);
    channel =
        grpc::CreateChannel("unix:" + (dir.path() / "d.sock").native(), grpc::InsecureChannelCredentials());
    jobs = greenq::v1::JobService::NewStub(channel);
  }
  ~Daemon() {
    server->stop();
    engine->stop();
    core_thread.join();
  }
  Daemon(Daemon const&) = delete;
  Daemon& operator=(Daemon const&) = delete;

  static core::Profile profile(std::string zone) {
    core::Profile out;
    out.source = {std::move(zone),
                  core::SignalKind::kMarginal,
                  core::SignalBasis::kDirect,
                  "climatology",
                  "typical",
                  ""};
    for (auto& season : out.hours) {
      for (auto& hour : season) hour = core::Intensity{300'000};
    }
    return out;
  }

  // Somebody else's connection.
  std::shared_ptr<grpc::Channel> channel_as(unsigned uid) {
    auto fd = connect_as(uid, dir.path() / "d.sock");
    EXPECT_TRUE(fd);
    return grpc::CreateInsecureChannelFromFd("peer", fd.release());
  }

  v1::SubmitJobRequest request(std::string const& name, bool hold = false) const {
    v1::SubmitJobRequest out;
    out.mutable_spec()->set_display_name(name);
    out.mutable_spec()->set_run("true");
    out.mutable_spec()->set_workdir("/tmp");
    out.mutable_spec()->set_hold(hold);
    out.mutable_spec()->mutable_expected_duration()->set_seconds(60);
    out.mutable_spec()->mutable_carbon()->set_mode(v1::CarbonPolicy::MODE_NONE);
    return out;
  }
  v1::Job submit(std::string const& name, bool hold = false) {
    grpc::ClientContext context;
    v1::SubmitJobResponse response;
    auto const status = jobs->SubmitJob(&context, request(name, hold), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.job();
  }
  // Cannot start for an hour, so that it can be held and released at will.
  v1::Job submit_later(std::string const& name) {
    grpc::ClientContext context;
    auto asked = request(name, true);
    asked.mutable_spec()->mutable_not_before()->set_seconds(core::to_ms(clock.time) / 1000 + 3600);
    v1::SubmitJobResponse response;
    auto const status = jobs->SubmitJob(&context, asked, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.job();
  }
  static core::JobId id_of(v1::Job const& job) {
    return std::stoull(job.name().substr(job.name().rfind('/') + 1));
  }

  // Waits for the engine to start it and confirms the process.
  core::SegmentId confirm_start(core::JobId job) {
    EXPECT_TRUE(eventually([&] { return runner.started(job).has_value(); }));
    core::SegmentId const segment = *runner.started(job);
    engine->post(core::SegmentStarted{segment, clock.time});
    return segment;
  }
  void end(core::SegmentId segment, int status = 0) {
    engine->post(core::SegmentEnded{segment, {core::Outcome::kExited, status, clock.time, ""}});
  }
  // Two events or more; the job ends held.
  void touch(std::string const& name) {
    grpc::ClientContext release_context;
    v1::ReleaseJobRequest release;
    release.set_name(name);
    v1::ReleaseJobResponse released;
    EXPECT_TRUE(jobs->ReleaseJob(&release_context, release, &released).ok());
    grpc::ClientContext hold_context;
    v1::HoldJobRequest hold;
    hold.set_name(name);
    v1::HoldJobResponse held;
    EXPECT_TRUE(jobs->HoldJob(&hold_context, hold, &held).ok());
  }

  TempDir dir;
  FakeClock clock;
  SharedStore store;
  SharedReads reads{store};
  SharedRunner runner;
  FakeMeter meter;
  FakeLogs logs;
  std::optional<app::Engine> engine;
  std::thread core_thread;
  std::unique_ptr<rpc::RpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::JobService::Stub> jobs;
};

inline std::string reason_of(grpc::Status const& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  for (auto const& any : details.details()) {
    google::rpc::ErrorInfo info;
    if (any.UnpackTo(&info)) return info.reason();
  }
  return {};
}

}  // namespace greenq::test
