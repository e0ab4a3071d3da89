#include "feed/issue_age.hpp"

#include <algorithm>
#include <vector>

namespace greenq::feed {
namespace {

constexpr std::size_t kIssuesKept = 9;
constexpr std::size_t kIssuesEnough = 3;

}  // namespace

void IssueAge::saw(std::optional<core::Instant> issued_at, core::Instant now) {
  if (newest_ && issued_at && *issued_at != *newest_) {
    ended_.push_back(reached_);
    if (ended_.size() > kIssuesKept) ended_.pop_front();
  }
  newest_ = issued_at;
  if (issued_at) reached_ = std::max(core::Span{0}, now - *issued_at);
}

core::Span IssueAge::usual() const {
  if (ended_.size() < kIssuesEnough) return at_first_;
  std::vector<core::Span> ages(ended_.begin(), ended_.end());
  auto const middle = ages.begin() + static_cast<std::ptrdiff_t>((ages.size() - 1) / 2);
  std::nth_element(ages.begin(), middle, ages.end());
  return *middle;
}

std::optional<core::Instant> IssueAge::overdue(core::Span interval, core::Instant now) const {
  if (!newest_ || now - *newest_ <= usual() + 2 * interval) return std::nullopt;
  return newest_;
}

}  // namespace greenq::feed
