// The verbs against a fake daemon: what they ask, what they print, how they end.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "tests/client/verb_fixture.hpp"

namespace greenq::client {
namespace {

using grpc::Status;
using grpc::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(VerbTest, SubmitPrintsOneLineWithThePlan) {
  std::string request_id;
  server->jobs.on_SubmitJob = [&](auto const& request, auto& response) {
    request_id = request.request_id();
    *response.mutable_job() = job_of(4213, v1::Job::STATE_QUEUED);
    return Status::OK;
  };
  int asked = 0;
  server->jobs.on_ExplainJob = [&](auto const& request, auto& response) {
    EXPECT_EQ(request.name(), "projects/vision/jobs/4213");
    *response.mutable_job() = job_of(4213, v1::Job::STATE_QUEUED);
    if (++asked > 2) *response.mutable_plan() = assumed_plan();
    return Status::OK;
  };
  EXPECT_EQ(greenq({"submit", dir.write("job.yaml", "run: x\n")}), 0) << err();
  EXPECT_EQ(
      out(),
      "Submitted vision/4213 (train) · planned start 23:40, 5h assumed; set expected_duration · 1.90 kg CO2e "
      "planned, 3.38 kg if started now (-44 %; marginal, GB, neso, issued 8m ago)\n"
      "Times in UTC.\n");
  EXPECT_EQ(request_id, "uuid-1");
  EXPECT_EQ(greenq({"submit", "-q", dir.path("job.yaml")}), 0);
  EXPECT_EQ(out(), "4213\n");
  EXPECT_EQ(request_id, "uuid-2");
  here.env.out_is_terminal = true;
  greenq({"submit", "--color", "never", dir.path("job.yaml")});
  EXPECT_THAT(out(), HasSubstr("\n  greenq explain 4213 | greenq logs -f 4213 | greenq cancel 4213\n"));
}

TEST_F(VerbTest, SubmitRetriesALostAnswerWithTheSameId) {
  std::vector<std::string> ids;
  server->jobs.on_SubmitJob = [&](auto const& request, auto& response) {
    ids.push_back(request.request_id());
    if (ids.size() == 1) return Status(StatusCode::UNAVAILABLE, "going down");
    *response.mutable_job() = job_of(1, v1::Job::STATE_QUEUED);
    return Status::OK;
  };
  EXPECT_EQ(greenq({"submit", "-q", dir.write("job.yaml", "run: x\n")}), 0) << err();
  EXPECT_THAT(ids, ElementsAre("uuid-1", "uuid-1"));
}

// The daemon died with the submission, and the user was told "Socket closed".
TEST_F(VerbTest, ASubmissionCutOffInFlightSaysHowToRepeatItSafely) {
  std::vector<std::string> ids;
  server->jobs.on_SubmitJob = [&](auto const& request, auto&) {
    ids.push_back(request.request_id());
    return Status(StatusCode::UNAVAILABLE, "Socket closed");
  };
  Milliseconds slept{0};
  here.env.sleep = [&](Milliseconds span) { slept += span; };
  auto const file = dir.write("job.yaml", "run: x\n");
  EXPECT_EQ(greenq({"submit", file}), 7);
  EXPECT_THAT(err(), StartsWith("greenq: the connection to greenqd at "));
  EXPECT_THAT(err(), HasSubstr("may have been accepted: look with `greenq ls`, or submit the same again with "
                               "--request-id uuid-1, which is safe"));
  EXPECT_THAT(err(), Not(HasSubstr("Socket closed")));
  EXPECT_GE(ids.size(), 3U);
  EXPECT_THAT(ids, ::testing::Each("uuid-1"));
  EXPECT_GE(slept, std::chrono::seconds(3));
  EXPECT_LE(slept, std::chrono::seconds(10));
  ids.clear();
  server->jobs.on_SubmitJob = [&](auto const& request, auto& response) {
    ids.push_back(request.request_id());
    *response.mutable_job() = job_of(1, v1::Job::STATE_QUEUED);
    return Status::OK;
  };
  EXPECT_EQ(greenq({"submit", "-q", "--request-id", "uuid-1", file}), 0) << err();
  EXPECT_THAT(ids, ElementsAre("uuid-1"));
}

TEST_F(VerbTest, AnAnswerThatCameTooLateSaysThatTheJobMayHaveBeenAccepted) {
  server->jobs.on_SubmitJob = [&](auto const&, auto&) {
    return Status(StatusCode::DEADLINE_EXCEEDED, "late");
  };
  EXPECT_EQ(greenq({"submit", dir.write("job.yaml", "run: x\n")}), 1);
  EXPECT_THAT(err(), HasSubstr("--request-id uuid-1"));
}

TEST_F(VerbTest, SeveralDocumentsGoAsOneBatch) {
  server->jobs.on_BatchSubmitJobs = [&](auto const& request, auto& response) {
    for (int i = 0; i < request.requests_size(); ++i) {
      EXPECT_EQ(request.requests(i).request_id(), "");
      *response.add_responses()->mutable_job() = job_of(10 + i, v1::Job::STATE_QUEUED);
    }
    return Status::OK;
  };
  EXPECT_EQ(greenq({"submit", "-q", "--hold", dir.write("job.yaml", "run: x\n---\nrun: y\n")}), 0) << err();
  EXPECT_EQ(out(), "10\n11\n");
}

TEST_F(VerbTest, ServerViolationsPointIntoTheFile) {
  server->jobs.on_SubmitJob = [](auto const&, auto&) {
    return detailed(StatusCode::INVALID_ARGUMENT, "this job can never run here", "NEVER_FITS",
                    {{"spec.resources.gpus", "this machine has 1 GPU"}});
  };
  auto const file = dir.write("job.yaml", "run: x\nresources: {gpus: 8}\n");
  EXPECT_EQ(greenq({"submit", file}), 2);
  EXPECT_EQ(err(),
            file +
                ":2:19: error: resources.gpus: this machine has 1 GPU\n  2 | resources: {gpus: 8}\n    |"
                "                   ^\n1 error; nothing was submitted\n");
  EXPECT_EQ(out(), "");
  EXPECT_EQ(greenq({"submit", file, "-o", "json"}), 2);
  EXPECT_THAT(err(), StartsWith(R"({"error":{"code":"INVALID_ARGUMENT","reason":"NEVER_FITS",)"));
  EXPECT_THAT(err(), HasSubstr(R"("line":2,"column":19,"field":"resources.gpus")"));
}

TEST_F(VerbTest, StatusesBecomeExitCodes) {
  struct Case {
    StatusCode code;
    int exit;
  };
  for (auto const& [code, exit] :
       {Case{StatusCode::NOT_FOUND, 3}, Case{StatusCode::PERMISSION_DENIED, 4},
        Case{StatusCode::INVALID_ARGUMENT, 2}, Case{StatusCode::FAILED_PRECONDITION, 5},
        Case{StatusCode::INTERNAL, 1}, Case{StatusCode::RESOURCE_EXHAUSTED, 1},
        Case{StatusCode::UNAVAILABLE, 1}}) {
    server->jobs.on_GetJob = [code = code](auto const&, auto&) {
      return detailed(code, "no such luck", "NO_LUCK");
    };
    EXPECT_EQ(greenq({"info", "7"}), exit) << canonical_name(code);
    EXPECT_EQ(err(), "greenq: no such luck\n");
  }
}

TEST_F(VerbTest, BudgetRefusalIsFive) {
  server->jobs.on_SubmitJob = [](auto const&, auto&) {
    google::rpc::Status status;
    status.add_details()->set_type_url("type.googleapis.com/google.rpc.QuotaFailure");
    return Status(StatusCode::RESOURCE_EXHAUSTED, "the budget is used up", status.SerializeAsString());
  };
  EXPECT_EQ(greenq({"submit", dir.write("job.yaml", "run: x\n")}), 5);
}

TEST_F(VerbTest, PlanShowsTheWindows) {
  server->jobs.on_PlanJob = [](auto const&, auto& response) {
    *response.mutable_plan() = assumed_plan();
    return Status::OK;
  };
  EXPECT_EQ(greenq({"plan", dir.write("job.yaml", "run: x\n")}), 0) << err();
  EXPECT_EQ(out(),
            "WINDOW (UTC)     MARGINAL g/kWh  EST. ENERGY  EST. CARBON  NOTE\n"
            "now                         512     6.60 kWh      3.38 kg\n"
            "23:40-04:40                 288     6.60 kWh      1.90 kg  chosen\n"
            "Tue 02:00-07:00             430     6.60 kWh      2.84 kg  latest that keeps the bound\n"
            "Intensity: marginal, GB, neso, issued 8m ago. Energy is modelled.\n"
            "Run time: 5h assumed; set expected_duration for a better plan.\n"
            "Why: The cheapest 5 h before the bound.\n"
            "Nothing was submitted.\n");
}

TEST_F(VerbTest, ListAsksForMyLiveJobsAndPages) {
  std::vector<v1::ListJobsRequest> requests;
  server->jobs.on_ListJobs = [&](auto const& request, auto& response) {
    requests.push_back(request);
    if (request.page_token().empty()) {
      auto job = job_of(12, v1::Job::STATE_QUEUED, "evil\x1b[31m");
      job.set_reason(v1::HoldReason::CODE_CARBON_WINDOW);
      *job.mutable_planned_start_time() = timestamp(at("2026-11-23T23:40:00Z"));
      *response.add_jobs() = job;
      response.set_next_page_token("more");
    } else {
      auto job = job_of(9, v1::Job::STATE_RUNNING);
      *job.mutable_start_time() = timestamp(kNow - std::chrono::hours(3));
      *response.add_jobs() = job;
    }
    return Status::OK;
  };
  EXPECT_EQ(greenq({"ls"}), 0) << err();
  EXPECT_EQ(out(),
            "ID  NAME       STATE    PROJECT  CPU  GPU  START (UTC)  WHY\n"
            "12  evil?[31m  queued   vision     2    0  23:40 (est)  cleaner window ahead\n"
            "9   train      running  vision     2    0  3h ago       -\n");
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].parent(), "projects/-");
  EXPECT_EQ(requests[0].owner(), "ada");
  EXPECT_EQ(requests[0].states_size(), 4);
  EXPECT_EQ(requests[1].page_token(), "more");
  EXPECT_EQ(requests[0].page_size(), requests[1].page_size());
  EXPECT_EQ(greenq({"ls", "-q", "-a", "-A", "--project", "vision"}), 0);
  EXPECT_EQ(out(), "12\n9\n");
  EXPECT_EQ(requests.back().states_size(), 0);
  EXPECT_EQ(requests.back().owner(), "");
  EXPECT_EQ(requests.back().parent(), "projects/vision");
  EXPECT_EQ(greenq({"ls", "-o", "json", "--limit", "1"}), 0);
  EXPECT_THAT(out(), StartsWith(R"({"name":"projects/vision/jobs/12","uid":"")"));
  EXPECT_THAT(out(), HasSubstr(R"("state":"STATE_QUEUED")"));
  EXPECT_THAT(out(),
              HasSubstr(R"("planned_start_time":"2026-11-23T23:40:00.000Z","reason":"CODE_CARBON_WINDOW")"));
  EXPECT_THAT(out(), HasSubstr(R"("start_time":null)"));
  auto const lines = out();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1);
  EXPECT_THAT(err(), HasSubstr("only the newest 1 are shown"));
  EXPECT_EQ(greenq({"ls", "--state", "runing"}), 2);
  EXPECT_EQ(err(), "greenq: \"runing\" is not a state; did you mean \"running\"?\n");
}

