// Names, tokens, errors, roles and the mapping between wire and core.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "greenq/v1/carbon_service.pb.h"
#include "greenq/v1/footprint_service.pb.h"
#include "greenq/v1/job_service.pb.h"
#include "greenq/v1/node_service.pb.h"
#include "rpc/carbon_mapping.hpp"
#include "rpc/errors.hpp"
#include "rpc/job_mapping.hpp"
#include "rpc/paging.hpp"
#include "rpc/roles.hpp"
#include "rpc/spec_mapping.hpp"
#include "rpc/time_mapping.hpp"
#include "rpc/tokens.hpp"

namespace greenq::rpc {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

google::rpc::Status details_of(grpc::Status const& status) {
  google::rpc::Status out;
  EXPECT_TRUE(out.ParseFromString(status.error_details()));
  return out;
}

template <class Detail>
std::optional<Detail> detail_of(grpc::Status const& status) {
  google::rpc::Status const details = details_of(status);
  for (auto const& any : details.details()) {
    Detail detail;
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

TEST(Errors, AlwaysCarryReasonAndDomain) {
  core::Error error{core::ErrorCode::kNotFound, "JOB_NOT_FOUND", "There is no job 7."};
  error.metadata["resource_name"] = "projects/default/jobs/7";
  grpc::Status const status = to_status(error);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "There is no job 7.");
  auto const info = detail_of<google::rpc::ErrorInfo>(status);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->reason(), "JOB_NOT_FOUND");
  EXPECT_EQ(info->domain(), "greenq");
  EXPECT_EQ(info->metadata().at("resource_name"), "projects/default/jobs/7");
  auto const resource = detail_of<google::rpc::ResourceInfo>(status);
  ASSERT_TRUE(resource);
  EXPECT_EQ(resource->resource_name(), "projects/default/jobs/7");
}

TEST(Errors, EachCodeMapsToItsCanonicalCode) {
  std::set<grpc::StatusCode> codes;
  for (int code = 0; code <= static_cast<int>(core::ErrorCode::kInternal); ++code) {
    codes.insert(to_grpc(static_cast<core::ErrorCode>(code)));
  }
  EXPECT_EQ(codes.size(), static_cast<std::size_t>(core::ErrorCode::kInternal) + 1);
  EXPECT_FALSE(codes.contains(grpc::StatusCode::OK));
}

TEST(Errors, DetailsByCode) {
  EXPECT_TRUE(detail_of<google::rpc::PreconditionFailure>(
      to_status({core::ErrorCode::kFailedPrecondition, "JOB_ENDED", "It has ended."})));
  core::Error later{core::ErrorCode::kUnavailable, "RECOVERING", "Try again."};
  later.metadata["retry_after_ms"] = "2500";
  auto const retry = detail_of<google::rpc::RetryInfo>(to_status(later));
  ASSERT_TRUE(retry);
  EXPECT_EQ(retry->retry_delay().seconds(), 2);
  EXPECT_EQ(retry->retry_delay().nanos(), 500'000'000);
}

TEST(Errors, ManyViolationsStaySmallerThanATrailer) {
  core::Error error{core::ErrorCode::kInvalidArgument, "INVALID_JOB", std::string(5000, 'x')};
  for (int i = 0; i < 1000; ++i) error.fields.push_back({"spec.env", std::string(300, 'y')});
  grpc::Status const status = to_status(error);
  EXPECT_LT(status.error_details().size(), 6000U);
  auto const bad = detail_of<google::rpc::BadRequest>(status);
  ASSERT_TRUE(bad);
  ASSERT_GT(bad->field_violations_size(), 2);
  EXPECT_EQ(bad->field_violations(bad->field_violations_size() - 1).description(),
            "and " + std::to_string(1000 - (bad->field_violations_size() - 1)) + " more");
}

TEST(Roles, EveryRpcHasExactlyOneRow) {
  std::set<std::string> methods;
  for (auto const* file :
       {v1::SubmitJobRequest::descriptor()->file(),
        google::protobuf::DescriptorPool::generated_pool()->FindFileByName("greenq/v1/carbon_service.proto"),
        google::protobuf::DescriptorPool::generated_pool()->FindFileByName(
            "greenq/v1/footprint_service.proto"),
        google::protobuf::DescriptorPool::generated_pool()->FindFileByName("greenq/v1/node_service.proto")}) {
    ASSERT_NE(file, nullptr);
    ASSERT_EQ(file->service_count(), 1);
    auto const* service = file->service(0);
    for (int i = 0; i < service->method_count(); ++i) methods.insert(service->method(i)->full_name());
  }
  std::set<std::string> rows;
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kRules[i].rpc), i) << kRules[i].method;
    rows.emplace(kRules[i].method);
  }
  EXPECT_EQ(rows.size(), kRules.size());
  EXPECT_EQ(rows, methods);
}

