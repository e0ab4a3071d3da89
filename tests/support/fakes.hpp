// Fakes of the daemon's ports. Single-threaded; everything happens when the test says so.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/engine.hpp"
#include "app/ports.hpp"

namespace greenq::test {

class FakeClock final : public app::Clock {
 public:
  core::Instant time = core::from_ms(1'600'000'000'000);
  core::Span mono{0};
  core::Instant now() override { return time; }
  core::Span steady() override { return mono; }
  void advance(core::Span span) {
    time += span;
    mono += span;
  }
};

// The ledger in memory. Staged changes vanish on rollback; `fail_next_commit` makes one commit fail.
class FakeStore final : public app::Store {
 public:
  core::State durable;
  std::vector<core::JobEvent> events;
  std::vector<core::EnergySlice> slices;
  std::map<core::JobId, core::Job> all_jobs;
  std::vector<core::StoredRequest> requests;
  std::map<core::JobId, core::Footprint> footprints;
  std::vector<std::pair<int, core::Signal>> signals;
  std::vector<app::Loaded::Experience> experience;
  std::vector<std::pair<int, core::Signal>> issued;  // all replies and own forecasts, in order
  std::vector<core::StoredForecaster> forecasters;
  std::string refuse;
  bool fail_next_commit = false;
  int commits = 0;

  core::Result<app::Loaded> load() override {
    app::Loaded loaded;
    loaded.state = durable;
    loaded.epoch = "fake-epoch";
    loaded.signals = signals;
    loaded.experience = experience;
    return loaded;
  }
  core::Result<void> stage(core::Changes const& changes) override {
    staged_.push_back(changes);
    return {};
  }
  core::Result<void> commit() override {
    if (fail_next_commit) {
      fail_next_commit = false;
      return core::fail(core::ErrorCode::kResourceExhausted, "STORE_FULL", "the disk is full");
    }
    ++commits;
    for (core::Changes const& changes : staged_) keep(changes);
    staged_.clear();
    return {};
  }
  void rollback() override { staged_.clear(); }
  core::Result<std::optional<core::StoredRequest>> find_request(std::uint32_t uid,
                                                                std::string const& id) override {
    for (auto const& request : requests) {
      if (request.owner_uid == uid && request.request_id == id) return request;
    }
    for (auto const& changes : staged_) {
      for (auto const& request : changes.requests) {
        if (request.owner_uid == uid && request.request_id == id) return request;
      }
    }
    return std::nullopt;
  }
  core::Result<std::optional<FoundJob>> find_job(std::string const& project, std::uint32_t uid,
                                                 std::string const& id_or_name) override {
    std::optional<FoundJob> by_id;
    std::optional<FoundJob> by_name;
    auto const look = [&](core::Job const& job) {
      if (job.spec->project != project || job.owner.uid != uid) return;
      FoundJob const found{job.id, job.state, job.started_at.has_value()};
      if (std::to_string(job.id) == id_or_name) by_id = found;
      if (job.spec->name == id_or_name) by_name = found;
    };
    for (auto const& [id, job] : all_jobs) look(job);
    for (auto const& changes : staged_) std::for_each(changes.jobs.begin(), changes.jobs.end(), look);
    return by_id ? by_id : by_name;
  }
  void maintain(core::Instant) override {}
  std::string refuse_reason() override { return refuse; }

 private:
  std::vector<core::Changes> staged_;
  void keep(core::Changes const& changes) {
    core::apply(durable, changes);
    for (core::Job const& job : changes.jobs) all_jobs[job.id] = job;
    events.insert(events.end(), changes.events.begin(), changes.events.end());
    slices.insert(slices.end(), changes.slices.begin(), changes.slices.end());
    requests.insert(requests.end(), changes.requests.begin(), changes.requests.end());
    for (auto const& settled : changes.footprints) footprints[settled.job] = settled.footprint;
    issued.insert(issued.end(), changes.signals.begin(), changes.signals.end());
    for (core::Signal const& own : changes.own_forecasts) issued.emplace_back(1000, own);
    for (core::StoredForecaster const& stored : changes.forecasters) {
      std::erase_if(forecasters, [&stored](core::StoredForecaster const& old) {
        return old.zone == stored.zone && old.kind == stored.kind && old.provider == stored.provider;
      });
      forecasters.push_back(stored);
    }
  }
};

// Records what was asked; the test posts the reports.
class FakeRunner final : public app::Runner {
 public:
  core::Capacity machine{"node", 4, 8LL << 30, {}};
  std::vector<core::Launch> started;
  std::vector<core::Launch> adopted;
  std::vector<std::pair<core::SegmentId, core::StopKind>> stopped;
  std::string refuse;

