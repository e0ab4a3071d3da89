// A FeedHost on a virtual clock: timers without waiting and a server that is a function. One thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "feed/http.hpp"
#include "feed_fixture.hpp"

namespace greenq::test {

class FakeHost final : public feed::FeedHost {
 public:
  struct Served {
    core::Result<feed::HttpReply> result;
    core::Span takes{200};
  };
  struct Asked {
    core::Instant at{};
    feed::HttpRequest request;
    // Empty: not sent.
    std::string header(std::string const& name) const {
      for (auto const& [key, value] : request.headers) {
        if (key == name) return value;
      }
      return {};
    }
  };

  explicit FakeHost(core::Instant start) : clock(start) {}

  FakeClock clock;
  std::function<Served(feed::HttpRequest const&)> serve;
  std::vector<Asked> asked;  // while `keep`
  bool keep = true;
  // Blocking calls run at once, but those of keys for which this holds never end.
  std::function<bool(std::string const& key)> hangs;

  void stop() override { tasks_.clear(); }
  void post(std::function<void()> task) override { after(core::Span{0}, std::move(task)); }
  std::uint64_t after(core::Span delay, std::function<void()> task) override {
    tasks_.emplace(std::pair(clock.steady() + delay, ++newest_), std::move(task));
    return newest_;
  }
  void cancel(std::uint64_t timer) override {
    std::erase_if(tasks_, [&](auto const& each) { return each.first.second == timer; });
  }
  // Keeps the limits of the request as the real one does.
  void get(feed::HttpRequest request, std::function<void(core::Result<feed::HttpReply>)> done) override {
    Served served = serve(request);
    if (served.result && served.result->body.size() > request.max_body) {
      served.result =
          core::fail(core::ErrorCode::kOutOfRange, "TOO_LARGE", "the reply is larger than allowed");
    }
    if (served.takes > request.total_timeout) {
      served.takes = request.total_timeout;
      served.result = core::fail(core::ErrorCode::kUnavailable, "TIMEOUT", "the reply took too long");
    }
    if (keep) asked.push_back({clock.now(), std::move(request)});
    after(served.takes, [done = std::move(done), result = std::move(served.result)] { done(result); });
  }

  void run_blocking(std::string key, core::Span limit, feed::BlockingCall call,
                    feed::BlockingDone done) override {
    if (!hangs || !hangs(key)) {
      return post([result = call(), done = std::move(done)] { done(result); });
    }
    after(limit, [done = std::move(done)] {
      done(core::fail(core::ErrorCode::kUnavailable, "TIMEOUT", "it did not end in time"));
    });
  }

  // Runs the next task, if there is one until then.
  bool step(core::Instant until) {
    if (tasks_.empty() || tasks_.begin()->first.first > core::Span{core::to_ms(until)}) return false;
    auto const next = tasks_.extract(tasks_.begin());
    clock.set(core::from_ms(next.key().first.count()));
    next.mapped()();
    return true;
  }
  void run_until(core::Instant end) {
    while (step(end)) {
    }
    clock.set(end);
  }
  void run_for(core::Span span) { run_until(clock.now() + span); }
  // Until it holds; false: it never did within two days.
  template <class Condition>
  bool run_until_true(Condition condition) {
    core::Instant const end = clock.now() + std::chrono::hours{48};
    while (!condition()) {
      if (!step(end)) return false;
    }
    return true;
  }
  std::size_t waiting() const { return tasks_.size(); }

 private:
  std::map<std::pair<core::Span, std::uint64_t>, std::function<void()>> tasks_;
  std::uint64_t newest_ = 0;
};

inline FakeHost::Served served(int status, std::string body, std::string type = "application/json") {
  feed::HttpReply reply;
  reply.status = status;
  reply.content_type = std::move(type);
  reply.body = std::move(body);
  return {std::move(reply)};
}

}  // namespace greenq::test