TEST(Roles, OnlyOwnerAndAdminTouchAJob) {
  core::Principal const owner{1000, 1000, "ada", false};
  core::Principal const other{1001, 1001, "bob", false};
  core::Principal const admin{0, 0, "root", true};
  for (auto const rpc : {Rpc::kCancelJob, Rpc::kHoldJob, Rpc::kReleaseJob, Rpc::kExplainJob, Rpc::kReadLog}) {
    EXPECT_TRUE(may(owner, rpc, 1000));
    EXPECT_TRUE(may(admin, rpc, 1000));
    EXPECT_FALSE(may(other, rpc, 1000));
  }
  EXPECT_TRUE(may(other, Rpc::kGetJob, 1000));
  EXPECT_FALSE(owns(other, 1000));
}

TEST(Names, Jobs) {
  EXPECT_EQ(parse_job_name("projects/vision/jobs/42")->id, 42U);
  EXPECT_EQ(parse_job_name("projects/vision/jobs/42")->project, "vision");
  EXPECT_EQ(parse_job_name("projects/-/jobs/42")->project, "");
  for (char const* bad :
       {"", "42", "projects/vision/jobs/", "projects/vision/jobs/0", "projects/vision/jobs/-1",
        "projects/vision/jobs/4x", "projects//jobs/4", "projects/a/b/jobs/4", "projects/Vision/jobs/4",
        "projects/v/jobs/99999999999999999999"}) {
    auto const result = parse_job_name(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code, core::ErrorCode::kInvalidArgument);
    EXPECT_EQ(result.error().fields.at(0).field, "name");
  }
}

TEST(Names, Parents) {
  EXPECT_EQ(*parse_parent(""), "default");
  EXPECT_EQ(*parse_parent("projects/nlp"), "nlp");
  EXPECT_FALSE(parse_parent("projects/-"));
  EXPECT_FALSE(parse_parent("nlp"));
  EXPECT_EQ(*parse_query_parent("projects/-"), "");
  EXPECT_EQ(*parse_query_parent(""), "");
  EXPECT_EQ(*parse_query_parent("projects/nlp"), "nlp");
  EXPECT_EQ(*parse_zone("zones/GB"), "GB");
  EXPECT_FALSE(parse_zone("GB"));
}

TEST(Names, RequestIdsAreUuids) {
  EXPECT_TRUE(is_uuid("3f1b9a52-6f0e-4c56-9b0a-2f4f3c1d7e8a"));
  EXPECT_FALSE(is_uuid("3f1b9a52-6f0e-4c56-9b0a-2f4f3c1d7e8"));
  EXPECT_FALSE(is_uuid("3f1b9a5206f0e-4c56-9b0a-2f4f3c1d7e8a"));
  EXPECT_FALSE(is_uuid("zf1b9a52-6f0e-4c56-9b0a-2f4f3c1d7e8a"));
}

TEST(Paging, SizesAreCoerced) {
  EXPECT_EQ(*page_size(0), 50);
  EXPECT_EQ(*page_size(7), 7);
  EXPECT_EQ(*page_size(5000), 1000);
  EXPECT_FALSE(page_size(-1));
}

