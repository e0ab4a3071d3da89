// What feeds share: logins and replies. One login per account is in flight and in use, and two zones that one
// address answers for cost one request.
//
// io thread only, but for the constructor. Owned by a shared_ptr; the FeedHost outlives it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/ports.hpp"
#include "feed/http.hpp"

namespace greenq::feed {

// GET `url` with HTTP Basic gives {"token": "…"}; the token then goes into `Authorization: Bearer`.
struct Login {
  std::string url;
  std::string user;
  std::string password;
  core::Span lifetime{std::chrono::minutes{25}};
};

class Commons : public std::enable_shared_from_this<Commons> {
 public:
  using GotToken = std::function<void(core::Result<std::string>)>;
  using GotReply = std::function<void(core::Result<HttpReply>)>;

  Commons(FeedHost& host, app::Clock& clock) : host_(host), clock_(clock) {}

  // A token that is not `refused`, from memory or by one login that all who ask meanwhile share. `limits`
  // gives certificates, proxy and time limits. kPermissionDenied: user or password are wrong;
  // kFailedPrecondition: there is no login at that address; kInvalidArgument: as FeedHost; all three will not
  // mend by themselves. Else kUnavailable or kOutOfRange; the metadata may hold `retry_after` as sent, and
  // `answered` tells that a reply came.
  void token(Login const& login, HttpRequest limits, std::string const& refused, GotToken done);
  // One request per url is in flight, and whoever asks within `shared_for` is given the same reply again,
  // good or bad. Requests that differ in the query only are at least that far apart; until then they wait.
  // Zero: nothing is shared and nothing waits.
  void get(HttpRequest request, core::Span shared_for, GotReply done);

  // Logins, replies and addresses that are remembered.
  std::size_t remembered() const { return sessions_.size() + replies_.size() + free_at_.size(); }

 private:
  struct Session {
    std::string token;
    core::Span until{0};  // steady
    std::vector<GotToken> waiting;
  };
  struct Shared {
    core::Result<HttpReply> reply;
    core::Span until{0};  // steady; before it the reply is given again
    std::vector<GotReply> waiting;
  };
  void forget_old();

  FeedHost& host_;
  app::Clock& clock_;
  std::map<std::pair<std::string, std::string>, Session> sessions_;  // by url and user
  std::map<std::string, Shared> replies_;                            // by url; only those worth sharing
  std::map<std::string, core::Span> free_at_;  // steady, by url without the query: when it may be asked again
};

}  // namespace greenq::feed
