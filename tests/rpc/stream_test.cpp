// WatchJobs, ReadLog and shutdown through a real socket.
#include <gtest/gtest.h>

#include <set>

#include "rpc/daemon.hpp"

namespace greenq::rpc {
namespace {

using test::Daemon;
using test::reason_of;

struct Watch {
  Watch(Daemon& daemon, v1::WatchJobsRequest const& request) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds{30});
    reader = daemon.jobs->WatchJobs(&context, request);
  }
  // Next response that is no bookmark.
  bool next() {
    while (reader->Read(&last)) {
      if (!last.resume_token().empty()) token = last.resume_token();
      if (!last.has_bookmark()) return true;
    }
    return false;
  }
  grpc::Status cancel() {
    context.TryCancel();
    while (reader->Read(&last)) {
    }
    return reader->Finish();
  }

  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<v1::WatchJobsResponse>> reader;
  v1::WatchJobsResponse last;
  std::string token;
};

// A stream that is known to listen: its first bookmark has come.
std::string open_at_present(Watch& watch) {
  while (watch.reader->Read(&watch.last)) {
    if (watch.last.has_bookmark()) return watch.last.resume_token();
  }
  return {};
}

v1::WatchJobsRequest initial() {
  v1::WatchJobsRequest request;
  request.set_include_initial(true);
  return request;
}

TEST(WatchJobs, ResumesWithoutLossOrRepeat) {
  Daemon daemon;
  auto const job = daemon.submit_later("seen");
  std::vector<std::int64_t> sequences;
  v1::WatchJobsRequest request;
  request.set_resume_token("");
  std::string token;
  {
    Watch watch(daemon, initial());
    token = open_at_present(watch);
    ASSERT_FALSE(token.empty());
    for (int i = 0; i < 5; ++i) daemon.touch(job.name());
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(watch.next());
      ASSERT_TRUE(watch.last.has_event());
      sequences.push_back(watch.last.event().sequence());
    }
    token = watch.token;
    EXPECT_EQ(watch.cancel().error_code(), grpc::StatusCode::CANCELLED);
  }
  for (int i = 0; i < 5; ++i) daemon.touch(job.name());  // nobody listens
  request.set_resume_token(token);
  Watch watch(daemon, request);
  std::thread writer([&] {
    for (int i = 0; i < 20; ++i) daemon.touch(job.name());  // while the backlog is read
  });
  while (sequences.size() < 60) {
    ASSERT_TRUE(watch.next());
    ASSERT_TRUE(watch.last.has_event());
    sequences.push_back(watch.last.event().sequence());
  }
  writer.join();
  for (std::size_t i = 1; i < sequences.size(); ++i) ASSERT_EQ(sequences[i], sequences[i - 1] + 1);
}

TEST(WatchJobs, InitialShowsEachLiveJobOnce) {
  Daemon daemon;
  for (int i = 0; i < 7; ++i) daemon.submit("j" + std::to_string(i), true);
  Watch watch(daemon, initial());
  std::set<std::string> jobs;
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(watch.next());
    EXPECT_EQ(watch.last.event().kind(), v1::JobEvent::KIND_UNSPECIFIED);
    EXPECT_TRUE(watch.last.resume_token().empty());
    jobs.insert(watch.last.event().job());
  }
  EXPECT_EQ(jobs.size(), 7U);
  EXPECT_FALSE(open_at_present(watch).empty());
}

