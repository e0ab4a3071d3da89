// One unary call of the callback API.
//
// Whoever takes the call first (`take()`) owns the response and finishes the reactor: a handler's answer, a
// cancel by the client or its deadline, or the server's own deadline. All others find it taken and do
// nothing, so late answers of the core are harmless. A reactor that is not finished on cancel would hang
// Server::Shutdown.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "rpc/alarm_time.hpp"
#include "rpc/context.hpp"
#include "rpc/errors.hpp"

namespace greenq::rpc {

template <class Response>
class Call {
 public:
  Call(ContextPtr context, grpc::ServerUnaryReactor& reactor, Response& response, Rpc rpc)
      : context_(std::move(context)), reactor_(reactor), response_(response), rpc_(rpc) {}
  Call(Call const&) = delete;
  Call& operator=(Call const&) = delete;

  core::Principal const& who() const { return who_; }
  Rpc rpc() const { return rpc_; }
  Context& context() const { return *context_; }

  // fill(Response&) runs only if the call is still open.
  template <class Fill>
  void answer(Fill&& fill) {
    if (taken_.exchange(true)) return;
    std::forward<Fill>(fill)(response_);
    finish(grpc::Status::OK);
  }
  void fail(core::Error const& error) {
    if (!taken_.exchange(true)) finish(to_status(error));
  }
  void cancelled() {
    if (!taken_.exchange(true)) finish(grpc::Status::CANCELLED);
  }
  bool open() const { return !taken_.load(); }

  // Runs once when the call is taken, on the thread that takes it. Set before the call goes asynchronous.
  void on_end(std::function<void()> end) { end_ = std::move(end); }

 private:
  template <class R, class Body>
  friend grpc::ServerUnaryReactor* handle(ContextPtr const&, grpc::CallbackServerContext*, R*, Rpc, bool,
                                          Body&&);

  void finish(grpc::Status const& status) {
    if (end_) end_();
    alarm_.Cancel();
    // Last: the reactor may be gone when this returns. Never under a lock: callbacks of other calls may run
    // inside.
    reactor_.Finish(status);
  }

  ContextPtr context_;
  grpc::ServerUnaryReactor& reactor_;
  Response& response_;
  Rpc rpc_;
  core::Principal who_;
  std::atomic<bool> taken_{false};
  std::function<void()> end_;
  grpc::Alarm alarm_;
};

template <class Response>
using CallPtr = std::shared_ptr<Call<Response>>;

template <class Response>
class UnaryReactor final : public grpc::ServerUnaryReactor {
 public:
  UnaryReactor(ContextPtr const& context, Response& response, Rpc rpc)
      : call_(std::make_shared<Call<Response>>(context, *this, response, rpc)) {}
  CallPtr<Response> const& call() const { return call_; }
  void OnCancel() override { call_->cancelled(); }
  void OnDone() override { delete this; }

 private:
  CallPtr<Response> call_;
};

// Admits the caller and runs body(CallPtr). `deadline`: the server sets its own for calls that bring none.
template <class Response, class Body>
grpc::ServerUnaryReactor* handle(ContextPtr const& context, grpc::CallbackServerContext* server_context,
                                 Response* response, Rpc rpc, bool deadline, Body&& body) {
  auto* reactor = new UnaryReactor<Response>(context, *response, rpc);
  CallPtr<Response> const call = reactor->call();
  auto who = context->admit(server_context->peer());
  if (!who) {
    call->fail(who.error());
    return reactor;
  }
  call->who_ = std::move(*who);
  bool const none =
      server_context->deadline() > std::chrono::system_clock::now() + std::chrono::hours{24 * 365};
  if (deadline && none) {
    call->alarm_.Set(alarm_after(context->parts.options.unary_deadline),
                     [weak = std::weak_ptr(call)](bool fired) {
                       auto const late = fired ? weak.lock() : nullptr;
                       if (late) {
                         late->fail({core::ErrorCode::kDeadlineExceeded, "SERVER_DEADLINE",
                                     "The daemon took too long to answer; look before you repeat the call."});
                       }
                     });
  }
  std::forward<Body>(body)(call);
  return reactor;
}

// Unwraps a Result inside a handler: the value goes on, an error ends the call.
template <class Response, class T>
bool failed(CallPtr<Response> const& call, core::Result<T> const& result) {
  if (result) return false;
  call->fail(result.error());
  return true;
}

}  // namespace greenq::rpc
