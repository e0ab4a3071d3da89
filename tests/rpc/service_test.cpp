// Unary calls through a real socket.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <gtest/gtest.h>

#include "rpc/daemon.hpp"

namespace greenq::rpc {
namespace {

using test::Daemon;
using test::reason_of;

template <class Stub, class Request, class Response>
grpc::Status call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, Request const&, Response*),
                  Request const& request, Response& response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds{20});
  return (stub.*method)(&context, request, &response);
}

using Jobs = v1::JobService::Stub;

// The bytes of the one answer to one request, for services whose protos are not here.
std::string ask(std::shared_ptr<grpc::Channel> const& channel, std::string const& method,
                std::string const& bytes) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::Slice const slice(bytes);
  grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, method, {}, &request, &response,
                 [&](grpc::Status status) { done.set_value(std::move(status)); });
  auto const status = done.get_future().get();
  EXPECT_TRUE(status.ok()) << status.error_message();
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(response.Dump(&slices).ok());
  std::string answer;
  for (auto const& part : slices) answer.append(part.begin(), part.end());
  return answer;
}

// Field 1 of the answer is the status.
int health(std::shared_ptr<grpc::Channel> const& channel) {
  auto const answer = ask(channel, "/grpc.health.v1.Health/Check", "");
  return answer.size() == 2 && answer[0] == 8 ? answer[1] : -1;
}