// greenqd gave no more than 1,000 jobs and no token, and the list ended there.
TEST_F(VerbTest, ListsGoOnUntilTheLimitOverManyPages) {
  constexpr int kJobs = 2500;
  server->jobs.on_ListJobs = [](auto const& request, auto& response) {
    int const next = request.page_token().empty() ? kJobs : std::stoi(request.page_token());
    int const last = std::max(0, next - std::min(request.page_size(), 999));
    for (int id = next; id > last; --id) *response.add_jobs() = job_of(id, v1::Job::STATE_SUCCEEDED);
    if (last > 0) response.set_next_page_token(std::to_string(last));
    return Status::OK;
  };
  auto const count = [&] {
    auto const text = out();
    return std::count(text.begin(), text.end(), '\n');
  };
  for (auto const& verb : std::vector<std::vector<std::string>>{{"ls", "-a", "-q", "--limit", "100000"},
                                                                {"history", "-q", "--limit", "10000"}}) {
    EXPECT_EQ(greenq(verb), 0) << err();
    EXPECT_EQ(count(), kJobs);
  }
  EXPECT_EQ(greenq({"ls", "-a", "-o", "json", "--limit", "1500"}), 0);
  EXPECT_EQ(count(), 1500);
  EXPECT_THAT(err(), HasSubstr("only the newest 1500 are shown"));
}

