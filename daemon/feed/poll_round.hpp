// One poll of a provider: what is asked, what came, and what can be made of it. io thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "feed/plausible.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

// What the server gave to ask "is it still the same?" with.
struct Validator {
  std::string etag;
  std::string modified;
  std::string body;
};

// The addresses one after another, then the reader.
struct Round {
  core::Instant known_until{};  // what the asks were made with
  std::vector<Ask> asks;
  std::vector<std::string> bodies;
  std::map<std::string, Validator> validators;
  bool renewed = false;  // the login
  bool revises = false;  // what was known already
  Ask const& current() const { return asks[bodies.size()]; }
  // No optional body is missing.
  bool whole() const;
};

// Of a header Content-Type.
bool is_json(std::string const& content_type);

// The signal of bodies that are read, well-formed and plausible.
core::Result<core::Signal> judge(Provider const& provider, Levels& levels,
                                 std::vector<std::string> const& bodies, core::Instant now);
// The same without one of the optional bodies, then without all of them; those are then empty in the round,
// and what they could be asked for with is gone.
core::Result<core::Signal> judge_without(Provider const& provider, Levels& levels, Round& round,
                                         core::Instant now);
// Whether the history that was asked for came and said something that the other bodies of `signal` do not
// say; true when none was asked for. Fails when those others are no good without it: an addition saves
// nothing.
core::Result<bool> history_came(Provider const& provider, Round const& round, core::Signal const& signal,
                                core::Instant now);

}  // namespace greenq::feed