// Field 7 asks for the list of services, field 4 for the file that declares a symbol; field 7 of an answer is
// an error.
std::string reflect(std::shared_ptr<grpc::Channel> const& channel, int field, std::string const& text) {
  std::string const request{static_cast<char>(field << 3 | 2), static_cast<char>(text.size())};
  return ask(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", request + text);
}

TEST(Service, ReflectionDescribesEveryService) {
  Daemon daemon;
  auto const list = reflect(daemon.channel, 7, "");
  for (std::string const name : {"JobService", "CarbonService", "FootprintService", "NodeService"}) {
    EXPECT_NE(list.find("greenq.v1." + name), std::string::npos) << name;
    auto const file = reflect(daemon.channel, 4, "greenq.v1." + name);
    EXPECT_NE(file.find("_service.proto"), std::string::npos) << name << ": its descriptor is not linked";
  }
  EXPECT_EQ(reflect(daemon.channel, 4, "greenq.v1.NoService").find("_service.proto"), std::string::npos);
}

TEST(Service, NotServingUntilLoaded) {
  Daemon daemon({}, false);
  EXPECT_EQ(health(daemon.channel), 2);  // NOT_SERVING
  v1::GetJobRequest request;
  request.set_name("projects/-/jobs/1");
  v1::GetJobResponse response;
  auto const status = call(*daemon.jobs, &Jobs::GetJob, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(reason_of(status), "RECOVERING");
  daemon.server->set_serving(true);
  EXPECT_EQ(health(daemon.channel), 1);  // SERVING
  EXPECT_EQ(call(*daemon.jobs, &Jobs::GetJob, request, response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(Service, SubmitGetListCancel) {
  Daemon daemon;
  auto const job = daemon.submit("train", true);
  EXPECT_EQ(job.name(), "projects/default/jobs/1");
  EXPECT_EQ(job.spec().run(), "true");
  EXPECT_FALSE(job.owner().empty());
  for (int i = 0; i < 4; ++i) daemon.submit("more-" + std::to_string(i), true);

  v1::ListJobsRequest list;
  list.set_page_size(2);
  std::vector<std::string> names;
  do {
    v1::ListJobsResponse page;
    ASSERT_TRUE(call(*daemon.jobs, &Jobs::ListJobs, list, page).ok());
    EXPECT_LE(page.jobs_size(), 2);
    for (auto const& entry : page.jobs()) names.push_back(entry.name());
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  std::vector<std::string> const expected{"projects/default/jobs/5", "projects/default/jobs/4",
                                          "projects/default/jobs/3", "projects/default/jobs/2",
                                          "projects/default/jobs/1"};
  EXPECT_EQ(names, expected);

  v1::CancelJobRequest cancel;
  cancel.set_name("projects/-/jobs/1");
  cancel.set_etag("999");
  v1::CancelJobResponse cancelled;
  EXPECT_EQ(call(*daemon.jobs, &Jobs::CancelJob, cancel, cancelled).error_code(), grpc::StatusCode::ABORTED);
  cancel.set_etag(job.etag());
  cancel.set_reason("not needed");
  auto const status = call(*daemon.jobs, &Jobs::CancelJob, cancel, cancelled);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(cancelled.job().state(), v1::Job::STATE_CANCELLED);
  EXPECT_EQ(cancelled.job().user_reason(), "not needed");
  cancel.clear_etag();
  auto const again = call(*daemon.jobs, &Jobs::CancelJob, cancel, cancelled);
  EXPECT_EQ(again.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << again.error_message();
}

TEST(Service, BadRequestsSayWhatIsWrong) {
  Daemon daemon;
  v1::SubmitJobResponse response;
  auto request = daemon.request("x");
  request.mutable_spec()->clear_run();
  request.mutable_spec()->mutable_resources()->set_gpus(-1);
  auto status = call(*daemon.jobs, &Jobs::SubmitJob, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(reason_of(status), "INVALID_JOB");
  request = daemon.request("x");
  request.mutable_spec()->set_workdir("/missing");
  status = call(*daemon.jobs, &Jobs::SubmitJob, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("spec.workdir"), std::string::npos);
  request = daemon.request("x");
  request.set_request_id("not-a-uuid");
  EXPECT_EQ(reason_of(call(*daemon.jobs, &Jobs::SubmitJob, request, response)), "INVALID_FIELD");
  v1::ListJobsRequest list;
  list.set_page_size(-1);
  v1::ListJobsResponse page;
  EXPECT_EQ(call(*daemon.jobs, &Jobs::ListJobs, list, page).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  list.set_page_size(0);
  list.add_states(static_cast<v1::Job::State>(77));
  EXPECT_EQ(call(*daemon.jobs, &Jobs::ListJobs, list, page).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(Service, RequestIdMakesRepeatsHarmless) {
  Daemon daemon;
  auto request = daemon.request("once", true);
  request.set_request_id("3f1b9a52-6f0e-4c56-9b0a-2f4f3c1d7e8a");
  v1::SubmitJobResponse first;
  v1::SubmitJobResponse second;
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::SubmitJob, request, first).ok());
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::SubmitJob, request, second).ok());
  EXPECT_EQ(first.job().name(), second.job().name());
  request.mutable_spec()->set_run("false");
  auto const status = call(*daemon.jobs, &Jobs::SubmitJob, request, second);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(reason_of(status), "REQUEST_ID_REUSED");
}

TEST(Service, PlanAndValidateOnlyStoreNothing) {
  Daemon daemon;
  v1::PlanJobRequest plan;
  *plan.mutable_spec() = daemon.request("idea").spec();
  v1::PlanJobResponse planned;
  auto const status = call(*daemon.jobs, &Jobs::PlanJob, plan, planned);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(planned.plan().has_chosen());
  auto request = daemon.request("idea");
  request.set_validate_only(true);
  v1::SubmitJobResponse response;
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::SubmitJob, request, response).ok());
  EXPECT_TRUE(response.job().name().empty());
  v1::ListJobsResponse page;
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::ListJobs, v1::ListJobsRequest{}, page).ok());
  EXPECT_EQ(page.jobs_size(), 0);
}

// Two dips within six hours, and a better one after them.
void feed_dips(Daemon& daemon) {
  core::Instant const begin = std::chrono::floor<std::chrono::hours>(daemon.clock.time);
  core::Signal signal;
  signal.source = {"ZZ", core::SignalKind::kMarginal, core::SignalBasis::kDirect, "a", "label", ""};
  signal.issued_at = signal.received_at = daemon.clock.time;
  signal.as_given = true;
  std::vector<std::int64_t> const grams{500, 400, 100, 300, 200, 500, 500, 500, 500, 500, 50, 500};
  for (std::size_t i = 0; i < grams.size(); ++i) {
    auto const at = begin + std::chrono::hours{i};
    signal.points.push_back(
        {{at, at + std::chrono::hours{1}}, {grams[i] * 1000}, core::PointState::kForecast});
  }
  daemon.engine->post(core::SignalReceived{0, signal});
}

v1::SubmitJobRequest shifting_hour(Daemon const& daemon, std::string const& name) {
  auto request = daemon.request(name);
  request.mutable_spec()->mutable_expected_duration()->set_seconds(3600);
  request.mutable_spec()->mutable_carbon()->set_mode(v1::CarbonPolicy::MODE_SHIFT);
  request.mutable_spec()->mutable_carbon()->mutable_max_delay()->set_seconds(6 * 3600);
  return request;
}

void expect_dips(v1::Plan const& plan, core::Instant now) {
  ASSERT_EQ(plan.rejected_size(), 2) << plan.ShortDebugString();
  auto const begin = core::to_ms(std::chrono::floor<std::chrono::hours>(now)) / 1000;
  EXPECT_EQ(plan.rejected(0).reason(), v1::RejectedWindow::REASON_DEARER);
  EXPECT_EQ(plan.rejected(0).message(), "100 % more carbon");
  EXPECT_EQ(plan.rejected(0).window().start_time().seconds(), begin + 4 * 3600);
  EXPECT_EQ(plan.rejected(0).window().mean_mg_per_kwh(), 200'000);
  EXPECT_EQ(plan.rejected(0).window().energy_mj(), plan.chosen().energy_mj());
  EXPECT_TRUE(plan.rejected(0).window().known());
  EXPECT_EQ(plan.rejected(1).reason(), v1::RejectedWindow::REASON_AFTER_BOUND);
  EXPECT_EQ(plan.rejected(1).message(),
            "50 % less carbon, begins after the latest start; max_delay: 10h would allow it");
  ASSERT_EQ(plan.curve_size(), 11);
  EXPECT_EQ(plan.curve(0).start_time().seconds(), core::to_ms(now) / 1000);
  EXPECT_EQ(plan.curve(0).mg_per_kwh(), 500'000);
  EXPECT_EQ(plan.curve(10).end_time().seconds(), begin + 11 * 3600);
}

TEST(Service, PlanAndExplainTellWhatWasNotChosen) {
  Daemon daemon;
  feed_dips(daemon);
  v1::PlanJobRequest request;
  *request.mutable_spec() = shifting_hour(daemon, "idea").spec();
  v1::PlanJobResponse planned;
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::PlanJob, request, planned).ok());
  expect_dips(planned.plan(), daemon.clock.time);
  v1::SubmitJobResponse submitted;
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::SubmitJob, shifting_hour(daemon, "real"), submitted).ok());
  v1::ExplainJobRequest explain;
  explain.set_name(submitted.job().name());
  v1::ExplainJobResponse explained;
  ASSERT_TRUE(test::eventually([&] {
    return call(*daemon.jobs, &Jobs::ExplainJob, explain, explained).ok() && explained.has_plan();
  }));
  expect_dips(explained.plan(), daemon.clock.time);
  request.mutable_spec()->mutable_carbon()->set_mode(v1::CarbonPolicy::MODE_NONE);
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::PlanJob, request, planned).ok());
  EXPECT_EQ(planned.plan().rejected_size(), 0);
  EXPECT_EQ(planned.plan().curve_size(), 0);
}

