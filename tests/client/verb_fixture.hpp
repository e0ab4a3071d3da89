// A fake daemon that the CLI finds, and the answers that several tests give.
#pragma once

#include "tests/client/cli_fixture.hpp"
#include "tests/client/fake_server.hpp"

namespace greenq::client {

inline v1::Job job_of(int id, v1::Job::State state, std::string const& name = "train") {
  v1::Job job;
  job.set_name("projects/vision/jobs/" + std::to_string(id));
  job.set_owner("ada");
  job.set_state(state);
  job.mutable_spec()->set_display_name(name);
  job.mutable_spec()->mutable_resources()->set_cpus(2);
  *job.mutable_create_time() = timestamp(kNow - std::chrono::hours(1));
  return job;
}

inline v1::SignalSource source_of(v1::SignalKind kind) {
  v1::SignalSource source;
  source.set_zone("GB");
  source.set_kind(kind);
  source.set_provider("neso");
  *source.mutable_issue_time() = timestamp(kNow - std::chrono::minutes(8));
  return source;
}

inline void set_window(v1::PlannedWindow& window, UtcTime begin, Milliseconds length, std::int64_t mg,
                       std::int64_t carbon) {
  *window.mutable_start_time() = timestamp(begin);
  *window.mutable_end_time() = timestamp(begin + length);
  window.set_known(true);
  window.set_mean_mg_per_kwh(mg);
  window.set_energy_mj(23'760'000'000);  // 6.6 kWh
  window.set_carbon_mg(carbon);
}

inline v1::Plan shifted_plan() {
  v1::Plan plan;
  auto const five_hours = std::chrono::hours(5);
  set_window(*plan.mutable_now(), kNow, five_hours, 512'000, 3'379'200);
  set_window(*plan.mutable_chosen(), at("2026-11-23T23:40:00Z"), five_hours, 288'000, 1'900'800);
  set_window(*plan.mutable_latest(), at("2026-11-24T02:00:00Z"), five_hours, 430'000, 2'838'000);
  *plan.mutable_source() = source_of(v1::SIGNAL_KIND_MARGINAL);
  plan.set_note("The cheapest 5 h before the bound.");
  return plan;
}

// As the daemon answers for a file that says nothing about the run time.
inline v1::Plan assumed_plan() {
  auto plan = shifted_plan();
  plan.set_duration_assumed(true);
  return plan;
}

class VerbTest : public CliTest {
 protected:
  VerbTest() : server(std::make_unique<FakeServer>(dir.path("s"))) {
    here.variables["GREENQ_SOCKET"] = dir.path("s");
  }

  // GetJob knows this job.
  void know(v1::Job const& job) {
    server->jobs.on_GetJob = [job](auto const&, auto& response) {
      *response.mutable_job() = job;
      return grpc::Status::OK;
    };
  }

  std::unique_ptr<FakeServer> server;
};

}  // namespace greenq::client
