// How long jobs really run: what successful attempts of one owner and job name took; where those are few, of
// all names of the owner.
//
// A job that states an expected duration gets it times the usual part of what its like stated, but not less
// than they took where it states that much: an estimate that was put right counts. One that states none gets
// what they took. Of other names only the part of what was stated tells anything, among jobs that stated
// about as much: people are wrong in their own way (Tsafrir et al., "Backfilling using system-generated
// predictions", 2007). That is no reason to call less than what was stated safe. A time limit is no estimate
// (on PM100 the median job takes 2.5 % of its wall time: Antici et al., "PM100", 2023). Pure; no locks.
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"

namespace greenq::core {

struct RunKey {
  std::uint32_t owner_uid = 0;
  std::string name;  // empty: all of the owner's
  auto operator<=>(RunKey const&) const = default;
};

struct PastRun {
  Span ran{0};                   // of a whole attempt, without pauses
  std::optional<Span> stated{};  // expected_duration as its file gave it
  friend bool operator==(PastRun const&, PastRun const&) = default;
};

struct RunLengths {
  RunKey key;
  std::vector<PastRun> runs;  // newest last
  Instant at{};               // end of the newest
};

struct LearnedDuration {
  Span typical{0};  // median
  Span safe{0};     // 90th percentile; of fewer than 10 runs the longest
  std::uint32_t runs = 0;
  std::int64_t part_permille = 0;  // median of what runs took of what they stated; 0: lengths as they were
  bool any_name = false;           // of all names of the owner
  friend bool operator==(LearnedDuration const&, LearnedDuration const&) = default;
};

// What is left of a run that took `done` so far: of the first of these lengths that it has not outrun; of one
// that outran them all a tenth of what it took.
Span length_left(Span done, std::initializer_list<Span> lengths);

class RunBook {
 public:
  static constexpr std::size_t kRunsKept = 20;
  static constexpr std::size_t kRunsOfAllNamesKept = 100;
  static constexpr std::size_t kRunsNeeded = 5;
  static constexpr std::size_t kRunsOfAllNamesNeeded = 10;
  static constexpr std::size_t kKeysKept = 10'000;

  // What stands under the key once this run is in.
  RunLengths with(RunKey const& key, PastRun const& run, Instant at) const;
  // Replaces what stands under that key; beyond kKeysKept the key longest unused goes.
  void put(RunLengths lengths);
  // For a job that states `stated` and is stopped at `limit`. Nothing with fewer than kRunsNeeded runs of its
  // name, of those that stated something if it does; then, if it does, with fewer than kRunsOfAllNamesNeeded.
  std::optional<LearnedDuration> learned(RunKey const& key, std::optional<Span> stated,
                                         std::optional<Span> limit) const;

 private:
  std::vector<PastRun> runs(RunKey const& key) const;
  std::vector<PastRun> of_all_names(std::uint32_t owner_uid, Span stated) const;

  std::map<RunKey, RunLengths> known_;
};

}  // namespace greenq::core