  core::Capacity capacity() override { return machine; }
  void start(core::Launch const& launch) override { started.push_back(launch); }
  void adopt(core::Launch const& launch) override { adopted.push_back(launch); }
  void stop(core::SegmentId segment, core::StopKind kind) override { stopped.emplace_back(segment, kind); }
  std::string refuse_owner(core::Principal const&) override { return refuse; }
  std::vector<core::FieldError> check(core::JobSpec const&, core::Principal const&) override { return {}; }
};

class FakeMeter final : public app::Meter {
 public:
  std::vector<std::pair<core::SegmentId, std::int64_t>> watched;
  std::vector<std::pair<core::SegmentId, std::int64_t>> drained;
  void watch(core::SegmentId segment, std::int64_t offset) override { watched.emplace_back(segment, offset); }
  void drain(core::SegmentId segment, std::int64_t offset) override { drained.emplace_back(segment, offset); }
  std::vector<Sensor> sensors() override { return {}; }
};

// Reads of a FakeStore, answered at once.
class FakeReads final : public app::Reads {
 public:
  explicit FakeReads(FakeStore& store) : store_(store) {}
  std::vector<core::JobId> settled;

  void get_job(core::JobId id, Done<core::Job> done) override {
    auto const it = store_.all_jobs.find(id);
    if (it == store_.all_jobs.end()) {
      return done(
          core::fail(core::ErrorCode::kNotFound, "JOB_NOT_FOUND", "there is no job " + std::to_string(id)));
    }
    done(it->second);
  }
  void list_jobs(app::JobQuery query, Done<std::vector<core::Job>> done) override {
    std::vector<core::Job> out;
    query.limit = std::min(query.limit, app::kReadMax);
    for (auto it = store_.all_jobs.rbegin(); it != store_.all_jobs.rend(); ++it) {
      core::Job const& job = it->second;
      bool const state = query.states.empty() ||
                         std::find(query.states.begin(), query.states.end(), job.state) != query.states.end();
      bool const match = state && (query.project.empty() || query.project == job.spec->project) &&
                         (query.owner.empty() || query.owner == job.owner.name) &&
                         (query.name.empty() || query.name == job.spec->name) &&
                         (query.before_id == 0 || job.id < query.before_id);
      if (match && static_cast<int>(out.size()) < query.limit) out.push_back(job);
    }
    done(out);
  }
  void events(std::int64_t after, core::JobId job, int limit,
              Done<std::vector<core::JobEvent>> done) override {
    std::vector<core::JobEvent> out;
    for (auto const& event : store_.events) {
      bool const match = event.sequence > after && (job == 0 || event.job == job);
      if (match && static_cast<int>(out.size()) < limit) out.push_back(event);
    }
    done(out);
  }
  void last_events(core::JobId job, int limit, Done<std::vector<core::JobEvent>> done) override {
    std::vector<core::JobEvent> out;
    for (auto const& event : store_.events) {
      if (event.job == job) out.push_back(event);
    }
    if (static_cast<int>(out.size()) > limit) out.erase(out.begin(), out.end() - limit);
    done(out);
  }
  void footprint(core::JobId id, Done<app::JobFootprint> done) override {
    get_job(id, [done](core::Result<core::Job> job) {
      if (!job) return done(tl::unexpected(job.error()));
      done(app::JobFootprint{*job, {}, false});
    });
  }
  void list_footprints(app::FootprintQuery query, Done<std::vector<app::JobFootprint>> done) override {
    std::vector<app::JobFootprint> out;
    for (auto it = store_.all_jobs.rbegin(); it != store_.all_jobs.rend(); ++it) {
      bool const match =
          core::is_terminal(it->second.state) && (query.before_id == 0 || it->second.id < query.before_id);
      bool const room = static_cast<int>(out.size()) < std::min(query.limit, app::kReadMax);
      if (match && room) out.push_back(app::JobFootprint{it->second, {}, false});
    }
    done(out);
  }
  void aggregate(app::FootprintQuery, std::vector<app::GroupKey>,
                 Done<std::vector<app::FootprintGroup>> done) override {
    done(std::vector<app::FootprintGroup>{});
  }
  core::Savings saved;  // the answer of savings()
  app::SavingsQuery saved_for;
  void savings(app::SavingsQuery query, Done<core::Savings> done) override {
    if (query.ended.length() > app::kSavingsPeriodMax) {
      return done(core::fail(core::ErrorCode::kInvalidArgument, "PERIOD_TOO_LONG", "ask for a shorter time"));
    }
    saved_for = query;
    saved.ended = query.ended;
    done(saved);
  }
  void settle(core::JobId id, Done<core::FootprintSettled> done) override {
    settled.push_back(id);
    done(core::FootprintSettled{id, "default", {}});
  }
  void provisional(core::Instant, int, Done<std::vector<core::JobId>> done) override {
    done(std::vector<core::JobId>{});
  }
  void forecasts(app::ForecastQuery query, Done<app::ForecastHistory> done) override {
    if (query.window.end - query.window.begin > app::kForecastWindowMax) {
      return done(core::fail(core::ErrorCode::kInvalidArgument, "WINDOW_TOO_LONG", "ask for a shorter time"));
    }
    done(app::ForecastHistory{issues_of(query), actuals_of(query)});
  }