TEST_F(VerbTest, ExplainListsEveryReason) {
  server->jobs.on_ExplainJob = [](auto const&, auto& response) {
    *response.mutable_job() = job_of(4213, v1::Job::STATE_QUEUED);
    auto& carbon = *response.add_reasons();
    carbon.set_code(v1::HoldReason::CODE_CARBON_WINDOW);
    carbon.set_message("512 g/kWh now, 288 forecast at 23:40");
    carbon.set_action("greenq submit --set carbon.policy=none");
    *carbon.mutable_clears_time() = timestamp(at("2026-11-23T23:40:00Z"));
    auto& nodes = *response.add_reasons();
    nodes.set_code(v1::HoldReason::CODE_WAITING_FOR_NODES);
    nodes.set_message("needs 2 GPUs, 1 is free");
    *response.mutable_plan() = shifted_plan();
    response.set_queue_position(4);
    response.set_queue_length(31);
    auto& event = *response.add_history();
    event.set_state(v1::Job::STATE_QUEUED);
    event.set_kind(v1::JobEvent::KIND_SUBMITTED);
    event.set_reason(v1::HoldReason::CODE_NOT_YET_EVALUATED);
    event.set_message("submitted by ada");
    *event.mutable_time() = timestamp(kNow - std::chrono::hours(1));
    return Status::OK;
  };
  EXPECT_EQ(greenq({"explain", "4213"}), 0) << err();
  EXPECT_EQ(out(),
            "vision/4213 is queued (submitted 16:38), position 4 of 31\n"
            " 1 cleaner window ahead  512 g/kWh now, 288 forecast at 23:40  [clears 23:40]  to skip: greenq "
            "submit --set carbon.policy=none\n"
            " 2 no room               needs 2 GPUs, 1 is free\n"
            "Plan: planned start 23:40, 5h · 1.90 kg CO2e planned, 3.38 kg if started now (-44 %; "
            "marginal, GB, neso, issued 8m ago)\n"
            "      The cheapest 5 h before the bound.\n"
            "Past:\n"
            "  16:38:00  queued: submitted by ada\n"
            "Times in UTC.\n");
}

TEST_F(VerbTest, WaitReturnsTheJobsCode) {
  auto job = job_of(7, v1::Job::STATE_FAILED);
  job.set_exit_status(137);
  int calls = 0;
  server->jobs.on_WaitJob = [&](auto const&, auto& response) {
    if (++calls == 1) return Status(StatusCode::DEADLINE_EXCEEDED, "not yet");
    *response.mutable_job() = job;
    return Status::OK;
  };
  EXPECT_EQ(greenq({"wait", "7"}), 137);
  EXPECT_EQ(out(), "vision/7 failed (signal 9)\n");
  EXPECT_EQ(calls, 2);
  job = job_of(7, v1::Job::STATE_SUCCEEDED);
  EXPECT_EQ(greenq({"wait", "7"}), 0);
  job = job_of(7, v1::Job::STATE_CANCELLED);
  EXPECT_EQ(greenq({"wait", "7"}), 1);
}

