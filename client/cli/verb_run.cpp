// greenq run FILE: submits one job and stays with it. Output goes to the same streams as the job's; what
// greenq says goes to standard error. Ctrl-C detaches, the job goes on.
#include <atomic>
#include <mutex>
#include <ostream>
#include <thread>

#include "client/cli/cli.hpp"
#include "client/cli/ending.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/streams.hpp"
#include "client/cli/submission.hpp"

namespace greenq::client {
namespace {

constexpr int kInterrupted = 130;

// The three streams of one attached job, each on its own thread.
class Attachment {
 public:
  Attachment(Context& context, std::string job)
      : context_(context), connection_(context.connection()), job_(std::move(job)) {}

  // True: the job's log ended. False: detached.
  Result<bool> follow() {
    InterruptWatch const interrupts([this] {
      interrupted_ = true;
      for (auto* canceller : {&events_, &errors_, &output_}) canceller->cancel();
    });
    std::thread events([this] { watch(); });
    std::thread errors([this] { read(v1::ReadLogRequest::STREAM_STDERR, context_.err(), errors_); });
    auto const result = read(v1::ReadLogRequest::STREAM_STDOUT, output_stream(), output_);
    if (!result) errors_.cancel();
    errors.join();
    events_.cancel();
    events.join();
    if (interrupted_) return false;
    if (!result) return tl::unexpected<Failure>(result.error());
    return true;
  }

  void say(std::string_view text) {
    std::lock_guard const lock(mutex_);
    context_.out().flush();
    context_.err() << text << '\n' << std::flush;
  }

 private:
  // In JSON mode standard output carries one value, the ended job.
  std::ostream& output_stream() { return context_.json() ? context_.err() : context_.out(); }

  Result<int> read(v1::ReadLogRequest::Stream stream, std::ostream& to, Canceller& canceller) {
    LogQuery query;
    query.job = job_;
    query.stream = stream;
    query.follow = true;
    bool const speaks = stream == v1::ReadLogRequest::STREAM_STDOUT;
    return read_log(
        connection_, query, context_.env(), canceller,
        [&](std::string_view data) {
          std::lock_guard const lock(mutex_);
          to << data << std::flush;
        },
        [&](std::string_view notice) {
          if (speaks) say(notice);
        });
  }

  // Says why the job waits, until it runs, and each pause after that.
  void watch() {
    EventSink sink;
    std::string last;
    sink.on_event = [&](v1::JobEvent const& event) {
      bool const waits = event.state() == v1::Job::STATE_QUEUED || event.state() == v1::Job::STATE_PAUSED;
      std::string line = waits ? "waiting" : state_text(event.state());
      if (auto const more = event_text(event, context_.now()); !more.empty()) line += ": " + more;
      if (line != last && !is_terminal(event.state())) say("-- " + line);
      last = line;
      return !is_terminal(event.state());
    };
    sink.on_bookmark = [] { return true; };
    sink.on_relist = [] { return true; };
    // The log stream decides about success; without events the job is only less talkative.
    (void)watch_jobs(connection_, job_, true, context_.env(), events_, sink, [](std::string_view) {});
  }

  Context& context_;
  Connection& connection_;
  std::string job_;
  std::mutex mutex_;  // the streams of the context
  std::atomic<bool> interrupted_ = false;
  Canceller events_;
  Canceller errors_;
  Canceller output_;
};

Result<int> run_job(Context& context, SubmitOptions const& options) {
  SubmitOptions one = options;
  one.single = true;
  auto const jobs = submit_file(context, one, context.for_people());
  if (!jobs) return tl::unexpected<Failure>(jobs.error());
  auto const& job = jobs->front().job;
  Attachment attachment(context, job.name());
  if (context.for_people())
    attachment.say("-- " + submitted_line(jobs->front(), context.now()) + " · times in " +
                   zone_name(context.now()));
  auto const ended = attachment.follow();
  if (!ended) return tl::unexpected<Failure>(ended.error());
  auto const id = short_id(job.name());
  if (!*ended) {
    attachment.say("-- detached; job " + id + " goes on. See it with `greenq logs -f " + id +
                   "`, stop it with `greenq cancel " + id + "`");
    return kInterrupted;
  }
  auto const final_job = wait_for_end(context, job.name(), std::nullopt, kCallTimeout, [] {});
  if (!final_job) return tl::unexpected<Failure>(final_job.error());
  if (context.json()) context.out() << to_json(**final_job) << '\n';
  if (context.for_people()) attachment.say("-- " + ending_line(**final_job, context.now()));
  return exit_code_of(**final_job);
}

}  // namespace

void add_run(Cli& cli) {
  auto const options = std::make_shared<SubmitOptions>();
  auto* const command = cli.add("run", "Submit one job, show its output and end with its exit code",
                                [options](Context& context) { return run_job(context, *options); });
  add_file_options(*command, *options);
  add_request_id(*command, *options);
}

}  // namespace greenq::client
