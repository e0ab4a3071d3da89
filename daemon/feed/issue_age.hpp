// How old the issues of a provider usually get before the next one shows, and whether the newest is older
// than that: a server that repeats an old issue for ever answers as well as one in good health.
#pragma once

#include <deque>
#include <optional>

#include "core/units.hpp"

namespace greenq::feed {

// Pure; one thread at a time.
class IssueAge {
 public:
  // `usual`: until a few issues were seen to be replaced.
  explicit IssueAge(core::Span usual = core::Span{0}) : at_first_(usual) {}

  // Of each accepted reply; nothing: it states no issue time.
  void saw(std::optional<core::Instant> issued_at, core::Instant now);
  // When the newest was issued, if it is older than usual by more than two intervals between polls.
  std::optional<core::Instant> overdue(core::Span interval, core::Instant now) const;
  core::Span usual() const;

 private:
  core::Span at_first_{0};
  std::optional<core::Instant> newest_;
  core::Span reached_{0};         // its age when it was last seen
  std::deque<core::Span> ended_;  // the ages that those before it had reached
};

}  // namespace greenq::feed
