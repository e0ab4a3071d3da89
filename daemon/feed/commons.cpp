#include "feed/commons.hpp"

#include <algorithm>

#include "feed/json.hpp"
#include "feed/poll_plan.hpp"
#include "feed/provider_parts.hpp"
#include "feed/reply.hpp"

namespace greenq::feed {
namespace {

// Fit to stand in a header, as the tokens of RFC 6750.
bool fit_token(std::string const& token) {
  bool const plain = std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
  return plain && !token.empty() && token.size() <= std::size_t{16} * 1024;
}

core::Error login_error(core::ErrorCode code, std::string message, HttpReply const& reply) {
  core::Error error{code, "LOGIN", std::move(message)};
  error.metadata["answered"] = "true";
  StatusClass const kind = classify(reply.status);
  if (kind == StatusClass::kOverloaded) error.metadata["retry_after"] = reply.retry_after;
  return error;
}

core::Result<std::string> token_of(core::Result<HttpReply> const& reply) {
  if (!reply) return tl::unexpected(reply.error());
  using core::ErrorCode;
  std::string const status = "the login was answered with HTTP status " + std::to_string(reply->status);
  auto const bad = [&](ErrorCode code, std::string const& words) {
    return tl::unexpected(login_error(code, words, *reply));
  };
  // A page of a firewall or of a server in trouble is not a word on the password.
  bool const refused = reply->status == 401 || (reply->status == 403 && parse_json(reply->body).has_value());
  if (refused) {
    return bad(ErrorCode::kPermissionDenied, status + ": check `user` and `secret_file` of this feed");
  }
  StatusClass const kind = classify(reply->status);
  if (kind == StatusClass::kPermanent) {
    return bad(ErrorCode::kFailedPrecondition, status + ": check `base_url` of this feed");
  }
  if (kind == StatusClass::kRedirect) {
    return bad(ErrorCode::kUnavailable,
               status + " and points to " + place_of(reply->location) + kNotFollowed);
  }
  if (kind != StatusClass::kOk) return bad(ErrorCode::kUnavailable, status);
  auto const body = parse_json(reply->body);
  auto token = body ? text_member(*body, "token") : std::nullopt;
  if (!token || !fit_token(*token)) {
    return bad(ErrorCode::kUnavailable, "the login was answered without a usable token");
  }
  return std::move(*token);
}

}  // namespace

void Commons::token(Login const& login, HttpRequest limits, std::string const& refused, GotToken done) {
  Session& session = sessions_[{login.url, login.user}];
  bool const good = !session.token.empty() && session.token != refused && clock_.steady() < session.until;
  if (good && session.waiting.empty()) return done(session.token);
  session.waiting.push_back(std::move(done));
  if (session.waiting.size() > 1) return;
  limits.url = login.url;
  limits.basic = {login.user, login.password};
  // Sessions are never removed, so the reference stays good.
  host_.get(std::move(limits), [self = shared_from_this(), &session,
                                lifetime = login.lifetime](core::Result<HttpReply> const& reply) {
    auto const token = token_of(reply);
    session.token = token ? *token : "";
    session.until = self->clock_.steady() + lifetime;
    auto const waiting = std::exchange(session.waiting, {});
    for (GotToken const& each : waiting) each(token);
  });
}

void Commons::get(HttpRequest request, core::Span shared_for, GotReply done) {
  if (shared_for == core::Span{0}) return host_.get(std::move(request), std::move(done));
  core::Span const now = clock_.steady();
  std::string const url = request.url;
  auto const known = replies_.find(url);
  if (known != replies_.end() && !known->second.waiting.empty()) {
    known->second.waiting.push_back(std::move(done));
    return;
  }
  if (known != replies_.end() && now < known->second.until) {
    auto const reply = known->second.reply;
    return done(reply);
  }
  forget_old();
  core::Span& free_at = free_at_[url.substr(0, url.find('?'))];
  if (now < free_at) {
    host_.after(free_at - now, [self = shared_from_this(), request = std::move(request), shared_for,
                                done = std::move(done)]() mutable {
      self->get(std::move(request), shared_for, std::move(done));
    });
    return;
  }
  free_at = now + shared_for;
  replies_[url].waiting.push_back(std::move(done));
  host_.get(std::move(request),
            [self = shared_from_this(), url, shared_for](core::Result<HttpReply> const& reply) {
              Shared& answered = self->replies_[url];
              answered.reply = reply;
              answered.until = self->clock_.steady() + shared_for;
              auto const waiting = std::exchange(answered.waiting, {});
              for (GotReply const& each : waiting) each(reply);
            });
}

// Addresses hold times: old ones never come again.
void Commons::forget_old() {
  core::Span const now = clock_.steady();
  std::erase_if(replies_,
                [&](auto const& each) { return each.second.waiting.empty() && each.second.until <= now; });
  std::erase_if(free_at_, [&](auto const& each) { return each.second <= now; });
}

}  // namespace greenq::feed