TEST(Paging, TokensBelongToTheirArguments) {
  v1::ListJobsRequest request;
  request.set_parent("projects/a");
  request.set_owner("ada");
  auto const first = read_page(request, "List");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->cursor, 0U);
  request.set_page_token(make_page_token(1234, first->filter_hash));
  request.set_page_size(7);
  auto const second = read_page(request, "List");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->cursor, 1234U);
  request.set_owner("bob");
  auto const changed = read_page(request, "List");
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().reason, "PAGE_TOKEN_MISMATCH");
  for (std::string const& bad : std::vector<std::string>{"x", "zz", "7031", std::string(2000, 'a')}) {
    request.set_page_token(bad);
    auto const broken = read_page(request, "List");
    ASSERT_FALSE(broken) << bad;
    EXPECT_EQ(broken.error().reason, "PAGE_TOKEN_INVALID");
  }
}

TEST(Tokens, ResumePointsRoundTrip) {
  auto const point = read_resume_token(make_resume_token({"epoch:with:colons", 77}));
  ASSERT_TRUE(point);
  EXPECT_EQ(point->epoch, "epoch:with:colons");
  EXPECT_EQ(point->sequence, 77);
  for (char const* bad : {"q", "00", "616263", "613a2d31"}) {
    auto const broken = read_resume_token(bad);
    ASSERT_FALSE(broken) << bad;
    EXPECT_EQ(broken.error().reason, "RESUME_TOKEN_INVALID");
  }
}

TEST(Tokens, HashLeavesOutWhatMakesNoDifference) {
  v1::SubmitJobRequest a;
  a.mutable_spec()->set_run("true");
  for (int i = 0; i < 20; ++i) (*a.mutable_spec()->mutable_env())["K" + std::to_string(i)] = "v";
  v1::SubmitJobRequest b;
  b.mutable_spec()->set_run("true");
  for (int i = 19; i >= 0; --i) (*b.mutable_spec()->mutable_env())["K" + std::to_string(i)] = "v";
  a.set_request_id("one");
  b.set_request_id("two");
  b.set_validate_only(true);
  auto const hash = [](v1::SubmitJobRequest const& r) {
    return hash_without(r, "m", {"request_id", "validate_only"});
  };
  EXPECT_EQ(hash(a), hash(b));
  EXPECT_EQ(hash(a).size(), 64U);
  b.mutable_spec()->set_run("false");
  EXPECT_NE(hash(a), hash(b));
  EXPECT_NE(hash(a), hash_without(a, "other", {"request_id", "validate_only"}));
}