// A thousand curves would not fit into one message.
TEST(Service, CurvesOfEightJobsAtMost) {
  Daemon daemon;
  feed_dips(daemon);
  v1::BatchSubmitJobsRequest batch;
  batch.set_validate_only(true);
  for (int const count : {8, 9}) {
    while (batch.requests_size() < count)
      *batch.add_requests() = shifting_hour(daemon, "b" + std::to_string(batch.requests_size()));
    v1::BatchSubmitJobsResponse response;
    ASSERT_TRUE(call(*daemon.jobs, &Jobs::BatchSubmitJobs, batch, response).ok());
    ASSERT_EQ(response.responses_size(), count);
    for (auto const& one : response.responses()) {
      EXPECT_TRUE(one.plan().has_chosen());
      EXPECT_EQ(one.plan().curve_size() > 0, count == 8);
    }
  }
}

TEST(Service, BatchIsAllOrNothing) {
  Daemon daemon;
  v1::BatchSubmitJobsRequest batch;
  for (int i = 0; i < 3; ++i) *batch.add_requests() = daemon.request("b" + std::to_string(i), true);
  v1::BatchSubmitJobsResponse response;
  batch.mutable_requests(1)->mutable_spec()->set_workdir("/missing");
  auto const status = call(*daemon.jobs, &Jobs::BatchSubmitJobs, batch, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("requests[1].spec.workdir"), std::string::npos)
      << status.error_message();
  batch.mutable_requests(1)->mutable_spec()->set_workdir("/tmp");
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::BatchSubmitJobs, batch, response).ok());
  ASSERT_EQ(response.responses_size(), 3);
  EXPECT_EQ(response.responses(0).job().name(), "projects/default/jobs/1");
}

TEST(Service, OthersSeeLittleAndChangeNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to connect as another user";
  Daemon daemon;
  auto const job = daemon.submit("secret", true);
  auto const other = v1::JobService::NewStub(daemon.channel_as(1001));
  v1::GetJobRequest get;
  get.set_name(job.name());
  v1::GetJobResponse seen;
  auto const status = call(*other, &Jobs::GetJob, get, seen);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(seen.job().spec().display_name(), "secret");
  EXPECT_TRUE(seen.job().spec().run().empty());
  EXPECT_TRUE(seen.job().spec().workdir().empty());
  v1::CancelJobRequest cancel;
  cancel.set_name(job.name());
  v1::CancelJobResponse cancelled;
  auto const refused = call(*other, &Jobs::CancelJob, cancel, cancelled);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(reason_of(refused), "NOT_OWNER");
  cancel.set_name("projects/default/jobs/99");
  EXPECT_EQ(call(*other, &Jobs::CancelJob, cancel, cancelled).error_code(), grpc::StatusCode::NOT_FOUND);

  v1::SubmitJobResponse own;
  ASSERT_TRUE(call(*other, &Jobs::SubmitJob, daemon.request("mine", true), own).ok());
  EXPECT_NE(own.job().owner(), job.owner());
  auto const root = daemon.store.locked([&] { return daemon.store.inner.all_jobs.at(1).owner; });
  auto const user = daemon.store.locked([&] { return daemon.store.inner.all_jobs.at(2).owner; });
  EXPECT_EQ(root.uid, 0U);
  EXPECT_TRUE(root.admin);
  EXPECT_EQ(user.uid, 1001U);
  EXPECT_FALSE(user.admin);
  cancel.set_name(own.job().name());
  EXPECT_TRUE(call(*other, &Jobs::CancelJob, cancel, cancelled).ok());

  auto const node = v1::NodeService::NewStub(daemon.channel_as(1001));
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(call(*node, &v1::NodeService::Stub::GetServerInfo, v1::GetServerInfoRequest{}, info).ok());
  EXPECT_EQ(info.version(), "0.1.0-test");
  EXPECT_TRUE(info.state_dir().empty());
}

TEST(Service, ExplainGivesReasonsAndHistory) {
  Daemon daemon;
  auto const job = daemon.submit("waits", true);
  v1::ExplainJobRequest request;
  request.set_name(job.name());
  v1::ExplainJobResponse response;
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::ExplainJob, request, response).ok());
  ASSERT_GE(response.reasons_size(), 1);
  EXPECT_EQ(response.reasons(0).code(), v1::HoldReason::CODE_HELD_BY_USER);
  ASSERT_GE(response.history_size(), 1);
  EXPECT_EQ(response.history(0).kind(), v1::JobEvent::KIND_SUBMITTED);
  v1::CancelJobRequest cancel;
  cancel.set_name(job.name());
  v1::CancelJobResponse cancelled;
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::CancelJob, cancel, cancelled).ok());
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::ExplainJob, request, response).ok());
  EXPECT_EQ(response.reasons_size(), 0);
  EXPECT_EQ(response.job().state(), v1::Job::STATE_CANCELLED);
}

TEST(Service, WaitAnswersAtTheEnd) {
  Daemon daemon;
  auto const job = daemon.submit("run");
  v1::WaitJobRequest request;
  request.set_name(job.name());
  v1::WaitJobResponse response;
  auto waiting =
      std::async(std::launch::async, [&] { return call(*daemon.jobs, &Jobs::WaitJob, request, response); });
  auto const segment = daemon.confirm_start(Daemon::id_of(job));
  daemon.end(segment);
  auto const status = waiting.get();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.job().state(), v1::Job::STATE_SUCCEEDED);
  // And at once when it has ended already.
  EXPECT_TRUE(call(*daemon.jobs, &Jobs::WaitJob, request, response).ok());
}

