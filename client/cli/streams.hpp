// Long streams that survive a restart of the daemon.
#pragma once

#include <grpcpp/client_context.h>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "client/cli/cli.hpp"

namespace greenq::client {

// Ends streams from another thread. Thread-safe; a stream attached after cancel() is cancelled at once.
class Canceller {
 public:
  void cancel();
  bool cancelled() const;
  void attach(grpc::ClientContext* context);  // nullptr detaches; before the context dies

 private:
  mutable std::mutex mutex_;
  grpc::ClientContext* context_ = nullptr;
  bool cancelled_ = false;
};

// How long a lost connection is tried again before it is an error.
inline constexpr Milliseconds kReconnectFor{60'000};

using Notice = std::function<void(std::string_view)>;  // "-- reconnected, no events lost --"

struct LogQuery {
  std::string job;  // resource name
  int attempt = 0;  // 0: the newest, and in follow mode those after it
  v1::ReadLogRequest::Stream stream = v1::ReadLogRequest::STREAM_STDOUT;
  std::int64_t offset = 0;
  bool follow = false;
};

// Hands every byte to `sink`, in order, each once, also across reconnects (only with follow). Blocks. Ends at
// the end of the log (follow: of the job), on cancel (no failure) or with a failure.
Result<int> read_log(Connection& connection, LogQuery query, Environment& env, Canceller& canceller,
                     std::function<void(std::string_view)> const& sink, Notice const& notice);

struct EventSink {
  // False ends the watch.
  std::function<bool(v1::JobEvent const&)> on_event;
  // A sign of life without event; false ends the watch.
  std::function<bool()> on_bookmark;
  // Events are missing and the live jobs follow as events of kind UNSPECIFIED; false ends the watch.
  std::function<bool()> on_relist;
};

// Blocks. Ends when the sink says so, on cancel (no failure), or with a failure.
Result<int> watch_jobs(Connection& connection, std::string const& job, bool include_initial, Environment& env,
                       Canceller& canceller, EventSink const& sink, Notice const& notice);

}  // namespace greenq::client
