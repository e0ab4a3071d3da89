// Tables of what may happen to an energy counter between two readings.
#include "core/energy/counter.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace greenq::core {
namespace {

using Kind = CounterStep::Kind;
constexpr std::int64_t kRange = 262'143'328'850;  // uJ, the usual RAPL package
constexpr std::int64_t kTen = 10'000'000;         // uJ that 1 W uses in 10 s
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

struct Row {
  char const* what;
  std::int64_t from, to, range, limit;
  bool restarted;
  Kind kind;
  std::int64_t delta;
};

TEST(CounterStep, Table) {
  Row const rows[] = {
      {"nothing used", 5, 5, kRange, kTen, false, Kind::kExact, 0},
      {"plain difference", 1'000, 4'000, kRange, kTen, false, Kind::kExact, 3'000},
      {"up to the limit", 0, kTen, kRange, kTen, false, Kind::kExact, kTen},
      {"above the limit", 0, kTen + 1, kRange, kTen, false, Kind::kImplausible, 0},
      {"wrap by one", kRange - 1, 0, kRange, kTen, false, Kind::kExact, 1},
      {"wrap", kRange - 4'000, 1'000, kRange, kTen, false, Kind::kExact, 5'000},
      {"wrap at the limit", kRange - kTen + 7, 7, kRange, kTen, false, Kind::kExact, kTen},
      {"would wrap, but not in this time", kRange / 2, 1'000, kRange, kTen, false, Kind::kRestarted, 1'000},
      {"restart to more than can be", kRange / 2, kRange / 4, kRange, kTen, false, Kind::kImplausible, 0},
      {"so long that whole turns may hide", 10, 20, kRange, kRange, false, Kind::kAmbiguous, 0},
      {"so long, going down", 20, 10, kRange, kRange + 1, false, Kind::kAmbiguous, 0},
      {"unknown range, going down", 5'000, 1'000, 0, kTen, false, Kind::kRestarted, 1'000},
      {"unknown range, going up", 1'000, 5'000, 0, kTen, false, Kind::kExact, 4'000},
      {"known restart, higher value", 1'000, 5'000, 0, kTen, true, Kind::kRestarted, 5'000},
      {"known restart, lower value", 5'000, 1'000, kRange, kTen, true, Kind::kRestarted, 1'000},
      {"known restart, too much since", 5'000, kTen + 1, 0, kTen, true, Kind::kImplausible, 0},
      {"beyond its range", 10, kRange + 1, kRange, kTen, false, Kind::kImplausible, 0},
      {"negative reading", -1, 5, kRange, kTen, false, Kind::kImplausible, 0},
      {"negative reading", 5, -1, kRange, kTen, false, Kind::kImplausible, 0},
      {"extremes", 0, kMax, 0, kTen, false, Kind::kImplausible, 0},
      {"extremes", kMax, 0, 0, kMax, false, Kind::kRestarted, 0},
      {"extremes", kMax, 0, kMax, kTen, false, Kind::kExact, 0},
  };
  for (Row const& row : rows) {
    CounterStep const step = step_counter(row.from, row.to, row.range, row.limit, row.restarted);
    EXPECT_EQ(static_cast<int>(step.kind), static_cast<int>(row.kind)) << row.what;
    EXPECT_EQ(step.delta, row.delta) << row.what;
  }
}

}  // namespace
}  // namespace greenq::core
