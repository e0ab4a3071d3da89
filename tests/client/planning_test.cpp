// plan, validate, forecast and zones: what is known before a job is submitted, and what is not.
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <thread>

#include "tests/client/verb_fixture.hpp"

namespace greenq::client {
namespace {

using grpc::Status;
using grpc::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class PlanningTest : public VerbTest {
 protected:
  // Answers a batch that is only checked, with a plan for each job.
  void accept_checks() {
    server->jobs.on_BatchSubmitJobs = [this](auto const& request, auto& response) {
      EXPECT_TRUE(request.validate_only());
      checked = request;
      for (auto const& one : request.requests()) {
        bool const stated = one.spec().has_expected_duration() || one.spec().has_time_limit();
        *response.add_responses()->mutable_plan() = stated ? shifted_plan() : assumed_plan();
      }
      return Status::OK;
    };
  }
  void forecast_of(v1::SignalKind kind, v1::PointState state, std::string const& reason = "") {
    server->carbon.on_GetForecast = [=, this](auto const& request, auto& response) {
      asked = request;
      for (int hour = 0; hour < 3; ++hour) {
        auto& point = *response.add_points();
        *point.mutable_start_time() = timestamp(kNow + std::chrono::hours(hour));
        *point.mutable_end_time() = timestamp(kNow + std::chrono::hours(hour + 1));
        point.set_mg_per_kwh(hour == 1 ? 100'000 : 400'000);
        point.set_state(state);
      }
      *response.mutable_source() = source_of(kind);
      response.set_not_shifted_reason(reason);
      return Status::OK;
    };
  }

  v1::BatchSubmitJobsRequest checked;
  v1::GetForecastRequest asked;
};

constexpr char kChain[] =
    "name: prep\nrun: x\nworkdir: /\n---\nname: train\nrun: y\nworkdir: /\nexpected_duration: 5h\n"
    "depends_on: [{job: prep}]\n";

TEST_F(PlanningTest, JobsOfAFileThatDependOnEachOtherArePlannedTogether) {
  accept_checks();
  EXPECT_EQ(greenq({"plan", dir.write("job.yaml", kChain)}), 0) << err();
  ASSERT_EQ(checked.requests_size(), 2);
  EXPECT_EQ(checked.requests(1).spec().depends_on(0).job(), "prep");
  auto const second = out().find("\nJob 2: train\n");
  ASSERT_NE(second, std::string::npos) << out();
  EXPECT_THAT(out().substr(0, second), HasSubstr("Run time: 5h assumed; set expected_duration"));
  EXPECT_THAT(
      out().substr(second),
      HasSubstr(
          "Waits: starts only after prep has succeeded, at a time that is not known, so perhaps later"));
  EXPECT_THAT(out().substr(second), Not(HasSubstr("assumed")));
  EXPECT_EQ(greenq({"plan", dir.path("job.yaml"), "-o", "json"}), 0);
  auto const lines = out();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
}

TEST_F(PlanningTest, ComplaintsAboutOneOfThemPointIntoTheFile) {
  server->jobs.on_BatchSubmitJobs = [](auto const&, auto&) {
    return detailed(StatusCode::INVALID_ARGUMENT, "no", "UNKNOWN_REFERENCE",
                    {{"requests[1].spec.depends_on", "depends_on: there is no job \"prep\""}});
  };
  EXPECT_EQ(greenq({"plan", dir.write("job.yaml", kChain)}), 2);
  EXPECT_THAT(err(), HasSubstr("job.yaml:9:13: error: depends_on: there is no job \"prep\"\n"));
}

TEST_F(PlanningTest, ASubmittedChainSaysWhatItWaitsFor) {
  server->jobs.on_BatchSubmitJobs = [](auto const& request, auto& response) {
    for (int i = 0; i < request.requests_size(); ++i) {
      auto job = job_of(10 + i, v1::Job::STATE_QUEUED);
      *job.mutable_spec() = request.requests(i).spec();
      *response.add_responses()->mutable_job() = job;
    }
    return Status::OK;
  };
  server->jobs.on_ExplainJob = [](auto const& request, auto& response) {
    *response.mutable_job() = job_of(0, v1::Job::STATE_QUEUED);
    response.mutable_job()->set_name(request.name());
    if (request.name().ends_with("/11")) {
      response.mutable_job()->mutable_spec()->add_depends_on()->set_job("prep");
    } else {
      *response.mutable_plan() = assumed_plan();
    }
    return Status::OK;
  };
  EXPECT_EQ(greenq({"submit", dir.write("job.yaml", kChain)}), 0) << err();
  EXPECT_THAT(
      out(),
      HasSubstr("Submitted vision/10 (train) · planned start 23:40, 5h assumed; set expected_duration"));
  EXPECT_THAT(
      out(), HasSubstr("Submitted vision/11 (train) · starts after prep has succeeded, at a time that is not "
                       "known\nTimes in UTC.\n"));
}

TEST_F(PlanningTest, AnHourThatTheDaemonAssumedIsSaidToBe) {
  auto job = job_of(7, v1::Job::STATE_QUEUED);
  auto plan = assumed_plan();
  *job.mutable_spec()->mutable_expected_duration() = duration(std::chrono::hours(1));
  server->jobs.on_ExplainJob = [&](auto const&, auto& response) {
    *response.mutable_job() = job;
    *response.mutable_plan() = plan;
    return Status::OK;
  };
  EXPECT_EQ(greenq({"explain", "7"}), 0);
  EXPECT_THAT(out(),
              HasSubstr("(1h is assumed when a job file gives neither expected_duration nor time_limit"));
  plan.set_duration_assumed(false);
  EXPECT_EQ(greenq({"explain", "7"}), 0);
  EXPECT_THAT(out(), Not(HasSubstr("assumed"))) << "an hour that the file states";
}

// Found by a user: a latest start that was much cleaner stood there without a word.
TEST_F(PlanningTest, ACheaperLatestStartSaysWhyItIsNotTaken) {
  auto plan = shifted_plan();
  *plan.mutable_latest() = plan.chosen();
  *plan.mutable_latest()->mutable_start_time() =
      timestamp(instant(plan.chosen().start_time()) + std::chrono::hours(1));
  plan.mutable_latest()->set_carbon_mg(plan.chosen().carbon_mg() / 2);
  server->jobs.on_PlanJob = [&](auto const&, auto& response) {
    *response.mutable_plan() = plan;
    return Status::OK;
  };
  auto const file = dir.write("job.yaml", "name: train\nrun: x\nworkdir: /\n");
  EXPECT_EQ(greenq({"plan", file}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("latest that keeps the bound; not free, or not worth the longer wait"));
  *plan.mutable_latest() = plan.chosen();
  EXPECT_EQ(greenq({"plan", file}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("chosen, the latest that keeps the bound\n"));
}

TEST_F(PlanningTest, ALengthThatWasLearnedIsSaidToBe) {
  auto plan = shifted_plan();
  plan.set_learned_runs(12);
  auto job = job_of(7, v1::Job::STATE_QUEUED);
  *job.mutable_spec()->mutable_expected_duration() = duration(std::chrono::hours(1));
  server->jobs.on_ExplainJob = [&](auto const&, auto& response) {
    *response.mutable_job() = job;
    *response.mutable_plan() = plan;
    return Status::OK;
  };
  EXPECT_EQ(greenq({"explain", "7"}), 0);
  EXPECT_THAT(out(), HasSubstr("5h as its last 12 runs took"));
  EXPECT_THAT(out(), Not(HasSubstr("assumed")));
  server->jobs.on_PlanJob = [&](auto const&, auto& response) {
    *response.mutable_plan() = plan;
    return Status::OK;
  };
  EXPECT_EQ(greenq({"plan", dir.write("job.yaml", "name: train\nrun: x\nworkdir: /\n")}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("Run time: 5h as its last 12 runs took.\n"));
  plan.set_learned_part(0.25);
  EXPECT_EQ(greenq({"explain", "7"}), 0);
  EXPECT_THAT(out(), HasSubstr("5h (its last 12 runs took 25 % of what they stated)"));
  plan.set_learned_of_all_names(true);
  EXPECT_EQ(greenq({"explain", "7"}), 0);
  EXPECT_THAT(out(), HasSubstr("5h (your last 12 runs took 25 % of what they stated)"));
}

TEST_F(PlanningTest, TimesAreLocalAndNameTheirZoneOnce) {
  ::setenv("TZ", "XYZ-2", 1);
  ::tzset();
  auto plan = shifted_plan();
  plan.set_note("cheapest 5 h window with a start by 2026-11-24T02:00:00Z");
  server->jobs.on_ExplainJob = [&](auto const&, auto& response) {
    *response.mutable_job() = job_of(7, v1::Job::STATE_QUEUED);
    *response.mutable_plan() = plan;
    *response.mutable_job()->mutable_latest_start_time() = plan.latest().start_time();
    return Status::OK;
  };
  EXPECT_EQ(greenq({"explain", "7"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("planned start Tue 01:40, 5h"));
  EXPECT_THAT(out(), HasSubstr("with a start by Tue 04:00\n"));
  EXPECT_THAT(out(), HasSubstr("Starts at the latest Tue 04:00"));
  EXPECT_THAT(out(), HasSubstr("\nTimes in XYZ.\n"));
  EXPECT_EQ(out().find("XYZ"), out().rfind("XYZ"));
  EXPECT_THAT(out(), Not(HasSubstr("Z\n")));
}

TEST_F(PlanningTest, ValidateAsksTheDaemonAndPlacesItsAnswer) {
  accept_checks();
  auto const file = dir.write("job.yaml", "run: x\nworkdir: /\nresources: {gpus: 8}\n");
  EXPECT_EQ(greenq({"validate", file}), 0) << err();
  EXPECT_EQ(out(), file + ": 1 job, valid; greenqd would accept it.\n");
  EXPECT_EQ(greenq({"validate", file, "-o", "json"}), 0);
  EXPECT_THAT(out(), HasSubstr("\"checked_by_daemon\":true}\n"));
  server->jobs.on_BatchSubmitJobs = [](auto const&, auto&) {
    return detailed(StatusCode::INVALID_ARGUMENT, "no", "NEVER_FITS",
                    {{"spec.resources.gpus", "there is 1"}});
  };
  EXPECT_EQ(greenq({"validate", file}), 2);
  EXPECT_THAT(err(), HasSubstr("job.yaml:3:19: error: resources.gpus: there is 1\n"));
}

TEST_F(PlanningTest, ForecastMarksTheBestWindow) {
  forecast_of(v1::SIGNAL_KIND_MARGINAL, v1::POINT_STATE_FORECAST);
  server->jobs.on_PlanJob = [](auto const& request, auto& response) {
    EXPECT_EQ(request.spec().expected_duration().seconds(), 3600);
    auto& plan = *response.mutable_plan();
    set_window(*plan.mutable_now(), kNow, std::chrono::hours(1), 400'000, 0);
    set_window(*plan.mutable_chosen(), kNow + std::chrono::hours(1), std::chrono::hours(1), 100'000, 0);
    *plan.mutable_source() = source_of(v1::SIGNAL_KIND_MARGINAL);
    return Status::OK;
  };
  here.env.columns = 51;
  EXPECT_EQ(greenq({"forecast", "--duration", "1h", "--horizon", "24h"}), 0) << err();
  EXPECT_THAT(out(), StartsWith("MARGINAL carbon intensity of GB, g CO2e/kWh, times in UTC\n"
                                "Source: neso, issued 8m ago\n"
                                "        now    400 ████████████████\n"
                                ">     18:00    290 ███████████▌\n"
                                ">     19:00    210 ████████▍\n"
                                "      20:00    400 ████████████████\n"
                                "      21:00  unknown from here on\n"
                                "> best window: 18:38-19:38, 100 g/kWh marginal, 400 if started now\n"));
  here.env.utf8 = false;
  greenq({"forecast", "--horizon", "3h"});
  EXPECT_THAT(out(), HasSubstr(" 400 ##########"));
  EXPECT_THAT(out(), Not(HasSubstr("█")));
}

TEST_F(PlanningTest, TheAverageIsNamedInCapitals) {
  forecast_of(v1::SIGNAL_KIND_AVERAGE, v1::POINT_STATE_FORECAST, "the job asks for average: not shifted");
  EXPECT_EQ(greenq({"forecast", "--signal", "average"}), 0) << err();
  EXPECT_EQ(asked.kind(), v1::SIGNAL_KIND_AVERAGE);
  EXPECT_THAT(out(), StartsWith("AVERAGE carbon intensity of GB"));
  EXPECT_THAT(
      out(),
      HasSubstr(
          "Jobs here are not moved by the AVERAGE signal; the operator chooses it with site.signal.\n"));
}

TEST_F(PlanningTest, ATypicalDayIsSaidOnce) {
  forecast_of(v1::SIGNAL_KIND_AVERAGE, v1::POINT_STATE_CLIMATOLOGY);
  EXPECT_EQ(greenq({"forecast", "--zone", "DE"}), 0) << err();
  EXPECT_EQ(asked.name(), "zones/DE");
  EXPECT_THAT(out(), HasSubstr("; every figure is a typical day, not a forecast\n"));
  EXPECT_EQ(out().find("typical day"), out().rfind("typical day"));
}

TEST_F(PlanningTest, WithoutSuchASignalItSaysWhatToDo) {
  server->carbon.on_GetForecast = [](auto const&, auto& response) {
    response.mutable_source()->set_zone("GB");
    return Status::OK;
  };
  EXPECT_EQ(greenq({"forecast", "--signal", "marginal"}), 0);
  EXPECT_THAT(out(),
              StartsWith("No MARGINAL intensity is known for zone GB.\ngreenq zones lists what there is"));
  server->carbon.on_GetForecast = [](auto const&, auto&) {
    return detailed(StatusCode::NOT_FOUND, "see ListZones", "ZONE_NOT_FOUND");
  };
  EXPECT_EQ(greenq({"forecast", "--zone", "XX"}), 3);
  EXPECT_EQ(err(), "greenq: No intensity is known for zone XX; greenq zones lists what there is\n");
}

TEST_F(PlanningTest, ZonesWithTheirSignals) {
  server->carbon.on_ListZones = [](auto const&, auto& response) {
    auto& germany = *response.add_zones();
    germany.set_name("zones/DE");
    germany.set_display_name("Germany");
    germany.add_profile_kinds(v1::SIGNAL_KIND_AVERAGE);
    auto& britain = *response.add_zones();
    britain.set_name("zones/GB");
    britain.set_display_name("GB");
    britain.set_site(true);
    return Status::OK;
  };
  server->carbon.on_ListFeeds = [](auto const&, auto& response) {
    auto& feed = *response.add_feeds();
    *feed.mutable_source() = source_of(v1::SIGNAL_KIND_AVERAGE);
    feed.set_state(v1::FEED_STATE_STALE);
    return Status::OK;
  };
  EXPECT_EQ(greenq({"zones"}), 0) << err();
  EXPECT_THAT(out(), StartsWith("ZONE  NAME     TYPICAL DAY  FEED\n"
                                "DE    Germany  average      -\n"
                                "GB *  -        -            average from neso (stale)\n"
                                "* is the zone of this machine."));
  EXPECT_EQ(greenq({"zones", "-q"}), 0);
  EXPECT_EQ(out(), "DE\nGB\n");
  EXPECT_EQ(greenq({"zones", "-o", "json"}), 0);
  EXPECT_THAT(out(), StartsWith(R"({"zone":{"name":"zones/DE","display_name":"Germany")"));
  EXPECT_THAT(out(), HasSubstr(R"("site":true},"feeds":[{"source":{"zone":"GB")"));
}

TEST_F(PlanningTest, MessagesNameJobsAsPeopleDo) {
  server->jobs.on_GetJob = [](auto const&, auto&) {
    return Status(StatusCode::NOT_FOUND,
                  "There is no job projects/-/jobs/99, nor projects/vision/jobs/7; see projects/x.");
  };
  EXPECT_EQ(greenq({"info", "99"}), 3);
  EXPECT_EQ(err(), "greenq: There is no job 99, nor vision/7; see projects/x.\n");
}

class AloneTest : public CliTest {
 protected:
  AloneTest() { here.variables["GREENQ_SOCKET"] = dir.path("s"); }
};

TEST_F(AloneTest, ValidateSaysWhatItCouldNotCheck) {
  EXPECT_EQ(greenq({"validate", dir.write("job.yaml", "run: x\nworkdir: /\n")}), 0) << err();
  EXPECT_THAT(out(),
              HasSubstr("job.yaml: 1 job, valid as far as can be told without greenqd.\nNot checked: "));
  EXPECT_THAT(out(), HasSubstr("\nWhy: nothing listens at "));
  EXPECT_EQ(greenq({"validate", dir.write("bad.yaml", "ran: x\n")}), 2);
  EXPECT_THAT(err(), HasSubstr("error: ran: unknown field; did you mean \"run\"?"));
  EXPECT_EQ(
      greenq({"validate", dir.path("job.yaml"), "--set", "priority=60", "--set", "hold=yes", "-o", "json"}),
      0);
  EXPECT_THAT(out(), HasSubstr(R"("priority":60,"hold":true)"));
  EXPECT_THAT(out(), HasSubstr("\"checked_by_daemon\":false}\n"));
}

TEST_F(AloneTest, ValidateChecksMomentsAndTheDirectory) {
  auto const file = dir.write("job.yaml",
                              "run: x\nworkdir: /\ncarbon: {finish_by: 2026-11-23T17:00Z}\n---\n"
                              "run: x\nworkdir: " +
                                  dir.path("none") + "\ncarbon: {start_by: 2026-11-23T17:38Z}\n");
  EXPECT_EQ(greenq({"validate", file}), 2);
  EXPECT_THAT(err(), HasSubstr(":3:21: error: carbon.finish_by: lies in the past\n"));
  EXPECT_THAT(err(), HasSubstr(":6:10: error: workdir: there is no directory " + dir.path("none") + "\n"));
  EXPECT_THAT(err(), HasSubstr(":7:20: error: carbon.start_by: lies in the past\n"));
  EXPECT_THAT(err(), HasSubstr("3 errors; the file is not valid\n"));
}

// Accepts, says its word and closes.
class ClosingServer {
 public:
  ClosingServer(std::string const& path, std::string word) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bound_ = ::bind(fd_, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0 &&
             ::listen(fd_, 8) == 0;
    thread_ = std::thread([this, word = std::move(word)] {
      for (int one = 0; (one = ::accept(fd_, nullptr, nullptr)) >= 0; ::close(one)) {
        [[maybe_unused]] auto const sent = ::send(one, word.data(), word.size(), MSG_NOSIGNAL);
      }
    });
  }
  ~ClosingServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  ClosingServer(ClosingServer const&) = delete;
  ClosingServer& operator=(ClosingServer const&) = delete;
  bool bound() const { return bound_; }

 private:
  int fd_ = -1;
  bool bound_ = false;
  std::thread thread_;
};

TEST_F(AloneTest, TooManyConnectionsAreNotAMissingDaemon) {
  std::string const goaway{0, 0, 28, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11};
  ClosingServer const closing(dir.path("s"), goaway + "too many connections");
  ASSERT_TRUE(closing.bound());
  EXPECT_EQ(greenq({"ls"}), 1);
  EXPECT_THAT(err(),
              StartsWith("greenq: greenqd runs, but takes no more connections; you may hold 32 at once"));
  EXPECT_EQ(greenq({"ls", "-o", "json"}), 1);
  EXPECT_THAT(err(), HasSubstr(R"("code":"RESOURCE_EXHAUSTED","reason":"TOO_MANY_CONNECTIONS")"));
}

// A daemon that ends hangs up as well, and was said to take no more connections.
TEST_F(AloneTest, AConnectionThatIsClosedWithoutAWordIsALostDaemon) {
  ClosingServer const closing(dir.path("s"), "");
  ASSERT_TRUE(closing.bound());
  EXPECT_EQ(greenq({"ls"}), 7);
  EXPECT_EQ(err(), "greenq: the connection to greenqd at " + dir.path("s") +
                       " was lost, as when it is restarted; see `greenq doctor`\n");
}

TEST_F(AloneTest, ASubmissionThatWasNeverSentIsNotSaidToBeUnderWay) {
  EXPECT_EQ(greenq({"submit", dir.write("job.yaml", "run: x\nworkdir: /\n")}), 7);
  EXPECT_THAT(err(), StartsWith("greenq: nothing listens at "));
  EXPECT_THAT(err(), Not(HasSubstr("--request-id")));
}

// greenq waited for a writer for ever.
TEST_F(AloneTest, AFifoAsJobFileIsRefusedAndAPipeThatWasGivenIsRead) {
  auto const fifo = dir.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (auto const& file : {fifo, std::string("/dev/zero")}) {
    EXPECT_EQ(greenq({"validate", file}), 2);
    EXPECT_EQ(err(), "greenq: " + file +
                         ": is not a regular file; name a job file, or give - and pipe it to greenq\n");
  }
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  std::string const job = "run: x\nworkdir: /\n";
  ASSERT_EQ(::write(pipe[1], job.data(), job.size()), static_cast<ssize_t>(job.size()));
  ::close(pipe[1]);
  EXPECT_EQ(greenq({"validate", "/dev/fd/" + std::to_string(pipe[0])}), 0) << err();
  ::close(pipe[0]);
}

// Such a job was accepted, and could never be started.
TEST_F(AloneTest, AnArgumentThatLinuxDoesNotTakeIsRefused) {
  auto const validate = [&](std::string const& text) {
    auto const code = greenq({"validate", dir.write("job.yaml", text + "\nworkdir: /\n")});
    return std::to_string(code) + err();
  };
  std::string const most(128 * 1024 - 1, 'x');
  EXPECT_EQ(validate("run: " + most), "0");
  EXPECT_THAT(
      validate("run: x" + most),
      HasSubstr(":1:6: error: run: one argument has 131072 bytes, and Linux takes less than 128 KiB"));
  EXPECT_EQ(validate("command: [echo, " + most + "]"), "0");
  EXPECT_THAT(validate("command: [echo, x" + most + "]"),
              HasSubstr("error: command: one argument has 131072"));
  EXPECT_EQ(validate("run: x\nenv: {A: " + most.substr(2) + "}"), "0");
  EXPECT_THAT(validate("run: x\nenv: {A: " + most.substr(1) + "}"),
              HasSubstr("error: env: A has 131072 bytes"));
  here.variables["A"] = most;
  EXPECT_THAT(validate("run: x\nenv_passthrough: [A]"),
              HasSubstr("error: env_passthrough: A has 131073 bytes, and Linux takes less than 128 KiB"));
}

}  // namespace
}  // namespace greenq::client