TEST(Service, WaitKeepsTheDeadlineOfTheCall) {
  Daemon daemon;
  auto const job = daemon.submit("held", true);
  v1::WaitJobRequest request;
  request.set_name(job.name());
  v1::WaitJobResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds{50});
  EXPECT_EQ(daemon.jobs->WaitJob(&context, request, &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST(Service, Carbon) {
  Daemon daemon;
  auto const stub = v1::CarbonService::NewStub(daemon.channel);
  using Carbon = v1::CarbonService::Stub;
  v1::GetIntensityRequest intensity;
  v1::GetIntensityResponse now;
  auto status = call(*stub, &Carbon::GetIntensity, intensity, now);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(now.point().mg_per_kwh(), 300'000);
  EXPECT_EQ(now.point().state(), v1::POINT_STATE_CLIMATOLOGY);
  EXPECT_EQ(now.source().zone(), "ZZ");
  intensity.set_kind(v1::SIGNAL_KIND_AVERAGE);
  ASSERT_TRUE(call(*stub, &Carbon::GetIntensity, intensity, now).ok());
  EXPECT_FALSE(now.has_point()) << "an unknown kind must not be filled from another";
  intensity.set_name("zones/NOWHERE");
  EXPECT_EQ(call(*stub, &Carbon::GetIntensity, intensity, now).error_code(), grpc::StatusCode::NOT_FOUND);

  v1::GetForecastRequest forecast;
  forecast.set_name("zones/AA");
  forecast.mutable_horizon()->set_seconds(3 * 3600);
  v1::GetForecastResponse coming;
  ASSERT_TRUE(call(*stub, &Carbon::GetForecast, forecast, coming).ok());
  ASSERT_GE(coming.points_size(), 3);
  EXPECT_FALSE(coming.not_shifted_reason().empty());
  auto const seconds =
      coming.points(coming.points_size() - 1).end_time().seconds() - coming.points(0).start_time().seconds();
  EXPECT_EQ(seconds, 3 * 3600);

  v1::ListZonesRequest zones;
  zones.set_page_size(1);
  v1::ListZonesResponse page;
  ASSERT_TRUE(call(*stub, &Carbon::ListZones, zones, page).ok());
  ASSERT_EQ(page.zones_size(), 1);
  EXPECT_EQ(page.zones(0).name(), "zones/AA");
  zones.set_page_token(page.next_page_token());
  ASSERT_TRUE(call(*stub, &Carbon::ListZones, zones, page).ok());
  EXPECT_EQ(page.zones(0).name(), "zones/ZZ");
  EXPECT_TRUE(page.zones(0).site());
  EXPECT_TRUE(page.next_page_token().empty());
}

// Ten days of a feed with a daily shape, asked hourly.
void feed_hourly(Daemon& daemon, int hours) {
  core::Instant const begin = std::chrono::floor<std::chrono::hours>(daemon.clock.time);
  for (int k = 0; k < hours; ++k) {
    core::Instant const now = begin - std::chrono::hours{hours - k};
    core::Signal signal;
    signal.source = {"ZZ", core::SignalKind::kMarginal, core::SignalBasis::kDirect, "a", "label", ""};
    signal.issued_at = signal.received_at = now;
    for (int h = -30; h < 48; ++h) {
      core::Instant const at = now + std::chrono::hours{h};
      auto const hour = std::chrono::floor<std::chrono::hours>(at).time_since_epoch().count() % 24;
      auto const state = h < 0 ? core::PointState::kActual : core::PointState::kForecast;
      signal.points.push_back(
          {{at, at + std::chrono::hours{1}}, {200'000 + hour * 5'000}, state, std::nullopt});
    }
    daemon.engine->post(core::SignalReceived{0, signal});
  }
}

TEST(Service, ForecastSkillAndItsEdges) {
  Daemon daemon;
  feed_hourly(daemon, 24 * 10);
  auto const stub = v1::CarbonService::NewStub(daemon.channel);
  using Carbon = v1::CarbonService::Stub;
  v1::GetForecastSkillRequest request;
  v1::GetForecastSkillResponse response;
  ASSERT_TRUE(test::eventually([&] {
    response.Clear();
    auto const status = call(*stub, &Carbon::GetForecastSkill, request, response);
    return status.ok() && response.skills_size() == 3 && response.skills(0).issues() > 200;
  })) << response.ShortDebugString();
  EXPECT_EQ(response.zone(), "ZZ");
  EXPECT_EQ(response.kind(), v1::SIGNAL_KIND_MARGINAL);
  EXPECT_EQ(response.skills(0).provider(), "greenq");
  EXPECT_GT(response.skills(0).rank_correlation(), 0.9);
  ASSERT_EQ(response.skills(0).kept_size(), 3);
  EXPECT_GT(response.skills(0).kept(0).share(), 0.9);
  EXPECT_EQ(response.skills(1).provider(), "yesterday");
  EXPECT_EQ(response.skills(2).provider(), "last-week");
  request.set_days(367);
  EXPECT_EQ(call(*stub, &Carbon::GetForecastSkill, request, response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request.set_days(3);
  request.set_name("zones/NOWHERE");
  EXPECT_EQ(call(*stub, &Carbon::GetForecastSkill, request, response).error_code(),
            grpc::StatusCode::NOT_FOUND);

  v1::GetForecastRequest ahead;
  v1::GetForecastResponse coming;
  ASSERT_TRUE(call(*stub, &Carbon::GetForecast, ahead, coming).ok());
  EXPECT_GT(coming.learned_hours(), 24 * 10);
  EXPECT_FALSE(coming.stale());
  ASSERT_GT(coming.points_size(), 24);
  EXPECT_TRUE(coming.points(10).has_low_mg_per_kwh());
  EXPECT_LE(coming.points(10).low_mg_per_kwh(), coming.points(10).mg_per_kwh());
}

TEST(Service, FootprintWithoutDataIsNoError) {
  Daemon daemon;
  auto const job = daemon.submit("fresh", true);
  auto const stub = v1::FootprintService::NewStub(daemon.channel);
  using Footprints = v1::FootprintService::Stub;
  v1::GetFootprintRequest request;
  request.set_name(job.name());
  v1::GetFootprintResponse response;
  ASSERT_TRUE(call(*stub, &Footprints::GetFootprint, request, response).ok());
  EXPECT_EQ(response.footprint().energy().parts_size(), 0);
  EXPECT_GT(response.footprint().energy().notes_size(), 0);
  request.set_name("projects/default/jobs/77");
  EXPECT_EQ(call(*stub, &Footprints::GetFootprint, request, response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  request.set_name("projects/other/jobs/1");
  EXPECT_EQ(call(*stub, &Footprints::GetFootprint, request, response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  v1::AggregateFootprintsRequest aggregate;
  v1::AggregateFootprintsResponse groups;
  EXPECT_EQ(call(*stub, &Footprints::AggregateFootprints, aggregate, groups).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  aggregate.add_group_by(v1::AggregateFootprintsRequest::GROUP_BY_USER);
  EXPECT_TRUE(call(*stub, &Footprints::AggregateFootprints, aggregate, groups).ok());
}

TEST(Service, NodesAndServerInfo) {
  Daemon daemon;
  daemon.submit("held", true);
  auto const stub = v1::NodeService::NewStub(daemon.channel);
  v1::ListNodesResponse nodes;
  ASSERT_TRUE(call(*stub, &v1::NodeService::Stub::ListNodes, v1::ListNodesRequest{}, nodes).ok());
  ASSERT_EQ(nodes.nodes_size(), 1);
  EXPECT_EQ(nodes.nodes(0).name(), "nodes/node");
  EXPECT_EQ(nodes.nodes(0).cpus(), 64);
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(call(*stub, &v1::NodeService::Stub::GetServerInfo, v1::GetServerInfoRequest{}, info).ok());
  EXPECT_EQ(info.epoch(), "fake-epoch");
  EXPECT_EQ(info.state_dir(), "/var/lib/secret");
  EXPECT_EQ(info.library_versions().at("grpc"), grpc::Version());
  ASSERT_EQ(info.live_jobs().size(), 1U);
  EXPECT_EQ(info.live_jobs().begin()->second, 1);
}

// admit() asked the user database on a gRPC thread, for every call.
TEST(Service, ASlowUserDatabaseDelaysOnlyCallsThatNeedTheName) {
  std::promise<void> found;
  std::atomic<int> asked = 0;
  Daemon daemon([&asked, gate = found.get_future().share()](RpcParts& parts) {
    parts.user_name = [&asked, gate](std::uint32_t) {
      ++asked;
      gate.wait_for(std::chrono::seconds{60});
      return std::string("grace");
    };
  });
  auto submitted = std::async(std::launch::async, [&] { return daemon.submit("held", true); });
  v1::CancelJobRequest cancel;
  v1::CancelJobResponse cancelled;
  cancel.set_name("projects/-/jobs/99");
  auto early = std::async(std::launch::async, [&, nothing = v1::CancelJobResponse{}]() mutable {
    return call(*daemon.jobs, &Jobs::CancelJob, cancel, nothing).error_code();
  });
  EXPECT_TRUE(test::eventually([&] { return asked == 2; }));  // both wait for the name
  v1::ListJobsResponse page;
  EXPECT_TRUE(call(*daemon.jobs, &Jobs::ListJobs, v1::ListJobsRequest{}, page).ok());
  found.set_value();
  EXPECT_EQ(early.get(), grpc::StatusCode::NOT_FOUND);
  auto const job = submitted.get();
  EXPECT_EQ(job.owner(), "grace");
  cancel.set_name(job.name());
  ASSERT_TRUE(call(*daemon.jobs, &Jobs::CancelJob, cancel, cancelled).ok());
  EXPECT_EQ(cancelled.job().message(), "cancelled by grace");
  EXPECT_EQ(asked, 2);
}

TEST(Service, ASubmissionWhoseOwnerCannotBeLookedUpIsRefused) {
  std::atomic<bool> broken = true;
  Daemon daemon([&](RpcParts& parts) {
    parts.user_name = [&](std::uint32_t) -> core::Result<std::string> {
      if (broken) return core::fail(core::ErrorCode::kUnavailable, "USER_LOOKUP_FAILED", "try again");
      return "grace";
    };
  });
  v1::SubmitJobResponse response;
  auto const refused = call(*daemon.jobs, &Jobs::SubmitJob, daemon.request("x", true), response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(reason_of(refused), "USER_LOOKUP_FAILED");
  broken = false;
  auto const job = daemon.submit("x", true);
  EXPECT_EQ(job.owner(), "grace");
  EXPECT_EQ(Daemon::id_of(job), 1U) << "nothing was stored before";
}

TEST(Service, ACancelDoesNotNeedTheNameOfItsUser) {
  Daemon daemon([](RpcParts& parts) {
    parts.user_name = [](std::uint32_t) -> core::Result<std::string> {
      return core::fail(core::ErrorCode::kUnavailable, "USER_LOOKUP_FAILED", "try again");
    };
  });
  v1::CancelJobRequest cancel;
  cancel.set_name("projects/-/jobs/1");
  v1::CancelJobResponse cancelled;
  EXPECT_EQ(call(*daemon.jobs, &Jobs::CancelJob, cancel, cancelled).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

// The store gives 1,000 rows at most: asked for one more, the list ended there without a token.
TEST(Service, ListsGoOnBeyondTheThousandRowsOfOneRead) {
  Daemon daemon;
  constexpr int kJobs = 2001;
  for (int done = 0; done < kJobs;) {
    v1::BatchSubmitJobsRequest batch;
    for (; batch.requests_size() < 1000 && done < kJobs; ++done)
      *batch.add_requests() = daemon.request("x", true);
    v1::BatchSubmitJobsResponse response;
    auto const status = call(*daemon.jobs, &Jobs::BatchSubmitJobs, batch, response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  v1::ListJobsRequest list;
  list.set_page_size(1000);
  int seen = 0;
  int pages = 0;
  do {
    v1::ListJobsResponse page;
    ASSERT_TRUE(call(*daemon.jobs, &Jobs::ListJobs, list, page).ok());
    seen += page.jobs_size();
    ++pages;
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(seen, kJobs);
  EXPECT_EQ(pages, 3);
}

TEST(Service, FootprintsGoOnBeyondTheThousandRowsOfOneRead) {
  Daemon daemon;
  constexpr core::JobId kJobs = 2001;
  daemon.store.locked([&] {
    for (core::JobId id = 1; id <= kJobs; ++id) {
      core::Job job;
      job.id = id;
      job.spec = std::make_shared<core::JobSpec const>(test::spec());
      job.state = core::JobState::kSucceeded;
      daemon.store.inner.all_jobs[id] = job;
    }
  });
  auto const stub = v1::FootprintService::NewStub(daemon.channel);
  v1::ListFootprintsRequest list;
  list.set_page_size(1000);
  int seen = 0;
  do {
    v1::ListFootprintsResponse page;
    ASSERT_TRUE(call(*stub, &v1::FootprintService::Stub::ListFootprints, list, page).ok());
    seen += page.footprints_size();
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(seen, static_cast<int>(kJobs));
}

// A refused connection was closed without a word, as one of a daemon that ends.
TEST(Service, AConnectionTooManyIsToldSo) {
  Daemon daemon([](RpcParts& parts) { parts.options.connections_per_uid = 2; });
  daemon.submit("first", true);
  auto const second = test::connect_to(daemon.dir.path() / "d.sock");
  auto const third = test::connect_to(daemon.dir.path() / "d.sock");
  std::string words(256, '\0');
  auto const got = ::read(third.get(), words.data(), words.size());
  ASSERT_GT(got, 0);
  words.resize(static_cast<std::size_t>(got));
  EXPECT_NE(words.find("too many connections"), std::string::npos);
  EXPECT_EQ(::read(third.get(), words.data(), words.size()), 0);
  auto const fourth = grpc::CreateCustomChannel("unix:" + (daemon.dir.path() / "d.sock").native(),
                                                grpc::InsecureChannelCredentials(), [] {
                                                  grpc::ChannelArguments arguments;
                                                  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
                                                  return arguments;
                                                }());
  v1::ListJobsResponse page;
  auto const begin = std::chrono::steady_clock::now();
  auto const status = call(*v1::JobService::NewStub(fourth), &Jobs::ListJobs, v1::ListJobsRequest{}, page);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5}) << "it must not wait";
}

// Sensors that answer when they are told to.
class SlowMeter final : public app::Meter {
 public:
  std::promise<void> answer;
  std::atomic<int> asked = 0;
  void watch(core::SegmentId, std::int64_t) override {}
  void drain(core::SegmentId, std::int64_t) override {}
  std::vector<Sensor> sensors() override {
    ++asked;
    gate_.wait_for(std::chrono::seconds{60});
    return {{"powercap", true, ""}};
  }

 private:
  std::shared_future<void> gate_{answer.get_future().share()};
};

// ListNodes read the sensors on a gRPC thread: a few such calls and nobody was answered.
TEST(Service, SlowSensorsDelayNoOtherCall) {
  SlowMeter meter;
  Daemon daemon([&](RpcParts& parts) { parts.meter = &meter; });
  auto const job = daemon.submit("held", true);
  auto const stub = v1::NodeService::NewStub(daemon.channel);
  std::vector<std::future<int>> lists(64);  // more than gRPC has threads
  for (auto& list : lists) {
    list = std::async(std::launch::async, [&] {
      v1::ListNodesResponse nodes;
      auto const status = call(*stub, &v1::NodeService::Stub::ListNodes, v1::ListNodesRequest{}, nodes);
      return status.ok() && nodes.nodes_size() == 1 ? nodes.nodes(0).sensors_size() : -1;
    });
  }
  EXPECT_TRUE(test::eventually([&] { return meter.asked >= 2; }));
  v1::GetServerInfoResponse info;
  EXPECT_TRUE(call(*stub, &v1::NodeService::Stub::GetServerInfo, v1::GetServerInfoRequest{}, info).ok());
  // Nor a command, although both workers are busy: its user's name is known.
  v1::CancelJobRequest cancel;
  cancel.set_name(job.name());
  v1::CancelJobResponse cancelled;
  EXPECT_TRUE(call(*daemon.jobs, &Jobs::CancelJob, cancel, cancelled).ok());
  meter.answer.set_value();
  for (auto& list : lists) EXPECT_EQ(list.get(), 1);
}

TEST(Service, ServesAgainAfterRunningOutOfDescriptors) {
  Daemon daemon([](RpcParts& parts) { parts.options.connections_per_uid = 1000; });
  daemon.submit("before", true);
  {
    test::LowFdLimit const low(30);
    test::Swarm swarm(daemon.dir.path() / "d.sock", 200);
    ASSERT_TRUE(test::eventually([&] { return daemon.server->counters().out_of_fds > 0; }));
    swarm.end();
  }
  ASSERT_TRUE(test::eventually([&] { return daemon.server->counters().connections <= 1; }));
  auto const fresh = grpc::CreateCustomChannel("unix:" + (daemon.dir.path() / "d.sock").native(),
                                               grpc::InsecureChannelCredentials(), [] {
                                                 grpc::ChannelArguments arguments;
                                                 arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
                                                 return arguments;
                                               }());
  auto const stub = v1::JobService::NewStub(fresh);
  v1::ListJobsResponse page;
  auto const status = call(*stub, &Jobs::ListJobs, v1::ListJobsRequest{}, page);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(page.jobs_size(), 1);
}

TEST(Service, ARefusedOwnerIsDenied) {
  test::Daemon daemon;
  daemon.runner.refuse = "this daemon runs jobs of its own user only";
  v1::SubmitJobResponse response;
  auto const status = call(*daemon.jobs, &Jobs::SubmitJob, daemon.request("x"), response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  v1::PlanJobRequest plan;
  *plan.mutable_spec() = daemon.request("x").spec();
  v1::PlanJobResponse planned;
  EXPECT_EQ(call(*daemon.jobs, &Jobs::PlanJob, plan, planned).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST(Service, ClosesConnectionsThatAnswerNoPing) {
  test::Daemon daemon([](rpc::RpcParts& parts) {
    parts.options.ping_every = std::chrono::milliseconds{50};
    parts.options.ping_timeout = std::chrono::seconds{1};
  });
  auto const silent = test::connect_to(daemon.dir.path() / "d.sock");
  ASSERT_TRUE(silent);
  std::array<char, 4096> bytes{};
  while (::read(silent.get(), bytes.data(), bytes.size()) > 0) {
  }
  EXPECT_TRUE(test::eventually([&] { return daemon.server->counters().connections == 0; }));
  daemon.submit("still-served");
  EXPECT_EQ(daemon.server->counters().connections, 1U);
}

}  // namespace
}  // namespace greenq::rpc