TEST(Times, RoundTripAndBounds) {
  google::protobuf::Timestamp wire;
  set_time(wire, core::from_ms(-1));
  EXPECT_EQ(wire.seconds(), -1);
  EXPECT_EQ(*to_instant(wire), core::from_ms(-1));
  wire.set_seconds(253'402'300'800);
  EXPECT_FALSE(to_instant(wire));
  google::protobuf::Duration span;
  span.set_nanos(1);
  EXPECT_EQ(*to_span(span), core::Span{1});
  span.set_seconds(-1);
  EXPECT_FALSE(to_span(span));
}

v1::JobSpec full_spec() {
  v1::JobSpec wire;
  wire.set_display_name("resnet");
  wire.add_command("/usr/bin/python3");
  wire.add_command("train.py");
  wire.set_workdir("/home/ada");
  (*wire.mutable_env())["WANDB_MODE"] = "offline";
  wire.mutable_resources()->set_gpus(2);
  wire.mutable_resources()->add_gpu_types("h100");
  wire.mutable_resources()->set_cpus(8);
  wire.mutable_resources()->set_memory_bytes(1LL << 36);
  wire.mutable_time_limit()->set_seconds(3600);
  wire.mutable_expected_duration()->set_seconds(1800);
  wire.set_expected_power_mw(620'000);
  wire.mutable_carbon()->set_mode(v1::CarbonPolicy::MODE_THRESHOLD);
  wire.mutable_carbon()->set_signal(v1::SIGNAL_KIND_AVERAGE);
  wire.mutable_carbon()->mutable_finish_by()->set_seconds(1'700'000'000);
  wire.mutable_carbon()->set_max_mg_per_kwh(250'000);
  wire.mutable_carbon()->set_interruptible(true);
  wire.mutable_carbon()->set_on_missed(v1::CarbonPolicy::ON_MISSED_HOLD);
  wire.mutable_carbon()->set_on_stale_feed(v1::CarbonPolicy::ON_STALE_FEED_RUN);
  wire.mutable_checkpoint()->set_signal("SIGUSR2");
  wire.mutable_checkpoint()->mutable_grace()->set_seconds(90);
  wire.mutable_checkpoint()->set_exit_code(77);
  wire.mutable_checkpoint()->mutable_cost()->set_seconds(300);
  wire.mutable_retry()->set_max(3);
  wire.mutable_retry()->add_causes(v1::Retry::CAUSE_OOM);
  wire.mutable_retry()->add_exit_codes(33);
  wire.mutable_retry()->mutable_backoff()->set_seconds(60);
  wire.add_depends_on()->set_job("prep");
  wire.mutable_depends_on(0)->set_condition(v1::Dependency::CONDITION_FINISHED);
  wire.set_priority(80);
  wire.set_hold(true);
  wire.mutable_not_before()->set_seconds(1'650'000'000);
  (*wire.mutable_labels())["paper"] = "green";
  wire.mutable_output()->set_stdout("logs/%j.out");
  wire.mutable_output()->set_stderr("logs/%j.err");
  return wire;
}

TEST(Spec, RoundTripsEverything) {
  v1::JobSpec const wire = full_spec();
  auto const spec = spec_from_wire(wire, "vision");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->project, "vision");
  EXPECT_EQ(spec->checkpoint->signal, SIGUSR2);
  EXPECT_EQ(spec->checkpoint->cost, minutes{5});
  EXPECT_EQ(spec->time_limit, hours{1});
  v1::JobSpec back;
  spec_to_wire(*spec, false, back);
  EXPECT_EQ(back.DebugString(), wire.DebugString());
}

TEST(Spec, RedactionHidesWhatIsPrivate) {
  auto const spec = spec_from_wire(full_spec(), "vision");
  ASSERT_TRUE(spec);
  v1::JobSpec shown;
  spec_to_wire(*spec, true, shown);
  EXPECT_TRUE(shown.command().empty());
  EXPECT_TRUE(shown.run().empty());
  EXPECT_TRUE(shown.env().empty());
  EXPECT_TRUE(shown.workdir().empty());
  EXPECT_FALSE(shown.has_output());
  EXPECT_EQ(shown.display_name(), "resnet");
  EXPECT_EQ(shown.resources().gpus(), 2);
}

TEST(Spec, Defaults) {
  v1::JobSpec wire;
  wire.set_run("python train.py\n");
  wire.set_workdir("/tmp");
  wire.mutable_retry()->set_max(1);
  wire.mutable_checkpoint();
  auto const spec = spec_from_wire(wire, "default");
  ASSERT_TRUE(spec);
  std::vector<std::string> const bash{"/bin/bash", "-euo", "pipefail", "-c", "python train.py\n"};
  EXPECT_EQ(spec->command, bash);
  EXPECT_EQ(spec->run, "python train.py\n");
  EXPECT_EQ(spec->resources.cpus, 1U);
  EXPECT_EQ(spec->priority, 50U);
  EXPECT_EQ(spec->carbon.mode, core::CarbonMode::kShift);
  EXPECT_EQ(spec->carbon.on_stale_feed, core::OnStaleFeed::kUseHistory);
  EXPECT_FALSE(spec->carbon.bound);
  EXPECT_FALSE(spec->carbon.signal);
  EXPECT_EQ(spec->checkpoint->signal, SIGUSR1);
  EXPECT_EQ(spec->checkpoint->exit_code, 85);
  EXPECT_EQ(spec->checkpoint->grace, minutes{2});
  EXPECT_EQ(spec->checkpoint->cost, minutes{1});
  EXPECT_TRUE(spec->retry.causes.empty()) << "without causes and codes every failure is tried again";
  v1::JobSpec back;
  spec_to_wire(*spec, false, back);
  EXPECT_EQ(back.run(), "python train.py\n");
  EXPECT_TRUE(back.command().empty());
}

TEST(Spec, ReportsAllViolationsAtOnce) {
  v1::JobSpec wire = full_spec();
  wire.set_run("also a script");
  wire.mutable_resources()->set_gpus(-1);
  wire.mutable_carbon()->set_mode(static_cast<v1::CarbonPolicy::Mode>(9));
  wire.mutable_checkpoint()->set_signal("SIGKILL");
  wire.set_workdir(std::string("/tmp\0/x", 7));
  wire.mutable_time_limit()->set_seconds(-5);
  auto const spec = spec_from_wire(wire, "default", "requests[3].spec");
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().reason, "INVALID_JOB");
  std::set<std::string> fields;
  for (auto const& field : spec.error().fields) fields.insert(field.field);
  std::set<std::string> const expected{"requests[3].spec.run",         "requests[3].spec.resources.gpus",
                                       "requests[3].spec.carbon.mode", "requests[3].spec.checkpoint.signal",
                                       "requests[3].spec.workdir",     "requests[3].spec.time_limit"};
  EXPECT_EQ(fields, expected);
}

TEST(Spec, NothingToRunAndTooLarge) {
  EXPECT_EQ(spec_from_wire({}, "default").error().fields.at(0).field, "spec.run");
  v1::JobSpec wire;
  wire.set_run(std::string(300 * 1024, 'x'));
  EXPECT_EQ(spec_from_wire(wire, "default").error().reason, "SPEC_TOO_LARGE");
}

core::Job sample_job() {
  core::Job job;
  job.id = 42;
  job.uid = "uid";
  job.owner = {1000, 1000, "ada", false};
  core::JobSpec spec;
  spec.name = "train";
  spec.project = "vision";
  spec.command = {"/bin/true"};
  spec.workdir = "/secret";
  spec.carbon.bound = core::Bound{core::BoundKind::kMaxDelay, {}, hours{2}};
  job.spec = std::make_shared<core::JobSpec const>(spec);
  job.submitted_at = core::from_ms(1'000);
  job.updated_at = core::from_ms(2'000);
  job.version = 5;
  job.headline = core::HoldCode::kCarbonWindow;
  job.message = "workdir /secret";
  return job;
}

TEST(Jobs, ToWire) {
  core::Job job = sample_job();
  core::Attempt attempt;
  attempt.number = 1;
  attempt.segments.push_back({core::from_ms(5'000), core::from_ms(9'000)});
  attempt.end = core::SegmentEnd{core::Outcome::kOom, 9, core::from_ms(9'000), "killed in /secret"};
  job.attempts.push_back(attempt);
  job.plan = core::Plan{};
  job.plan->segments = {{core::from_ms(60'000), core::from_ms(120'000)}};
  v1::Job wire;
  job_to_wire(job, false, wire);
  EXPECT_EQ(wire.name(), "projects/vision/jobs/42");
  EXPECT_EQ(wire.etag(), "5");
  EXPECT_EQ(wire.owner(), "ada");
  EXPECT_EQ(wire.state(), v1::Job::STATE_QUEUED);
  EXPECT_EQ(wire.reason(), v1::HoldReason::CODE_CARBON_WINDOW);
  EXPECT_EQ(wire.planned_start_time().seconds(), 60);
  EXPECT_EQ(wire.latest_start_time().seconds(), 7201);
  ASSERT_EQ(wire.attempts_size(), 1);
  EXPECT_EQ(wire.attempts(0).outcome(), v1::Attempt::OUTCOME_OOM);
  EXPECT_EQ(wire.attempts(0).segments(), 1);
  v1::Job hidden;
  job_to_wire(job, true, hidden);
  EXPECT_EQ(hidden.DebugString().find("/secret"), std::string::npos);
}

TEST(Jobs, EventsToWire) {
  core::JobEvent event{7,
                       core::from_ms(1'500),
                       42,
                       "vision",
                       1000,
                       core::JobEventKind::kStarted,
                       core::JobState::kRunning,
                       core::HoldCode::kNotYetEvaluated,
                       "runs in /secret"};
  v1::JobEvent wire;
  event_to_wire(event, true, wire);
  EXPECT_EQ(wire.sequence(), 7);
  EXPECT_EQ(wire.job(), "projects/vision/jobs/42");
  EXPECT_EQ(wire.kind(), v1::JobEvent::KIND_STARTED);
  EXPECT_EQ(wire.reason(), v1::HoldReason::CODE_UNSPECIFIED);
  EXPECT_TRUE(wire.message().empty());
}

TEST(Footprints, NothingMeteredSaysSo) {
  app::JobFootprint footprint{sample_job(), {}, false};
  v1::Footprint wire;
  footprint_to_wire(footprint, core::SiteConfig{}, wire);
  EXPECT_EQ(wire.energy().parts_size(), 0);
  ASSERT_GE(wire.energy().notes_size(), 2);
  EXPECT_EQ(wire.energy().notes(0), "No energy has been metered for it.");
  EXPECT_EQ(wire.energy().notes(1), "PUE not set: energy at the device only.");
  EXPECT_EQ(wire.marginal().kind(), v1::SIGNAL_KIND_MARGINAL);
  EXPECT_EQ(wire.average().kind(), v1::SIGNAL_KIND_AVERAGE);
  EXPECT_FALSE(wire.average().has_baseline_mg());
  EXPECT_FALSE(wire.has_start_time());
  EXPECT_EQ(wire.pue(), 1.0);
}

TEST(Footprints, PartsBooksAndNotes) {
  app::JobFootprint footprint{sample_job(), {}, true};
  footprint.job.started_at = core::from_ms(4'000);
  footprint.job.ended_at = core::from_ms(10'000);
  auto& energy = footprint.footprint.energy;
  energy.parts[{core::DeviceClass::kCpu, core::EnergyQuality::kModelled}] = core::Energy{700};
  energy.parts[{core::DeviceClass::kGpu, core::EnergyQuality::kMeasured}] = core::Energy{300};
  energy.unknown_device_time = core::Span{2'500};
  footprint.footprint.marginal.carbon = core::Carbon{12};
  footprint.footprint.marginal.shares[core::PointState::kForecast] = core::Energy{1000};
  footprint.footprint.marginal.baseline = core::Carbon{20};
  footprint.footprint.average.unpriced = core::Energy{1000};
  footprint.footprint.run = core::Span{6'000};
  core::SiteConfig site;
  site.pue_set = true;
  site.pue_milli = 1200;
  v1::Footprint wire;
  footprint_to_wire(footprint, site, wire);
  EXPECT_EQ(wire.energy().total_mj(), 1000);
  EXPECT_EQ(wire.energy().parts_size(), 2);
  EXPECT_EQ(wire.energy().unknown_device_ms(), 2'500);
  EXPECT_DOUBLE_EQ(wire.pue(), 1.2);
  EXPECT_DOUBLE_EQ(wire.wait_seconds(), 3.0);
  EXPECT_EQ(wire.marginal().baseline_mg(), 20);
  EXPECT_EQ(wire.marginal().shares(0).state(), v1::POINT_STATE_FORECAST);
  EXPECT_TRUE(wire.final());
  std::set<std::string> const notes(wire.energy().notes().begin(), wire.energy().notes().end());
  EXPECT_TRUE(notes.contains("CPU modelled: no RAPL counter."));
  EXPECT_TRUE(notes.contains("Nothing is known about 2 device seconds; they are not counted as zero."));
  EXPECT_TRUE(notes.contains("No average intensity is known for 1 J; they are not counted as zero grams."));
  EXPECT_FALSE(notes.contains("PUE not set: energy at the device only."));
}

}  // namespace
}  // namespace greenq::rpc