TEST(WatchJobs, OneJobOnly) {
  Daemon daemon;
  auto const one = daemon.submit_later("one");
  auto const two = daemon.submit_later("two");
  v1::WatchJobsRequest request = initial();
  request.set_name(two.name());
  Watch watch(daemon, request);
  ASSERT_FALSE(open_at_present(watch).empty());
  daemon.touch(one.name());
  daemon.touch(two.name());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(watch.next());
    EXPECT_EQ(watch.last.event().job(), two.name());
  }
  request.set_name("projects/default/jobs/99");
  Watch missing(daemon, request);
  EXPECT_FALSE(missing.next());
  EXPECT_EQ(missing.reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(WatchJobs, SlowReaderGetsAGap) {
  Daemon daemon([](RpcParts& parts) { parts.options.watch_queue = 8; });
  Watch watch(daemon, initial());
  ASSERT_FALSE(open_at_present(watch).empty());
  v1::BatchSubmitJobsRequest batch;
  for (int i = 0; i < 100; ++i) *batch.add_requests() = daemon.request("b" + std::to_string(i), true);
  v1::BatchSubmitJobsResponse accepted;
  grpc::ClientContext context;
  ASSERT_TRUE(daemon.jobs->BatchSubmitJobs(&context, batch, &accepted).ok());
  std::int64_t expected = 1;
  bool gap = false;
  for (int i = 0; i < 100 && !gap; ++i) {
    ASSERT_TRUE(watch.next());
    if (watch.last.has_gap()) {
      gap = true;
      EXPECT_EQ(watch.last.gap().from_sequence(), expected);
    } else {
      EXPECT_EQ(watch.last.event().sequence(), expected++);
    }
  }
  EXPECT_TRUE(gap);
  // The stream goes on behind the gap; its token is good.
  auto const job = daemon.submit("after", true);
  do {
    ASSERT_TRUE(watch.next());
  } while (!watch.last.has_event() || watch.last.event().job() != job.name());
}

TEST(WatchJobs, TokensOfAnotherStoreHaveExpired) {
  Daemon daemon;
  for (char const* token : {"6f746865723a35", "66616b652d65706f63683a3939"}) {  // other:5, fake-epoch:99
    v1::WatchJobsRequest request;
    request.set_resume_token(token);
    Watch watch(daemon, request);
    EXPECT_FALSE(watch.next());
    auto const status = watch.reader->Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
    EXPECT_EQ(reason_of(status), "RESUME_TOKEN_EXPIRED");
  }
}

TEST(WatchJobs, StreamsPerUserAreLimited) {
  Daemon daemon([](RpcParts& parts) { parts.options.streams_per_uid = 2; });
  Watch one(daemon, initial());
  Watch two(daemon, initial());
  ASSERT_FALSE(open_at_present(one).empty());
  ASSERT_FALSE(open_at_present(two).empty());
  Watch three(daemon, initial());
  EXPECT_FALSE(three.next());
  EXPECT_EQ(three.reader->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  one.cancel();
  ASSERT_TRUE(test::eventually([&] { return daemon.server->counters().streams == 1; }));
  Watch four(daemon, initial());
  EXPECT_FALSE(open_at_present(four).empty());
}

TEST(WatchJobs, BookmarksComeByThemselves) {
  Daemon daemon([](RpcParts& parts) { parts.options.bookmark_every = std::chrono::milliseconds{20}; });
  Watch watch(daemon, {});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(watch.reader->Read(&watch.last));
    EXPECT_TRUE(watch.last.has_bookmark());
    EXPECT_FALSE(watch.last.resume_token().empty());
  }
}

struct Log {
  Log(Daemon& daemon, std::string const& job, bool follow, std::int64_t offset = 0) {
    request.set_name(job);
    request.set_follow(follow);
    request.set_offset(offset);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds{30});
    reader = daemon.jobs->ReadLog(&context, request);
  }
  grpc::Status read_all() {
    v1::ReadLogResponse chunk;
    while (reader->Read(&chunk)) {
      EXPECT_LE(chunk.data().size(), 64U * 1024);
      text += chunk.data();
      first_offset = first_offset < 0 ? chunk.offset() : first_offset;
    }
    return reader->Finish();
  }
  v1::ReadLogRequest request;
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<v1::ReadLogResponse>> reader;
  std::string text;
  std::int64_t first_offset = -1;
};

