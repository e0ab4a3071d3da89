#include "core/run_lengths.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

constexpr std::uint64_t kWhole = 1'000'000'000;
constexpr Span kShortest{std::chrono::seconds{1}};

// The smallest value that at least `percent` of them do not exceed, counted as of one more than there are.
std::uint64_t quantile(std::vector<std::uint64_t> const& sorted, std::size_t percent) {
  std::size_t const rank = ((sorted.size() + 1) * percent + 99) / 100;
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

Span part_of(Span stated, std::uint64_t parts) {
  return Span{divide_half_even(static_cast<__int128>(stated.count()) * parts, kWhole)};
}

}  // namespace

RunLengths RunBook::with(RunKey const& key, Span stated, Span ran, Instant at) const {
  auto const found = known_.find(key);
  RunLengths out = found == known_.end() ? RunLengths{key, {}, {}} : found->second;
  __int128 const parts = static_cast<__int128>(std::max(ran, Span{0}).count()) * kWhole;
  std::int64_t const whole = std::max(stated, Span{1}).count();
  out.parts.push_back(static_cast<std::uint64_t>(divide_half_even(parts, whole)));
  if (out.parts.size() > kRunsKept) out.parts.erase(out.parts.begin());
  out.at = at;
  return out;
}

void RunBook::put(RunLengths lengths) {
  RunKey key = lengths.key;
  known_.insert_or_assign(std::move(key), std::move(lengths));
  if (known_.size() <= kKeysKept) return;
  known_.erase(std::min_element(known_.begin(), known_.end(),
                                [](auto const& a, auto const& b) { return a.second.at < b.second.at; }));
}

std::optional<LearnedDuration> RunBook::learned(RunKey const& key, Span stated,
                                                std::optional<Span> limit) const {
  auto const found = known_.find(key);
  if (found == known_.end() || found->second.parts.size() < kRunsNeeded) return std::nullopt;
  std::vector<std::uint64_t> sorted = found->second.parts;
  std::sort(sorted.begin(), sorted.end());
  auto const length = [&](std::size_t percent) {
    Span const span = std::max(part_of(stated, quantile(sorted, percent)), kShortest);
    return limit ? std::min(span, *limit) : span;
  };
  return LearnedDuration{length(50), length(90), static_cast<std::uint32_t>(sorted.size())};
}

}  // namespace greenq::core
