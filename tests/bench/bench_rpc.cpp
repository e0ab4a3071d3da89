// Load for a running greenqd over its unix socket. One mode per call, one JSON object on standard output.
//
//   bench_rpc SOCKET submit COUNT CONNECTIONS   held jobs, one call each; latency of each call, rate of all
//   bench_rpc SOCKET fill COUNT                 held jobs, 1000 a call
//   bench_rpc SOCKET list COUNT                 COUNT times the first page of 100
//   bench_rpc SOCKET start COUNT                run-now jobs one after the other: submit -> STARTED seen by a
//   watcher bench_rpc SOCKET fsync COUNT                no daemon: 4 KiB appended and fdatasync-ed in the
//   working directory
//
// Held jobs keep the planner and the runner out of the submit figures. Times are milliseconds.
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "greenq/v1/job_service.grpc.pb.h"

namespace {

using greenq::v1::JobService;
using SteadyTime = std::chrono::steady_clock::time_point;

SteadyTime now() {
  return std::chrono::steady_clock::now();
}
double ms_since(SteadyTime begin) {
  return std::chrono::duration<double, std::milli>(now() - begin).count();
}

[[noreturn]] void die(std::string const& message) {
  std::fprintf(stderr, "bench_rpc: %s\n", message.c_str());
  std::exit(1);
}

void require(grpc::Status const& status, char const* what) {
  if (!status.ok()) die(std::string(what) + ": " + status.error_message());
}

// A connection of its own, not one shared with other channels of this process.
std::unique_ptr<JobService::Stub> connect(std::string const& socket) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  auto channel = grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) {
    die("nobody answers at " + socket);
  }
  return JobService::NewStub(channel);
}

void set_deadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
}

void fill_spec(greenq::v1::JobSpec& spec, bool hold) {
  spec.add_command("/bin/true");
  spec.set_workdir("/");
  spec.set_hold(hold);
  spec.mutable_resources()->set_cpus(1);
  spec.mutable_time_limit()->set_seconds(60);
  spec.mutable_carbon()->set_mode(greenq::v1::CarbonPolicy::MODE_NONE);
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  auto const at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size()))) - 1;
  return values[std::min(at, values.size() - 1)];
}

void print(std::vector<double> values, double seconds) {
  auto const count = values.size();
  std::printf("{\"count\": %zu, \"p50_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f, \"per_s\": %.1f}\n",
              count, percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1.0),
              static_cast<double>(count) / seconds);
}

void submit(std::string const& socket, int count, int connections) {
  std::vector<std::vector<double>> latencies(static_cast<std::size_t>(connections));
  std::vector<std::unique_ptr<JobService::Stub>> stubs;
  for (int i = 0; i < connections; ++i) stubs.push_back(connect(socket));
  std::atomic<int> left = count;
  auto const begin = now();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < stubs.size(); ++i) {
    threads.emplace_back([&, i] {
      greenq::v1::SubmitJobRequest request;
      fill_spec(*request.mutable_spec(), true);
      while (left.fetch_sub(1) > 0) {
        grpc::ClientContext context;
        set_deadline(context);
        greenq::v1::SubmitJobResponse response;
        auto const start = now();
        require(stubs[i]->SubmitJob(&context, request, &response), "SubmitJob");
        latencies[i].push_back(ms_since(start));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  auto const seconds = ms_since(begin) / 1000;
  std::vector<double> all;
  for (auto const& part : latencies) all.insert(all.end(), part.begin(), part.end());
  print(std::move(all), seconds);
}

void fill(std::string const& socket, int count) {
  auto const stub = connect(socket);
  std::vector<double> latencies;
  auto const begin = now();
  for (int done = 0; done < count; done += 1000) {
    greenq::v1::BatchSubmitJobsRequest request;
    for (int i = done; i < std::min(count, done + 1000); ++i)
      fill_spec(*request.add_requests()->mutable_spec(), true);
    grpc::ClientContext context;
    set_deadline(context);
    greenq::v1::BatchSubmitJobsResponse response;
    auto const start = now();
    require(stub->BatchSubmitJobs(&context, request, &response), "BatchSubmitJobs");
    latencies.push_back(ms_since(start));
  }
  print(std::move(latencies), ms_since(begin) / 1000);
}

void list(std::string const& socket, int count) {
  auto const stub = connect(socket);
  std::vector<double> latencies;
  auto const begin = now();
  for (int i = 0; i < count; ++i) {
    greenq::v1::ListJobsRequest request;
    request.set_parent("projects/-");
    request.set_page_size(100);
    grpc::ClientContext context;
    set_deadline(context);
    greenq::v1::ListJobsResponse response;
    auto const start = now();
    require(stub->ListJobs(&context, request, &response), "ListJobs");
    latencies.push_back(ms_since(start));
  }
  print(std::move(latencies), ms_since(begin) / 1000);
}

void start(std::string const& socket, int count) {
  auto const stub = connect(socket);
  grpc::ClientContext watch_context;
  auto const reader = stub->WatchJobs(&watch_context, greenq::v1::WatchJobsRequest{});
  std::vector<double> latencies;
  auto const begin = now();
  for (int i = 0; i < count; ++i) {
    greenq::v1::SubmitJobRequest request;
    fill_spec(*request.mutable_spec(), false);
    grpc::ClientContext context;
    set_deadline(context);
    greenq::v1::SubmitJobResponse response;
    auto const sent = now();
    require(stub->SubmitJob(&context, request, &response), "SubmitJob");
    bool started = false;
    bool ended = false;
    greenq::v1::WatchJobsResponse message;
    while (!ended && reader->Read(&message)) {
      if (!message.has_event() || message.event().job() != response.job().name()) continue;
      if (message.event().kind() == greenq::v1::JobEvent::KIND_STARTED && !started) {
        latencies.push_back(ms_since(sent));
        started = true;
      }
      ended = message.event().kind() == greenq::v1::JobEvent::KIND_ENDED;
    }
    if (!started) die("no STARTED event for " + response.job().name());
  }
  auto const seconds = ms_since(begin) / 1000;
  watch_context.TryCancel();
  print(std::move(latencies), seconds);
}

void fsync_cost(int count) {
  int const fd = open("bench-fsync.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) die("cannot write bench-fsync.tmp here");
  std::array<char, 4096> const block{};
  std::vector<double> latencies;
  auto const begin = now();
  for (int i = 0; i < count; ++i) {
    auto const start = now();
    if (write(fd, block.data(), block.size()) != static_cast<ssize_t>(block.size()) || fdatasync(fd) != 0) {
      die("cannot write");
    }
    latencies.push_back(ms_since(start));
  }
  auto const seconds = ms_since(begin) / 1000;
  close(fd);
  unlink("bench-fsync.tmp");
  print(std::move(latencies), seconds);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> const arguments(argv + 1, argv + argc);
  auto const number = [&](std::size_t at) {
    return at < arguments.size() ? std::atoi(arguments[at].c_str()) : 0;
  };
  if (arguments.size() < 3 || number(2) < 1)
    die("usage: bench_rpc SOCKET submit|fill|list|start|fsync COUNT [CONNECTIONS]");
  auto const& mode = arguments[1];
  if (mode == "submit") submit(arguments[0], number(2), std::max(1, number(3)));
  if (mode == "fill") fill(arguments[0], number(2));
  if (mode == "list") list(arguments[0], number(2));
  if (mode == "start") start(arguments[0], number(2));
  if (mode == "fsync") fsync_cost(number(2));
  return 0;
}
