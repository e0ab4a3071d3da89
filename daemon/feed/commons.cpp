#include "feed/commons.hpp"

#include "feed/json.hpp"
#include "feed/reply.hpp"

namespace greenq::feed {
namespace {

core::Result<std::string> token_of(core::Result<HttpReply> const& reply) {
  if (!reply) return tl::unexpected(reply.error());
  std::string const status = "the login was answered with HTTP status " + std::to_string(reply->status);
  if (reply->status == 401 || reply->status == 403) {
    return core::fail(core::ErrorCode::kPermissionDenied, "LOGIN",
                      status + ": check `user` and `secret_file` of this feed");
  }
  if (reply->status != 200) return core::fail(core::ErrorCode::kUnavailable, "LOGIN", status);
  auto const body = parse_json(reply->body);
  auto const token = body ? text_member(*body, "token") : std::nullopt;
  if (!token || token->empty() || token->size() > 16 * 1024 ||
      token->find_first_of("\r\n") != std::string::npos) {
    return core::fail(core::ErrorCode::kUnavailable, "LOGIN", "the login was answered without a token");
  }
  return *token;
}

}  // namespace

void Commons::token(Login const& login, HttpRequest limits, std::string const& refused, GotToken done) {
  Session& session = sessions_[{login.url, login.user}];
  bool const good = !session.token.empty() && session.token != refused && clock_.steady() < session.until;
  if (good) return done(session.token);
  session.waiting.push_back(std::move(done));
  if (session.waiting.size() > 1) return;
  limits.url = login.url;
  limits.basic = {login.user, login.password};
  host_.get(std::move(limits), [self = shared_from_this(), &session,
                                lifetime = login.lifetime](core::Result<HttpReply> const& reply) {
    auto const token = token_of(reply);
    session.token = token ? *token : "";
    session.until = self->clock_.steady() + lifetime;
    for (GotToken const& waiting : std::exchange(session.waiting, {})) waiting(token);
  });
}

void Commons::get(HttpRequest request, core::Span shared_for, GotReply done) {
  if (shared_for == core::Span{0}) return host_.get(std::move(request), std::move(done));
  Shared& shared = replies_[request.url];
  if (shared.kept && clock_.steady() - shared.at < shared_for) return done(shared.reply);
  shared.waiting.push_back(std::move(done));
  if (shared.waiting.size() > 1) return;
  for (auto it = replies_.begin();
       it != replies_.end();) {  // addresses hold times: old ones never come again
    bool const old = it->second.waiting.empty() && clock_.steady() - it->second.at >= shared_for;
    it = old ? replies_.erase(it) : std::next(it);
  }
  std::string const url = request.url;
  host_.get(std::move(request), [self = shared_from_this(), url](core::Result<HttpReply> const& reply) {
    Shared& answered = self->replies_[url];
    answered.kept = reply && reply->status == 200;
    answered.at = self->clock_.steady();
    if (answered.kept) answered.reply = *reply;
    for (GotReply const& waiting : std::exchange(answered.waiting, {})) waiting(reply);
  });
}

}  // namespace greenq::feed
