#include "core/plan/board.hpp"

#include <gmock/gmock.h>

#include <random>

#include "core/plan/random.hpp"
#include "core/plan/slot_prices.hpp"

namespace greenq::test {
namespace {

using core::Board;
using Need = core::SlotNeed;
using core::Slot;
using core::SlotRun;
using testing::ElementsAre;

constexpr Slot kStart = 12 * 1000;

Need need(std::int64_t gpus, std::int64_t cpus = 0) {
  Need need;
  need.add(0, gpus);
  need.add(1, cpus);
  return need;
}

std::vector<SlotRun> free_runs(Board const& board, SlotRun range, Need const& need) {
  std::vector<SlotRun> out;
  board.stretches(range, need, [&](SlotRun run) {
    out.push_back(run);
    return true;
  });
  return out;
}

TEST(PlanBoard, IsFreeWhereNothingIsTaken) {
  Board const board{kStart, {4, 8}};
  EXPECT_THAT(free_runs(board, {kStart + 3, kStart + 40}, need(4, 8)),
              ElementsAre(SlotRun{kStart + 3, kStart + 40}));
}

TEST(PlanBoard, StretchesEndWhereAnyFigureRunsOut) {
  Board board{kStart, {4, 8}};
  board.take({kStart + 5, kStart + 7}, need(3));
  board.take({kStart + 20, kStart + 30}, need(0, 7));
  EXPECT_THAT(free_runs(board, {kStart, kStart + 50}, need(2, 2)),
              ElementsAre(SlotRun{kStart, kStart + 5}, SlotRun{kStart + 7, kStart + 20},
                          SlotRun{kStart + 30, kStart + 50}));
  EXPECT_TRUE(board.fits({kStart, kStart + 50}, need(1, 1)));
  EXPECT_FALSE(board.fits({kStart, kStart + 6}, need(2)));
}

TEST(PlanBoard, StopsWhenToldTo) {
  Board board{kStart, {1, 1}};
  board.take({kStart + 5, kStart + 7}, need(1));
  int calls = 0;
  board.stretches({kStart, kStart + 50}, need(1), [&](SlotRun) {
    ++calls;
    return false;
  });
  EXPECT_EQ(calls, 1);
}

TEST(PlanBoard, NeverFitsWhatIsMoreThanThereIs) {
  Board const board{kStart, {4, 8}};
  EXPECT_TRUE(board.ever_fits(need(4, 8)));
  EXPECT_FALSE(board.ever_fits(need(5)));
}

// Against counting slot by slot.
TEST(PlanBoard, AgreesWithPlainCounting) {
  core::PlanRandom random{7};
  for (int round = 0; round < 200; ++round) {
    Board board{kStart, {5, 9}};
    std::vector<std::array<std::int64_t, 2>> taken(400);
    std::vector<std::pair<SlotRun, Need>> booked;
    for (int i = 0; i < 30; ++i) {
      if (!booked.empty() && random() % 4 == 0) {
        auto const [run, what] = booked.back();
        booked.pop_back();
        board.give(run, what);
        for (Slot s = run.begin; s < run.end; ++s) {
          for (std::uint32_t k = 0; k < what.count; ++k)
            taken[static_cast<std::size_t>(s - kStart)][what.items[k].figure] -= what.items[k].amount;
        }
        continue;
      }
      auto const begin = kStart + static_cast<Slot>(random() % 300);
      SlotRun const run{begin, begin + 1 + static_cast<Slot>(random() % 90)};
      Need const what =
          need(static_cast<std::int64_t>(random() % 3), static_cast<std::int64_t>(random() % 4));
      board.take(run, what);
      booked.emplace_back(run, what);
      for (Slot s = run.begin; s < run.end; ++s) {
        for (std::uint32_t k = 0; k < what.count; ++k)
          taken[static_cast<std::size_t>(s - kStart)][what.items[k].figure] += what.items[k].amount;
      }
    }
    Need const asked =
        need(1 + static_cast<std::int64_t>(random() % 4), static_cast<std::int64_t>(random() % 9));
    std::vector<SlotRun> expected;
    SlotRun const range{kStart + static_cast<Slot>(random() % 20), kStart + 380};
    bool open = false;
    for (Slot s = range.begin; s < range.end; ++s) {
      bool free = true;
      std::array<std::int64_t, 2> const capacity{5, 9};
      for (std::uint32_t k = 0; k < asked.count; ++k) {
        auto const figure = asked.items[k].figure;
        free = free && taken[static_cast<std::size_t>(s - kStart)][figure] + asked.items[k].amount <=
                           capacity[figure];
      }
      if (free && open) ++expected.back().end;
      if (free && !open) expected.push_back({s, s + 1});
      open = free;
    }
    ASSERT_EQ(free_runs(board, range, asked), expected) << "round " << round;
  }
}

TEST(SlotPrices, SumsAgreeWithSingleSlotsAlsoBeyondTheirEnd) {
  std::vector<double> prices;
  for (int i = 0; i < 400; ++i) prices.push_back(100 + i % 37);
  core::SlotPrices const table{kStart, prices};
  double sum = 0;
  for (Slot s = kStart + 350; s < kStart + 1100; ++s) sum += table.at(s);
  EXPECT_NEAR(table.sum({kStart + 350, kStart + 1100}), sum, 1e-6);
  EXPECT_EQ(table.at(kStart + 400), table.at(kStart + 400 - 288));
  EXPECT_EQ(table.at(kStart - 5), 100);
}

// What a search for longer stretches leaves out is shorter than it asked for.
TEST(PlanBoard, LongStretchesAreNeverLeftOut) {
  std::mt19937 random{17};
  for (int round = 0; round < 200; ++round) {
    Board board{0, {4, 6}};
    for (int i = 0; i < 40; ++i) {
      auto const begin = static_cast<core::Slot>(random() % 300);
      board.take({begin, begin + 1 + static_cast<core::Slot>(random() % 60)},
                 need(static_cast<std::int64_t>(random() % 2), static_cast<std::int64_t>(random() % 3)));
    }
    Need const wanted =
        need(1 + static_cast<std::int64_t>(random() % 2), static_cast<std::int64_t>(random() % 3));
    auto const first = static_cast<core::Slot>(random() % 100);
    SlotRun const range{first, first + static_cast<core::Slot>(random() % 300)};
    auto const least = static_cast<core::Slot>(1 + random() % 50);
    std::vector<SlotRun> expected = free_runs(board, range, wanted);
    std::erase_if(expected, [&](SlotRun const& run) { return run.length() < least; });
    std::vector<SlotRun> found;
    board.stretches(
        range, wanted,
        [&](SlotRun run) {
          if (run.length() >= least) found.push_back(run);
          return true;
        },
        least);
    EXPECT_EQ(found, expected) << "round " << round;
  }
}

TEST(PlanBoard, RoomsOfHoursAgreeWithTheirSlots) {
  std::mt19937 random{19};
  Board board{24, {4, 6}};
  for (int i = 0; i < 60; ++i) {
    auto const begin = static_cast<core::Slot>(random() % 300);
    board.take({begin, begin + 1 + static_cast<core::Slot>(random() % 60)},
               need(1, static_cast<std::int64_t>(random() % 2)));
  }
  board.advance(50);
  Need const wanted = need(2, 1);
  std::vector<Board::Room> rooms;
  board.rooms(2, 60, wanted, rooms);
  for (core::Slot hour = 2; hour < 62; ++hour) {
    int free = 0;
    for (core::Slot slot = hour * core::kHourSlots; slot < (hour + 1) * core::kHourSlots; ++slot)
      free += board.free_at(slot, wanted) ? 1 : 0;
    Board::Room const expected = free == core::kHourSlots ? Board::Room::kAll
                                 : free > 0               ? Board::Room::kSome
                                                          : Board::Room::kNone;
    Board::Room const room = rooms[static_cast<std::size_t>(hour - 2)];
    EXPECT_TRUE(room == expected || (room == Board::Room::kSome && expected == Board::Room::kNone)) << hour;
  }
}

}  // namespace
}  // namespace greenq::test