TEST_F(VerbTest, AnExitStatusOf141IsNoSignalWhenTheJobExitedByItself) {
  auto job = job_of(7, v1::Job::STATE_FAILED);
  job.set_exit_status(141);
  job.add_attempts()->set_outcome(v1::Attempt::OUTCOME_EXITED);
  server->jobs.on_WaitJob = [&](auto const&, auto& response) {
    *response.mutable_job() = job;
    return Status::OK;
  };
  EXPECT_EQ(greenq({"wait", "7"}), 141);
  EXPECT_EQ(out(), "vision/7 failed (exit 141)\n");
  job.mutable_attempts(0)->set_outcome(v1::Attempt::OUTCOME_SIGNALED);
  EXPECT_EQ(greenq({"wait", "7"}), 141);
  EXPECT_EQ(out(), "vision/7 failed (signal 13)\n");
}

// The minute was counted over the whole wait, so a second restart of 50 s ended it.
TEST_F(VerbTest, WaitSurvivesAMinuteOfEachOutageNotOfAllTogether) {
  constexpr int kOutage = 100;  // tries, half a second apart
  int calls = 0;
  server->jobs.on_WaitJob = [&](auto const&, auto& response) {
    switch (++calls) {
      case 1:
      case kOutage:
        return Status(StatusCode::DEADLINE_EXCEEDED, "not yet");
      case 2 * kOutage:
        *response.mutable_job() = job_of(7, v1::Job::STATE_RUNNING);
        return Status::OK;
      case 3 * kOutage:
        *response.mutable_job() = job_of(7, v1::Job::STATE_SUCCEEDED);
        return Status::OK;
      default:
        return Status(StatusCode::CANCELLED, "restart");
    }
  };
  auto now = kNow;
  here.env.now = [&] { return now += std::chrono::seconds(1); };
  EXPECT_EQ(greenq({"wait", "7"}), 0) << err();
  EXPECT_EQ(calls, 3 * kOutage);

  calls = 3 * kOutage;  // and now it stays away
  EXPECT_EQ(greenq({"wait", "7"}), 7);
  EXPECT_EQ(calls, 3 * kOutage + 121);
}

TEST_F(VerbTest, WaitTimesOutWithSix) {
  server->jobs.on_WaitJob = [](auto const&, auto& response) {
    *response.mutable_job() = job_of(7, v1::Job::STATE_RUNNING);
    return Status::OK;
  };
  auto now = kNow;
  here.env.now = [&] { return now += std::chrono::seconds(1); };
  EXPECT_EQ(greenq({"wait", "7", "--timeout", "10s"}), 6);
  EXPECT_EQ(err(), "greenq: job 7 has not ended within 10s\n");
  EXPECT_EQ(greenq({"wait", "7", "--timeout", "10"}), 2);
}

TEST_F(VerbTest, ChangesTakeSeveralJobsAndGoOnAfterAFailure) {
  std::vector<std::string> names;
  server->jobs.on_CancelJob = [&](auto const& request, auto& response) {
    names.push_back(request.name());
    EXPECT_EQ(request.reason(), "wrong data");
    if (request.name().ends_with("/4")) return Status(StatusCode::NOT_FOUND, "job 4 is not known");
    *response.mutable_job() = job_of(3, v1::Job::STATE_CANCELLED);
    return Status::OK;
  };
  EXPECT_EQ(greenq({"cancel", "3-4,nlp/9", "--reason", "wrong data"}), 3);
  EXPECT_THAT(names, ElementsAre("projects/-/jobs/3", "projects/-/jobs/4", "projects/nlp/jobs/9"));
  EXPECT_EQ(out(), "vision/3 cancelled\nvision/3 cancelled\n");
  EXPECT_EQ(err(), "greenq: job 4 is not known\n");
  server->jobs.on_ListJobs = [](auto const& request, auto& response) {
    EXPECT_EQ(request.owner(), "ada");
    EXPECT_EQ(request.states_size(), 4);
    *response.add_jobs() = job_of(5, v1::Job::STATE_RUNNING);
    return Status::OK;
  };
  server->jobs.on_HoldJob = [](auto const& request, auto& response) {
    EXPECT_EQ(request.name(), "projects/vision/jobs/5");
    *response.mutable_job() = job_of(5, v1::Job::STATE_RUNNING);
    return Status::OK;
  };
  EXPECT_EQ(greenq({"hold", "all"}), 0);
  EXPECT_EQ(out(), "vision/5 held\n");
  EXPECT_EQ(greenq({"release", "x"}), 2);
  EXPECT_EQ(greenq({"release", "5-3"}), 2);
  EXPECT_EQ(greenq({"release", "1-99999999"}), 2);
}

TEST_F(VerbTest, LogsGoOnAfterTheDaemonWasRestarted) {
  know(job_of(7, v1::Job::STATE_RUNNING));
  std::vector<std::int64_t> offsets;
  server->jobs.on_ReadLog = [&](auto&, auto const& request, auto& writer) {
    offsets.push_back(request.offset());
    v1::ReadLogResponse piece;
    piece.set_attempt(1);
    piece.set_offset(request.offset());
    piece.set_data(offsets.size() == 1 ? "one\n" : "two\n");
    writer.Write(piece);
    return offsets.size() == 1 ? Status(StatusCode::UNAVAILABLE, "restart") : Status::OK;
  };
  EXPECT_EQ(greenq({"logs", "-f", "7"}), 0) << err();
  EXPECT_EQ(out(), "one\ntwo\n");
  EXPECT_THAT(offsets, ElementsAre(0, 4));
  EXPECT_EQ(err(), "-- connection lost, trying again --\n-- reconnected, no events lost --\n");
}

