#include "core/run_lengths.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

constexpr Span kShortest{std::chrono::seconds{1}};

// The smallest run that at least `percent` of them do not exceed, counted as of one more than there are.
PastRun const& quantile(std::vector<PastRun> const& sorted, std::size_t percent) {
  std::size_t const rank = ((sorted.size() + 1) * percent + 99) / 100;
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

bool takes_less(PastRun const& a, PastRun const& b) {
  if (!a.stated || !b.stated) return a.ran < b.ran;
  return static_cast<__int128>(a.ran.count()) * b.stated->count() <
         static_cast<__int128>(b.ran.count()) * a.stated->count();
}

Span scaled(Span length, Span from, Span to) {
  return Span{divide_half_even(static_cast<__int128>(length.count()) * to.count(), from.count())};
}

}  // namespace

RunLengths RunBook::with(RunKey const& key, PastRun const& run, Instant at) const {
  auto const found = known_.find(key);
  RunLengths out = found == known_.end() ? RunLengths{key, {}, {}} : found->second;
  out.runs.push_back(run);
  if (out.runs.size() > kRunsKept) out.runs.erase(out.runs.begin());
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

std::optional<LearnedDuration> RunBook::learned(RunKey const& key, std::optional<Span> stated,
                                                std::optional<Span> limit) const {
  auto const found = known_.find(key);
  if (found == known_.end()) return std::nullopt;
  std::vector<PastRun> sorted = found->second.runs;
  for (PastRun& run : sorted) {
    if (!stated) run.stated.reset();
  }
  if (stated)
    std::erase_if(sorted, [](PastRun const& run) { return !run.stated || run.stated->count() <= 0; });
  if (sorted.size() < kRunsNeeded) return std::nullopt;
  std::vector<PastRun> plain = sorted;
  for (PastRun& run : plain) run.stated.reset();
  std::sort(plain.begin(), plain.end(), takes_less);
  std::sort(sorted.begin(), sorted.end(), takes_less);
  auto const length = [&](std::size_t percent) {
    PastRun const& run = quantile(sorted, percent);
    Span span = quantile(plain, percent).ran;
    if (stated) span = std::max(scaled(run.ran, *run.stated, *stated), std::min(span, *stated));
    span = std::max(span, kShortest);
    return limit ? std::min(span, *limit) : span;
  };
  LearnedDuration out{length(50), length(90), static_cast<std::uint32_t>(sorted.size())};
  if (stated) {
    PastRun const& middle = quantile(sorted, 50);
    out.part_permille = std::max<std::int64_t>(1, scaled(middle.ran, *middle.stated, Span{1000}).count());
  }
  return out;
}

}  // namespace greenq::core
