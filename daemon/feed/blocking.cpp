#include "feed/blocking.hpp"

#include <algorithm>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace greenq::feed {
namespace {

tl::unexpected<core::Error> too_late(core::Span limit) {
  return core::fail(core::ErrorCode::kUnavailable, "TIMEOUT", "it did not end within " + seconds_text(limit));
}

// Whether a thread could be started for it.
core::Result<void> start_thread(BlockingCall call, std::function<void(std::any)> deliver) {
  try {
    std::thread([call = std::move(call), deliver = std::move(deliver)] { deliver(call()); }).detach();
  } catch (std::system_error const& failed) {
    return core::fail(core::ErrorCode::kUnavailable, "NO_THREAD",
                      std::string("no thread could be started for it: ") + failed.what());
  }
  return {};
}

}  // namespace

struct Blocking::Mailbox {
  std::mutex mutex;
  Blocking* owner = nullptr;  // nothing: closed

  void deliver(std::string const& key, std::any result) {
    std::lock_guard const lock(mutex);
    if (owner == nullptr) return;
    owner->host_.post([owner = owner, key, result = std::move(result)] { owner->ended(key, result); });
  }
};

Blocking::Blocking(FeedHost& host) : host_(host), mailbox_(std::make_shared<Mailbox>()) {
  mailbox_->owner = this;
}

Blocking::~Blocking() {
  close();
}

void Blocking::close() {
  {
    std::lock_guard const lock(mailbox_->mutex);
    mailbox_->owner = nullptr;
  }
  running_.clear();
}

void Blocking::run(std::string const& key, core::Span limit, BlockingCall call, BlockingDone done) {
  auto const [place, first] = running_.try_emplace(key);
  if (first) {
    auto const started = start_thread(std::move(call), [mailbox = mailbox_, key](std::any result) {
      mailbox->deliver(key, std::move(result));
    });
    if (!started) {
      running_.erase(place);
      host_.post([done = std::move(done), why = started.error()] { done(tl::unexpected(why)); });
      return;
    }
  }
  std::uint64_t const id = ++newest_;
  std::uint64_t const timer = host_.after(limit, [this, key, id, limit] { give_up(key, id, limit); });
  place->second.push_back({id, timer, std::move(done)});
}

void Blocking::ended(std::string const& key, std::any const& result) {
  auto const call = running_.extract(key);
  if (call.empty()) return;
  for (Waiter const& waiter : call.mapped()) {
    host_.cancel(waiter.timer);
    waiter.done(result);
  }
}

void Blocking::give_up(std::string const& key, std::uint64_t id, core::Span limit) {
  auto const call = running_.find(key);
  if (call == running_.end()) return;
  auto& waiting = call->second;
  auto const found =
      std::find_if(waiting.begin(), waiting.end(), [id](Waiter const& each) { return each.id == id; });
  if (found == waiting.end()) return;
  BlockingDone const done = std::move(found->done);
  waiting.erase(found);
  done(too_late(limit));
}

std::string seconds_text(core::Span span) {
  std::string text = std::to_string(span.count() / 1000);
  if (auto const rest = span.count() % 1000; rest != 0) text += "." + std::to_string(1000 + rest).substr(1);
  return text + " s";
}

core::Result<std::any> call_within(core::Span limit, BlockingCall call) {
  auto const promise = std::make_shared<std::promise<std::any>>();
  auto result = promise->get_future();
  auto const started =
      start_thread(std::move(call), [promise](std::any value) { promise->set_value(std::move(value)); });
  if (!started) return tl::unexpected(started.error());
  if (result.wait_for(limit) != std::future_status::ready) return too_late(limit);
  return result.get();
}

}  // namespace greenq::feed