TEST_F(VerbTest, LogsWithoutFollowFailWhenTheDaemonGoes) {
  know(job_of(7, v1::Job::STATE_RUNNING));
  server->jobs.on_ReadLog = [&](auto&, auto const&, auto&) {
    return Status(StatusCode::UNAVAILABLE, "restart");
  };
  EXPECT_EQ(greenq({"logs", "7"}), 7);
  EXPECT_EQ(greenq({"logs", "7", "--attempt", "0"}), 2);
}

v1::JobEvent event_of(int sequence, v1::Job::State state, std::string const& message) {
  v1::JobEvent event;
  event.set_sequence(sequence);
  event.set_job("projects/vision/jobs/7");
  event.set_state(state);
  event.set_message(message);
  *event.mutable_time() = timestamp(kNow);
  return event;
}

TEST_F(VerbTest, WatchResumesAndRelists) {
  know(job_of(7, v1::Job::STATE_RUNNING));
  std::vector<v1::WatchJobsRequest> requests;
  server->jobs.on_WatchJobs = [&](auto&, auto const& request, auto& writer) {
    requests.push_back(request);
    v1::WatchJobsResponse response;
    response.set_resume_token("t" + std::to_string(requests.size()));
    if (requests.size() == 3) return detailed(StatusCode::OUT_OF_RANGE, "too old", "RESUME_TOKEN_EXPIRED");
    if (requests.size() == 1) *response.mutable_event() = event_of(1, v1::Job::STATE_RUNNING, "started");
    if (requests.size() == 2) response.mutable_bookmark();
    if (requests.size() == 4) response.mutable_gap()->set_from_sequence(5);
    if (requests.size() == 5) *response.mutable_event() = event_of(9, v1::Job::STATE_SUCCEEDED, "done");
    writer.Write(response);
    return requests.size() < 3 ? Status(StatusCode::UNAVAILABLE, "restart") : Status::OK;
  };
  EXPECT_EQ(greenq({"watch", "7"}), 0) << err();
  ASSERT_EQ(requests.size(), 5U);
  EXPECT_TRUE(requests[0].include_initial());
  EXPECT_EQ(requests[1].resume_token(), "t1");
  EXPECT_FALSE(requests[1].include_initial());
  EXPECT_EQ(requests[2].resume_token(), "t2");
  EXPECT_EQ(requests[3].resume_token(), "");
  EXPECT_TRUE(requests[3].include_initial());
  EXPECT_EQ(out(),
            "TIME (UTC)  JOB          STATE      EVENT\n"
            "17:38:00    vision/7     running    started\n"
            "17:38:00    vision/7     succeeded  done\n");
  EXPECT_THAT(err(), HasSubstr("-- reconnected, no events lost --\n"));
  EXPECT_THAT(err(), HasSubstr("-- history gap: relisted --\n"));
}

// The jobs of the initial list carry no token: resuming after one meant "from now".
TEST_F(VerbTest, WatchThatIsCutInsideTheInitialListAsksForItAgain) {
  std::vector<v1::WatchJobsRequest> requests;
  server->jobs.on_WatchJobs = [&](auto&, auto const& request, auto& writer) {
    requests.push_back(request);
    if (requests.size() == 4) return Status(StatusCode::INTERNAL, "enough");
    v1::WatchJobsResponse response;
    *response.mutable_event() = event_of(0, v1::Job::STATE_RUNNING, "");
    writer.Write(response);
    if (requests.size() == 2) {
      response.mutable_bookmark();
      response.set_resume_token("t");
      writer.Write(response);
    }
    return Status(StatusCode::UNAVAILABLE, "restart");
  };
  EXPECT_EQ(greenq({"watch"}), 1);
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_TRUE(requests[1].include_initial());
  EXPECT_EQ(requests[1].resume_token(), "");
  for (std::size_t const later : {2U, 3U}) {
    EXPECT_FALSE(requests[later].include_initial());
    EXPECT_EQ(requests[later].resume_token(), "t");
  }
}

// Says when the reason why the job waits has been shown.
class WatchedBuffer final : public std::stringbuf {
 public:
  std::atomic<bool> reason_shown = false;

 private:
  int sync() override {
    if (str().find("-- waiting") != std::string::npos) reason_shown = true;
    return std::stringbuf::sync();
  }
};