 private:
  static core::Instant hour_of(core::Instant at) { return std::chrono::floor<std::chrono::hours>(at); }

  std::vector<app::ForecastHistory::Issue> issues_of(app::ForecastQuery const& query) const {
    std::map<core::Instant, app::ForecastHistory::Issue> first;  // by clock hour
    for (auto const& [rank, signal] : store_.issued) {
      bool const match = signal.source.zone == query.zone && signal.source.kind == query.kind &&
                         signal.source.provider == query.provider && query.window.contains(signal.issued_at);
      app::ForecastHistory::Issue issue{signal.issued_at, signal.points};
      std::erase_if(issue.points, [at = signal.received_at](core::IntensityPoint const& point) {
        return core::was_measured(point, at);
      });
      for (auto& point : issue.points) point.state = std::max(point.state, core::PointState::kForecast);
      bool const foresight = signal.as_given && signal.issue_time_is_receipt;
      if (!match || foresight || issue.points.empty()) continue;
      auto const [place, added] = first.try_emplace(hour_of(issue.issued_at), issue);
      if (!added && issue.issued_at < place->second.issued_at) place->second = issue;
    }
    std::vector<app::ForecastHistory::Issue> issues;
    for (auto const& [hour, issue] : first) issues.push_back(issue);
    return issues;
  }
  std::vector<core::IntensityPoint> actuals_of(app::ForecastQuery const& query) const {
    core::Interval const begins{query.window.begin, query.window.end + app::kForecastReach};
    std::map<std::pair<int, std::string>, std::map<core::Instant, core::IntensityPoint>> by_feed;
    for (auto const& [rank, signal] : store_.issued) {
      core::SignalSource const& source = signal.source;
      if (source.zone != query.zone || source.kind != query.kind || source.provider == core::kOwnForecast) {
        continue;
      }
      for (core::IntensityPoint const& point : signal.points) {
        if (!core::was_measured(point, signal.received_at) || !begins.contains(point.interval.begin))
          continue;
        by_feed[{rank, source.provider}].insert_or_assign(point.interval.begin, point);
      }
    }
    std::vector<core::IntensityPoint> actuals;
    if (by_feed.empty() || query.window.empty() || !query.actuals) return actuals;
    for (auto const& [begin, point] : by_feed.begin()->second) actuals.push_back(point);
    return actuals;
  }

  FakeStore& store_;
};

// A valid spec for one core; change what the test is about.
inline core::JobSpec spec(std::string name = "train") {
  core::JobSpec out;
  out.name = std::move(name);
  out.project = "default";
  out.command = {"/bin/true"};
  out.workdir = "/tmp";
  out.expected_duration = std::chrono::hours{1};
  out.time_limit = std::chrono::hours{2};
  return out;
}

inline core::Principal user(std::uint32_t uid = 1000, std::string name = "ada") {
  return {uid, uid, std::move(name), false};
}

}  // namespace greenq::test
