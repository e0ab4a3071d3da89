// Calls that may hang, such as a lookup of a name or reading from a network mount, kept off the io thread:
// each runs on a thread of its own, and whoever waits for it gives up in time.
//
// A thread that hangs is left behind: it ends when its call does, and what it found out is dropped if nobody
// waits any more. Of one key there is one call at a time, so there are as many threads as keys at most.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "feed/http.hpp"

namespace greenq::feed {

// Callbacks and timers are those of the host, which outlives it. All on the host's thread, but for close().
class Blocking {
 public:
  explicit Blocking(FeedHost& host);
  ~Blocking();
  Blocking(Blocking const&) = delete;
  Blocking& operator=(Blocking const&) = delete;

  // As FeedHost::run_blocking().
  void run(std::string const& key, core::Span limit, BlockingCall call, BlockingDone done);
  // Forgets all who wait; nothing is posted to the host after it returned. When the host runs nothing more.
  void close();

 private:
  struct Mailbox;
  struct Waiter {
    std::uint64_t id = 0;
    std::uint64_t timer = 0;
    BlockingDone done;
  };
  void ended(std::string const& key, std::any const& result);
  void give_up(std::string const& key, std::uint64_t id, core::Span limit);

  FeedHost& host_;
  std::shared_ptr<Mailbox> mailbox_;  // shared with the threads
  std::map<std::string, std::vector<Waiter>> running_;
  std::uint64_t newest_ = 0;
};

// How limits are named: "5 s", "0.250 s".
std::string seconds_text(core::Span span);

// The same for the start of the daemon: waits here, at most that long. kUnavailable as run_blocking().
core::Result<std::any> call_within(core::Span limit, BlockingCall call);

}  // namespace greenq::feed
