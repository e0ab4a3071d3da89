// One server-streaming call of the callback API.
//
// The reactor belongs to gRPC and dies in OnDone; the state lives as long as somebody (reads, hub, alarm) may
// call it back. One write is in flight at most; Finish waits for it, so no write can follow it. After a
// cancel the write fails at once, so the wait is short. gRPC is never called under the mutex: it may run
// other callbacks inline.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

#include "rpc/alarm_time.hpp"
#include "rpc/context.hpp"
#include "rpc/errors.hpp"

namespace greenq::rpc {

template <class Response>
class Stream : public std::enable_shared_from_this<Stream<Response>> {
 public:
  Stream(ContextPtr context, Rpc rpc) : context_(std::move(context)), rpc_(rpc) {}
  virtual ~Stream() = default;
  Stream(Stream const&) = delete;
  Stream& operator=(Stream const&) = delete;

  // Ends the stream; what is not written yet is dropped. Any thread, any number of times: the first wins.
  void end(grpc::Status status) {
    {
      std::lock_guard const lock(mutex_);
      if (!end_) end_ = std::move(status);
    }
    pump();
  }
  void fail(core::Error const& error) { end(to_status(error)); }

  // Makes the reactor that gRPC owns. Counts the stream, or ends it at once.
  template <class Begin>
  static grpc::ServerWriteReactor<Response>* open(std::shared_ptr<Stream> const& stream,
                                                  grpc::CallbackServerContext* server_context,
                                                  Begin&& begin) {
    auto* reactor = new Reactor(stream);
    stream->reactor_ = reactor;
    auto who = stream->context_->admit(server_context->peer());
    if (!who) {
      stream->fail(who.error());
      return reactor;
    }
    stream->who_ = std::move(*who);
    stream->slot_ =
        stream->context_->streams.add(stream->who_.uid, stream->context_->parts.options.streams_per_uid,
                                      [weak = std::weak_ptr(stream)](core::Error const& error) {
                                        if (auto const live = weak.lock()) live->fail(error);
                                      });
    if (!stream->slot_) {
      stream->fail(stream->context_->phase == Phase::kStopping ? shutting_down() : too_many());
      return reactor;
    }
    std::forward<Begin>(begin)();
    return reactor;
  }

 protected:
  // With the mutex held: fills the next response, or false when there is none now.
  virtual bool produce(Response& response) = 0;
  // Nothing to write now. Called without the mutex; may fetch more.
  virtual void idle() = 0;
  // Once, before the reactor is finished. Without the mutex.
  virtual void closed() = 0;

  void pump() {
    std::optional<grpc::Status> last;
    bool write = false;
    {
      std::lock_guard const lock(mutex_);
      if (writing_ || finished_) return;
      if (end_) {
        finished_ = true;
        last = end_;
      } else {
        current_.Clear();
        write = writing_ = produce(current_);
      }
    }
    if (last) {
      release();
      reactor_->Finish(*last);  // the reactor may be gone now
    } else if (write) {
      reactor_->StartWrite(&current_);
    } else {
      idle();
    }
  }

  // Runs `then` after `delay` if the stream still lives. A slot holds one timer; arming it again replaces it.
  template <class Then>
  void arm(std::size_t slot, core::Span delay, Then then) {
    auto alarm = std::make_shared<grpc::Alarm>();
    std::shared_ptr<grpc::Alarm> old;
    {
      std::lock_guard const lock(mutex_);
      if (finished_) return;
      old = std::exchange(alarms_.at(slot), alarm);
    }
    alarm->Set(alarm_after(delay), [weak = this->weak_from_this(), then = std::move(then)](bool fired) {
      auto const live = fired ? weak.lock() : nullptr;
      if (live && !live->is_finished()) then();
    });
  }

  bool is_finished() const {
    std::lock_guard const lock(mutex_);
    return finished_;
  }
  bool ending() const { return end_.has_value(); }  // with the mutex held

  core::Principal const& who() const { return who_; }
  Rpc rpc() const { return rpc_; }
  Context& context() const { return *context_; }

  mutable std::mutex mutex_;

 private:
  class Reactor final : public grpc::ServerWriteReactor<Response> {
   public:
    explicit Reactor(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
    void OnWriteDone(bool ok) override { stream_->written(ok); }
    void OnCancel() override { stream_->end(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

   private:
    std::shared_ptr<Stream> stream_;
  };

  static core::Error too_many() {
    return {core::ErrorCode::kResourceExhausted, "TOO_MANY_STREAMS",
            "You have too many open streams; end some of them first."};
  }

  void written(bool ok) {
    {
      std::lock_guard const lock(mutex_);
      writing_ = false;
      if (!ok && !end_) end_ = grpc::Status::CANCELLED;
    }
    pump();
  }

  void release() {
    if (slot_) context_->streams.remove(*slot_);
    std::array<std::shared_ptr<grpc::Alarm>, 2> alarms;
    {
      std::lock_guard const lock(mutex_);
      alarms.swap(alarms_);
    }
    closed();
  }

  ContextPtr context_;
  Rpc rpc_;
  core::Principal who_;
  grpc::ServerWriteReactor<Response>* reactor_ = nullptr;
  std::optional<int> slot_;
  Response current_;
  std::optional<grpc::Status> end_;
  bool writing_ = false;
  bool finished_ = false;
  std::array<std::shared_ptr<grpc::Alarm>, 2> alarms_;
};

}  // namespace greenq::rpc
