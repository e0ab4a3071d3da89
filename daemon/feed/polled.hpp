// What all HTTP providers share: polling, phases, login, backoff, checking, and keeping the old figures when
// a reply is bad. A provider is its addresses and a pure function from bodies to a Signal.
//
// Figures that are the same as those of the last accepted poll are not posted again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/ports.hpp"
#include "feed/commons.hpp"
#include "feed/feed.hpp"
#include "feed/poll_plan.hpp"

namespace greenq::feed {

struct PollMoment {
  core::Instant now{};
  // Actuals before this are known already; ask for those after it, as far back as the provider allows in one
  // request.
  core::Instant known_until{};
  // Once a day and at the start, until all bodies came and were used: ask again for actuals that are known,
  // for the provider may have revised them.
  bool revise = false;
};

struct Ask {
  std::string url;  // with every parameter; never holds a secret
  // A failure of this one does not spoil the poll: its body is then empty. That holds for any status and,
  // when the reader or the checks refuse what it makes of the poll, for any body.
  bool optional = false;
  // An optional one that brings actuals which are missing. While it fails, or says nothing new, `known_until`
  // of the polls stays where it is, so that the gap is asked for again: kHistoryTries polls long.
  bool history = false;
};
inline constexpr int kHistoryTries = 24;

struct Refusal {
  std::string words;       // what is wrong and what to do about it
  bool permanent = false;  // asking again is pointless until the configuration changes
};

// What the account may read, asked before the figures until a reply came, at most kAccessTries times.
struct Access {
  std::string url;
  // Why the figures of this feed are not to be had; nothing: they are, or the body does not say. A failure of
  // the request does not matter either: the figures are asked for then.
  std::function<std::optional<Refusal>(std::string const& body)> judge;
};
inline constexpr int kAccessTries = 3;

struct Provider {
  core::SignalSource source;
  // Addresses asked one after another in each poll.
  std::function<std::vector<Ask>(PollMoment const& moment)> asks;
  // All bodies, in the order of the asks. Pure; must not throw. Fails with bad_reply() or no_data(), also for
  // a bad body of an optional ask: it is called again without that body.
  std::function<core::Result<core::Signal>(std::vector<std::string> const& bodies, core::Instant now)> read;
  // What a status other than 200 means here; nothing: the general meaning. May be empty.
  std::function<std::optional<Refusal>(int status, std::string const& body)> refused{};
  // What accepted bodies say about an end of this address, in words; empty: nothing. May be empty.
  std::function<std::string(std::vector<std::string> const& bodies)> deprecation{};
  PollSettings poll{};
  std::optional<Login> login{};  // a 401, or a 403 that is not JSON, renews it once a poll
  std::optional<Access> access{};
  // Where it states issue times: the age at which an issue is usually replaced, until that is learned.
  core::Span issue_age{0};
  std::vector<std::pair<std::string, std::string>> headers{};  // may hold secrets; never logged or stored
  // A reply younger than this also serves other feeds that ask for the same url, and no address is asked more
  // often, whatever its query. Such replies are never asked for conditionally.
  core::Span shared_for{0};
  HttpRequest request{};  // limits and certificates; url is ignored
};

std::unique_ptr<app::Feed> make_polled(Provider provider, int rank, FeedContext context);

}  // namespace greenq::feed
