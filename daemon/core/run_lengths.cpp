#include "core/run_lengths.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

constexpr Span kShortest{std::chrono::seconds{1}};
// Jobs that stated so many times more or less are of another sort.
constexpr std::int64_t kAlike = 4;

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

// Those that stated something if `stated`, else without what they stated; sorted.
std::vector<PastRun> comparable(std::vector<PastRun> runs, bool stated) {
  if (stated) std::erase_if(runs, [](PastRun const& run) { return !run.stated || run.stated->count() <= 0; });
  for (PastRun& run : runs) {
    if (!stated) run.stated.reset();
  }
  std::sort(runs.begin(), runs.end(), takes_less);
  return runs;
}

}  // namespace

Span length_left(Span done, std::initializer_list<Span> lengths) {
  auto const longer =
      std::find_if(lengths.begin(), lengths.end(), [&](Span length) { return done < length; });
  return longer != lengths.end() ? *longer - done : done / 10;
}

RunLengths RunBook::with(RunKey const& key, PastRun const& run, Instant at) const {
  auto const found = known_.find(key);
  RunLengths out = found == known_.end() ? RunLengths{key, {}, {}} : found->second;
  out.runs.push_back(run);
  if (out.runs.size() > (key.name.empty() ? kRunsOfAllNamesKept : kRunsKept))
    out.runs.erase(out.runs.begin());
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

std::vector<PastRun> RunBook::runs(RunKey const& key) const {
  auto const found = known_.find(key);
  return found == known_.end() ? std::vector<PastRun>{} : found->second.runs;
}

std::vector<PastRun> RunBook::of_all_names(std::uint32_t owner_uid, Span stated) const {
  std::vector<PastRun> out = comparable(runs({owner_uid, {}}), true);
  std::erase_if(out, [&](PastRun const& run) {
    return *run.stated > stated * kAlike || stated > *run.stated * kAlike;
  });
  if (out.size() < kRunsOfAllNamesNeeded) out.clear();
  return out;
}

std::optional<LearnedDuration> RunBook::learned(RunKey const& key, std::optional<Span> stated,
                                                std::optional<Span> limit) const {
  LearnedDuration out;
  std::vector<PastRun> sorted = comparable(runs(key), stated.has_value());
  out.any_name = stated && sorted.size() < kRunsNeeded;
  if (out.any_name) sorted = of_all_names(key.owner_uid, *stated);
  if (sorted.size() < kRunsNeeded) return std::nullopt;
  std::vector<PastRun> plain = sorted;
  for (PastRun& run : plain) run.stated.reset();
  std::sort(plain.begin(), plain.end(), takes_less);
  auto const length = [&](std::size_t percent) {
    PastRun const& run = quantile(sorted, percent);
    Span span = stated ? scaled(run.ran, *run.stated, *stated) : run.ran;
    if (stated && !out.any_name) span = std::max(span, std::min(quantile(plain, percent).ran, *stated));
    span = std::max(span, kShortest);
    return limit ? std::min(span, *limit) : span;
  };
  out.typical = length(50);
  out.safe = out.any_name ? std::max(length(90), std::min(*stated, limit.value_or(*stated))) : length(90);
  out.runs = static_cast<std::uint32_t>(sorted.size());
  if (stated) {
    PastRun const& middle = quantile(sorted, 50);
    out.part_permille = std::max<std::int64_t>(1, scaled(middle.ran, *middle.stated, Span{1000}).count());
  }
  return out;
}

}  // namespace greenq::core