// A job that is queued, runs, writes and ends with 3.
class RunTest : public VerbTest {
 protected:
  RunTest() {
    server->jobs.on_SubmitJob = [](auto const&, auto& response) {
      *response.mutable_job() = job_of(7, v1::Job::STATE_QUEUED);
      return Status::OK;
    };
    server->jobs.on_ExplainJob = [](auto const&, auto& response) {
      *response.mutable_job() = job_of(7, v1::Job::STATE_QUEUED);
      *response.mutable_plan() = shifted_plan();
      return Status::OK;
    };
    know(job_of(7, v1::Job::STATE_QUEUED));
    server->jobs.on_WatchJobs = [](auto& context, auto const&, auto& writer) {
      v1::WatchJobsResponse response;
      *response.mutable_event() = event_of(1, v1::Job::STATE_QUEUED, "a cleaner window lies ahead");
      response.mutable_event()->set_reason(v1::HoldReason::CODE_CARBON_WINDOW);
      response.mutable_event()->set_kind(v1::JobEvent::KIND_REASON_CHANGED);
      writer.Write(response);
      while (!context.IsCancelled()) std::this_thread::yield();
      return Status::CANCELLED;
    };
    server->jobs.on_WaitJob = [](auto const&, auto& response) {
      auto job = job_of(7, v1::Job::STATE_FAILED);
      job.set_exit_status(3);
      *response.mutable_job() = job;
      return Status::OK;
    };
  }
  ~RunTest() override { server.reset(); }  // its threads read what is below

  int run_job() {
    here.err.std::ios::rdbuf(&shown);
    return greenq({"run", dir.write("job.yaml", "run: x\n")});
  }

  WatchedBuffer shown;
  std::atomic<bool> sent = false;
};

TEST_F(RunTest, ShowsReasonAndLogAndEndsWithTheJobsCode) {
  server->jobs.on_ReadLog = [this](auto& context, auto const& request, auto& writer) {
    while (!shown.reason_shown && !context.IsCancelled()) std::this_thread::yield();
    v1::ReadLogResponse piece;
    piece.set_attempt(1);
    piece.set_data(request.stream() == v1::ReadLogRequest::STREAM_STDERR ? "to stderr\n" : "to stdout\n");
    writer.Write(piece);
    return Status::OK;
  };
  EXPECT_EQ(run_job(), 3);
  EXPECT_EQ(out(), "to stdout\n");
  EXPECT_THAT(shown.str(), StartsWith("-- Submitted vision/7 (train) · planned start 23:40, 5h"));
  EXPECT_THAT(shown.str(), HasSubstr("-- waiting: cleaner window ahead: a cleaner window lies ahead\n"));
  EXPECT_THAT(shown.str(), HasSubstr("to stderr\n"));
  EXPECT_THAT(shown.str(), ::testing::EndsWith("-- vision/7 failed (exit 3)\n"));
}

TEST_F(RunTest, InterruptDetaches) {
  server->jobs.on_ReadLog = [this](auto& context, auto const&, auto&) {
    while (!shown.reason_shown && !context.IsCancelled()) std::this_thread::yield();
    if (!sent.exchange(true)) std::raise(SIGINT);
    while (!context.IsCancelled()) std::this_thread::yield();
    return Status::CANCELLED;
  };
  EXPECT_EQ(run_job(), 130);
  EXPECT_THAT(shown.str(), HasSubstr("-- waiting: cleaner window ahead: a cleaner window lies ahead\n"));
  EXPECT_THAT(
      shown.str(),
      HasSubstr(
          "-- detached; job 7 goes on. See it with `greenq logs -f 7`, stop it with `greenq cancel 7`\n"));
}

