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
  // gives certificates, proxy and time limits. kPermissionDenied when user or password are wrong.
  void token(Login const& login, HttpRequest limits, std::string const& refused, GotToken done);
  // One request per url is in flight; a good reply younger than `shared_for` is given again.
  void get(HttpRequest request, core::Span shared_for, GotReply done);

 private:
  struct Session {
    std::string token;
    core::Span until{0};  // steady
    std::vector<GotToken> waiting;
  };
  struct Shared {
    HttpReply reply;
    core::Span at{0};  // steady
    bool kept = false;
    std::vector<GotReply> waiting;
  };

  FeedHost& host_;
  app::Clock& clock_;
  std::map<std::pair<std::string, std::string>, Session> sessions_;  // by url and user
  std::map<std::string, Shared> replies_;                            // by url; only those worth sharing
};

}  // namespace greenq::feed