TEST(ReadLog, FollowsFromBeforeTheStartToTheEnd) {
  Daemon daemon([](RpcParts& parts) { parts.options.log_poll_every = std::chrono::milliseconds{5}; });
  auto const job = daemon.submit("talks", true);
  auto const id = Daemon::id_of(job);
  Log log(daemon, job.name(), true);
  auto reading = std::async(std::launch::async, [&] { return log.read_all(); });
  grpc::ClientContext context;
  v1::ReleaseJobRequest release;
  release.set_name(job.name());
  v1::ReleaseJobResponse released;
  ASSERT_TRUE(daemon.jobs->ReleaseJob(&context, release, &released).ok());
  auto const segment = daemon.confirm_start(id);
  daemon.logs.append(id, 1, "hello\n");
  std::string const much(200'000, 'x');
  daemon.logs.append(id, 1, much);
  daemon.logs.append(id, 1, "bye\n");
  daemon.end(segment);
  auto const status = reading.get();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(log.text, "hello\n" + much + "bye\n");
}

TEST(ReadLog, ReadsFromTheEndWithoutFollowing) {
  Daemon daemon;
  auto const job = daemon.submit("talks");
  auto const id = Daemon::id_of(job);
  auto const segment = daemon.confirm_start(id);
  daemon.logs.append(id, 1, "0123456789");
  daemon.end(segment);
  Log log(daemon, job.name(), false, -4);
  ASSERT_TRUE(log.read_all().ok());
  EXPECT_EQ(log.text, "6789");
  EXPECT_EQ(log.first_offset, 6);
}

TEST(ReadLog, NewAttemptsFollowInOrder) {
  Daemon daemon([](RpcParts& parts) { parts.options.log_poll_every = std::chrono::milliseconds{5}; });
  auto request = daemon.request("again");
  request.mutable_spec()->mutable_retry()->set_max(1);
  request.mutable_spec()->mutable_retry()->add_exit_codes(33);
  v1::SubmitJobResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(daemon.jobs->SubmitJob(&context, request, &response).ok());
  auto const id = Daemon::id_of(response.job());
  Log log(daemon, response.job().name(), true);
  auto const first = daemon.confirm_start(id);
  daemon.logs.append(id, 1, "first;");
  v1::ReadLogResponse chunk;
  ASSERT_TRUE(log.reader->Read(&chunk));
  EXPECT_EQ(chunk.attempt(), 1);
  log.text = chunk.data();
  auto reading = std::async(std::launch::async, [&] { return log.read_all(); });
  daemon.end(first, 33);
  ASSERT_TRUE(test::eventually([&] { return daemon.runner.started(id)->attempt == 2; }));
  auto const second = daemon.confirm_start(id);
  daemon.logs.append(id, 2, "second;");
  daemon.end(second);
  auto const status = reading.get();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(log.text, "first;second;");
}

TEST(ReadLog, SaysWhyThereIsNothing) {
  Daemon daemon;
  auto const job = daemon.submit("held", true);
  Log log(daemon, job.name(), false);
  auto const status = log.read_all();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(reason_of(status), "JOB_NOT_STARTED");
  grpc::ClientContext context;
  v1::ReadLogRequest request;
  request.set_name(job.name());
  request.set_follow(true);
  request.mutable_start_timeout()->set_nanos(20'000'000);
  auto const reader = daemon.jobs->ReadLog(&context, request);
  v1::ReadLogResponse chunk;
  EXPECT_FALSE(reader->Read(&chunk));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

// The output of a job whose run directory was removed ended without a word, or was said not to have begun.
TEST(ReadLog, SaysThatTheRunDirectoryIsGone) {
  Daemon daemon;
  auto const job = daemon.submit("gone");
  auto const id = Daemon::id_of(job);
  daemon.end(daemon.confirm_start(id));  // its log is not there
  grpc::ClientContext context;
  v1::WaitJobRequest wait;
  wait.set_name(job.name());
  v1::WaitJobResponse ended;
  ASSERT_TRUE(daemon.jobs->WaitJob(&context, wait, &ended).ok());
  for (bool const follow : {false, true}) {
    Log log(daemon, job.name(), follow);
    auto const status = log.read_all();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_EQ(reason_of(status), "LOG_GONE");
    EXPECT_EQ(status.error_message(),
              "The output of attempt 1 is gone: the run directory of the job was removed.");
  }
}

TEST(ReadLog, IsForTheOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to connect as another user";
  Daemon daemon;
  auto const job = daemon.submit("private");
  daemon.confirm_start(Daemon::id_of(job));
  daemon.logs.append(Daemon::id_of(job), 1, "secret");
  auto const other = v1::JobService::NewStub(daemon.channel_as(1001));
  grpc::ClientContext context;
  v1::ReadLogRequest request;
  request.set_name(job.name());
  auto const reader = other->ReadLog(&context, request);
  v1::ReadLogResponse chunk;
  EXPECT_FALSE(reader->Read(&chunk));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST(Shutdown, FinishesStreamsAndWaits) {
  Daemon daemon;
  auto const job = daemon.submit("held", true);
  Watch watch(daemon, initial());
  ASSERT_FALSE(open_at_present(watch).empty());
  Log log(daemon, job.name(), true);
  auto reading = std::async(std::launch::async, [&] { return log.read_all(); });
  v1::WaitJobRequest request;
  request.set_name(job.name());
  v1::WaitJobResponse response;
  grpc::ClientContext context;
  auto waiting =
      std::async(std::launch::async, [&] { return daemon.jobs->WaitJob(&context, request, &response); });
  ASSERT_TRUE(test::eventually([&] {
    auto const counters = daemon.server->counters();
    return counters.streams == 2 && counters.waits == 1;
  }));

  auto const begin = std::chrono::steady_clock::now();
  daemon.server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{10});
  EXPECT_FALSE(watch.next());
  auto const status = watch.reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(reason_of(status), "SHUTTING_DOWN");
  EXPECT_EQ(reading.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(waiting.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(std::filesystem::exists(daemon.dir.path() / "d.sock"));
}

}  // namespace
}  // namespace greenq::rpc