v1::Footprint footprint_of(std::int64_t marginal_baseline) {
  v1::Footprint footprint;
  footprint.set_job("projects/vision/jobs/7");
  footprint.set_display_name("train");
  *footprint.mutable_start_time() = timestamp(kNow - std::chrono::hours(2));
  footprint.set_run_ms(3'600'000);
  footprint.set_wait_seconds(7200);
  footprint.set_pue(1.25);
  footprint.set_final(true);
  auto& energy = *footprint.mutable_energy();
  energy.set_total_mj(3'600'000'000);
  energy.set_unknown_device_ms(12'000);
  energy.add_notes("CPU modelled: no RAPL");
  auto& gpu = *energy.add_parts();
  gpu.set_device(v1::DEVICE_CLASS_GPU);
  gpu.set_quality(v1::ENERGY_QUALITY_MEASURED);
  gpu.set_energy_mj(2'700'000'000);
  auto& cpu = *energy.add_parts();
  cpu.set_device(v1::DEVICE_CLASS_CPU);
  cpu.set_quality(v1::ENERGY_QUALITY_MODELLED);
  cpu.set_energy_mj(900'000'000);
  auto& marginal = *footprint.mutable_marginal();
  marginal.set_kind(v1::SIGNAL_KIND_MARGINAL);
  marginal.set_carbon_mg(360'000);
  marginal.set_priced_mj(4'500'000'000);
  marginal.set_baseline_mg(marginal_baseline);
  *marginal.mutable_source() = source_of(v1::SIGNAL_KIND_MARGINAL);
  marginal.mutable_source()->set_label("replay of caiso-pge.csv at 1800x");
  auto& share = *marginal.add_shares();
  share.set_state(v1::POINT_STATE_CLIMATOLOGY);
  share.set_energy_mj(4'500'000'000);
  auto& average = *footprint.mutable_average();
  average.set_kind(v1::SIGNAL_KIND_AVERAGE);
  average.set_unpriced_mj(4'500'000'000);
  return footprint;
}

TEST_F(VerbTest, ReportShowsBothBooksSideBySide) {
  server->footprints.on_GetFootprint = [](auto const&, auto& response) {
    *response.mutable_footprint() = footprint_of(300'000);
    return Status::OK;
  };
  EXPECT_EQ(greenq({"report", "7"}), 0) << err();
  EXPECT_EQ(out(),
            "vision/7 train: ran 1h from 15:38 UTC, waited 2h\n"
            "Energy: 1.00 kWh at the device (measured 75 %, modelled 25 %); gpu 75 %, cpu 25 %\n"
            "Carbon includes PUE 1.25.\n"
            "Unknown: 12s of device time without a reading; not counted as zero.\n"
            "CO2e                                      MARGINAL           AVERAGE\n"
            "this run                                     360 g           unknown\n"
            "if started at submit (modelled)              300 g           unknown\n"
            "saved by waiting                   -60.0 g (-20 %)                 -\n"
            "energy without intensity                      none  1.25 kWh (100 %)\n"
            "intensity used                   typical day 100 %                 -\n"
            "Intensity: marginal, GB, replay of caiso-pge.csv at 1800x, issued 8m ago\n"
            "Note: CPU modelled: no RAPL\n"
            "The books answer different questions and are never added.\n");
  EXPECT_EQ(greenq({"report", "7", "-o", "json"}), 0);
  EXPECT_THAT(out(), HasSubstr(R"("total_mj":3600000000)"));
  EXPECT_THAT(out(), HasSubstr(R"("baseline_mg":300000)"));
  EXPECT_THAT(out(), HasSubstr(R"("baseline_mg":null)"));
}

TEST_F(VerbTest, ReportByGroups) {
  server->footprints.on_AggregateFootprints = [](auto const& request, auto& response) {
    EXPECT_EQ(request.group_by_size(), 2);
    EXPECT_EQ(instant(request.ended_after()), kNow - std::chrono::days(7));
    auto& group = *response.add_groups();
    group.add_keys("ada");
    group.add_keys("2026-11-23");
    group.set_jobs(2);
    auto const footprint = footprint_of(720'000);
    *group.mutable_energy() = footprint.energy();
    *group.mutable_marginal() = footprint.marginal();
    *group.mutable_average() = footprint.average();
    group.set_run_ms(7'200'000);
    return Status::OK;
  };
  EXPECT_EQ(greenq({"report", "--by", "user,day", "--since", "7d"}), 0) << err();
  EXPECT_EQ(
      out(),
      "USER  DAY (UTC)   JOBS  RAN    ENERGY  MARGINAL CO2e         SAVED  AVERAGE CO2e  SAVED  METHOD\n"
      "ada   2026-11-23     2   2h  1.00 kWh          360 g  360 g (50 %)       unknown      -  measured 75 "
      "%, "
      "modelled 25 %\n"
      "Intensity: marginal, GB, replay of caiso-pge.csv at 1800x, issued 8m ago\n"
      "Unknown: 12s of device time without a reading; not counted as zero.\n"
      "SAVED compares with a start at submission (modelled), whether or not there was room;\n"
      "--savings compares with a plain queue on the same machine. The books are never added.\n");
  EXPECT_EQ(greenq({"report", "--by", "zone"}), 2);
}

TEST_F(VerbTest, HistoryJoinsJobsAndFootprints) {
  server->jobs.on_ListJobs = [](auto const&, auto& response) {
    auto job = job_of(7, v1::Job::STATE_SUCCEEDED);
    *job.mutable_start_time() = timestamp(kNow - std::chrono::hours(2));
    *job.mutable_end_time() = timestamp(kNow - std::chrono::hours(1));
    *response.add_jobs() = job;
    return Status::OK;
  };
  server->footprints.on_ListFootprints = [](auto const& request, auto& response) {
    EXPECT_EQ(instant(request.ended_after()), kNow - std::chrono::hours(1));
    *response.add_footprints() = footprint_of(1);
    return Status::OK;
  };
  EXPECT_EQ(greenq({"history"}), 0) << err();
  EXPECT_EQ(out(),
            "ID  NAME   STATE      EXIT  ENDED (UTC)  RAN    ENERGY  MARGINAL CO2e  AVERAGE CO2e\n"
            "7   train  succeeded     0  16:38         1h  1.00 kWh          360 g       unknown\n"
            "Intensity: marginal, GB, replay of caiso-pge.csv at 1800x, issued 8m ago\n");
}

TEST_F(VerbTest, NodesAndDoctor) {
  server->nodes.on_ListNodes = [](auto const&, auto& response) {
    auto& node = *response.add_nodes();
    node.set_name("nodes/box");
    node.set_zone("GB");
    node.set_cpus(8);
    node.set_cpus_used(2);
    node.set_memory_bytes(16'000'000'000);
    auto& sensor = *node.add_sensors();
    sensor.set_name("powercap");
    sensor.set_detail("not readable; run greenqd as root or see docs");
    auto& gpu = *node.add_gpus();
    gpu.set_uuid("GPU-1");
    gpu.set_model("a100");
    gpu.set_memory_bytes(40'000'000'000);
    gpu.set_job("projects/vision/jobs/7");
    return Status::OK;
  };
  server->nodes.on_GetServerInfo = [](auto const&, auto& response) {
    response.set_version("9.9.9");
    response.set_state_dir("/var/lib/greenq");
    response.set_run_as("self");
    auto& setting = *response.add_settings();
    setting.set_key("site.zone");
    setting.set_value("GB");
    setting.set_origin("file");
    response.add_warnings("PUE is not set");
    return Status::OK;
  };
  server->carbon.on_ListFeeds = [](auto const&, auto& response) {
    auto& feed = *response.add_feeds();
    *feed.mutable_source() = source_of(v1::SIGNAL_KIND_MARGINAL);
    feed.set_state(v1::FEED_STATE_STALE);
    feed.set_last_error("timeout; is the network up?");
    auto& broken = *response.add_feeds();
    *broken.mutable_source() = source_of(v1::SIGNAL_KIND_AVERAGE);
    broken.set_state(v1::FEED_STATE_FRESH);
    broken.set_last_error("the old figures stay");
    return Status::OK;
  };
  EXPECT_EQ(greenq({"nodes"}), 0) << err();
  EXPECT_EQ(out(),
            "NODE  ZONE  CPU USED  MEMORY USED  GPU USED  JOBS\n"
            "box   GB         2/8    0 B/16 GB       1/1     0\n"
            "\n"
            "GPU    MODEL  MEMORY  JOB\n"
            "GPU-1  a100    40 GB  7\n");
  EXPECT_EQ(greenq({"doctor"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("  ok " + dir.path("s") + " (GREENQ_SOCKET): answers\n"));
  EXPECT_THAT(out(), HasSubstr("  !! greenqd 9.9.9, but greenq is "));
  EXPECT_THAT(out(), HasSubstr("  !! PUE is not set\n"));
  EXPECT_THAT(out(),
              HasSubstr("  !! stale: marginal, GB, neso, issued 8m ago; timeout; is the network up?\n"));
  EXPECT_THAT(out(), HasSubstr("  !! fresh: average, "));
  EXPECT_THAT(out(), HasSubstr("  !! powercap: not readable"));
  EXPECT_THAT(out(), Not(HasSubstr("jobs here")));
  EXPECT_THAT(out(), HasSubstr("  ok site.zone = GB (file)\n"));
  EXPECT_EQ(greenq({"version"}), 0);
  EXPECT_THAT(out(), HasSubstr("greenqd 9.9.9\n"));
}

class DaemonDownTest : public CliTest {};

TEST_F(DaemonDownTest, EveryVerbSaysHowToStartIt) {
  here.variables["GREENQ_SOCKET"] = dir.path("none");
  for (auto const& verb : std::vector<std::vector<std::string>>{{"ls"},
                                                                {"info", "1"},
                                                                {"cancel", "1"},
                                                                {"logs", "1"},
                                                                {"wait", "1"},
                                                                {"watch"},
                                                                {"report"},
                                                                {"forecast"},
                                                                {"nodes"},
                                                                {"doctor"}}) {
    EXPECT_EQ(greenq(verb), 7) << verb.front();
    EXPECT_EQ(err(), "greenq: nothing listens at " + dir.path("none") +
                         " (from GREENQ_SOCKET); start `greenqd --socket " + dir.path("none") +
                         "`, or correct the path\n")
        << verb.front();
  }
  EXPECT_EQ(greenq({"submit", dir.write("job.yaml", "run: x\n")}), 7);
  EXPECT_EQ(greenq({"ls", "-o", "json"}), 7);
  EXPECT_THAT(err(), StartsWith(R"({"error":{"code":"UNREACHABLE","reason":"DAEMON_NOT_RUNNING",)"));
  EXPECT_EQ(greenq({"version"}), 0);
  EXPECT_THAT(out(), HasSubstr("greenqd not reachable\n"));
  here.variables["GREENQ_SOCKET"] = dir.write("file", "");
  EXPECT_EQ(greenq({"ls"}), 7);
  EXPECT_THAT(err(), HasSubstr("is not a socket"));
}

TEST_F(DaemonDownTest, SocketsAreSearchedInOrderAndNeverInTmp) {
  auto const paths = [&](std::string const& option) {
    std::vector<std::string> found;
    for (auto const& candidate : socket_candidates(here.env, option)) found.push_back(candidate.path);
    return found;
  };
  std::string const state =
      "/home/ada/.local/state/greenq/greenqd.sock";  // of a daemon without a runtime directory
  EXPECT_THAT(paths(""), ElementsAre("/run/greenq/greenqd.sock", state));
  here.variables["XDG_RUNTIME_DIR"] = "/run/user/1000";
  EXPECT_THAT(paths(""),
              ElementsAre("/run/user/1000/greenq/greenqd.sock", "/run/greenq/greenqd.sock", state));
  here.variables["GREENQ_SOCKET"] = "/a";
  EXPECT_THAT(paths(""), ElementsAre("/a"));
  EXPECT_THAT(paths("/b"), ElementsAre("/b"));
}

TEST_F(DaemonDownTest, UsageErrorsAreTwo) {
  EXPECT_EQ(greenq({}), 2);
  EXPECT_EQ(greenq({"sumbit"}), 2);
  EXPECT_EQ(greenq({"ls", "--nope"}), 2);
  EXPECT_THAT(err(), HasSubstr("unknown option --nope; did you mean \"--name\"?; see greenq help ls"));
  EXPECT_EQ(greenq({"ls", "-o", "xml"}), 2);
  EXPECT_EQ(greenq({"info", "-o", "json"}), 2);
  EXPECT_THAT(err(), StartsWith(R"({"error":{"code":"USAGE")"));
  EXPECT_EQ(greenq({"--help"}), 0);
  EXPECT_THAT(out(), HasSubstr("submit"));
  EXPECT_EQ(greenq({"logs", "--help"}), 0);
  EXPECT_THAT(out(), HasSubstr("--follow"));
}

}  // namespace
}  // namespace greenq::client
