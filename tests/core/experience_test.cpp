// What is kept of forecasters: their forecasts for the record, their state for the next start.
#include <gtest/gtest.h>

#include "core/carbon/hours.hpp"
#include "support/world.hpp"

namespace greenq {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using test::World;

// What a feed of that zone says now: ten days of actuals, two days of forecast.
core::Signal reply(World const& world, std::string const& zone = "ZZ", std::string const& provider = "a") {
  core::Signal signal;
  signal.source = {zone, core::SignalKind::kMarginal, core::SignalBasis::kDirect, provider, "label", "whose"};
  signal.issued_at = signal.received_at = world.now;
  core::Instant const hour = std::chrono::floor<hours>(world.now);
  for (int h = -240; h < 48; ++h) {
    core::Instant const at = hour + hours{h};
    auto const state = h < 0 ? core::PointState::kActual : core::PointState::kForecast;
    signal.points.push_back(
        {{at, at + hours{1}}, {200'000 + core::hour_of(at) % 24 * 1000}, state, std::nullopt});
  }
  return signal;
}

struct Kept {
  std::size_t forecasts = 0;
  std::size_t states = 0;
  core::Changes last;
};

// Feeds the reply and counts what goes into the record.
Kept feed(World& world, core::Signal const& signal) {
  core::Step step = core::step(world.state, core::SignalReceived{0, signal}, world.now);
  core::apply(world.state, step.changes);
  return {step.changes.own_forecasts.size(), step.changes.forecasters.size(), step.changes};
}

World site() {
  World world;
  world.state.site.zone = "ZZ";
  world.now = std::chrono::floor<std::chrono::days>(world.now) + minutes{7};
  return world;
}

TEST(Experience, OwnForecastsAreKeptOnceAnHourAsTheyWereMade) {
  World world = site();
  EXPECT_EQ(feed(world, reply(world)).forecasts, 0U) << "nothing was forecast before the first reply";
  core::Instant const made = world.now;
  world.advance(minutes{30});
  auto const kept = feed(world, reply(world));
  ASSERT_EQ(kept.forecasts, 1U);
  core::Signal const& own = kept.last.own_forecasts[0];
  EXPECT_EQ(own.source.provider, core::kOwnForecast);
  EXPECT_EQ(own.source.attribution, "whose");
  EXPECT_EQ(own.issued_at, made);
  EXPECT_FALSE(own.issue_time_is_receipt);
  EXPECT_EQ(own.points.size(), static_cast<std::size_t>(core::Forecaster::kHorizon));
  EXPECT_EQ(own.points.front().interval.begin, std::chrono::floor<hours>(made));
  EXPECT_FALSE(core::problem_of(own));
  world.advance(minutes{10});
  EXPECT_EQ(feed(world, reply(world)).forecasts, 0U) << "the same hour";
  world.advance(hours{1});
  EXPECT_EQ(feed(world, reply(world)).forecasts, 0U) << "what was made in this hour is told already";
  world.advance(hours{1});
  EXPECT_EQ(feed(world, reply(world)).forecasts, 1U);
}

TEST(Experience, TheStateIsStoredEverySixHoursAndFits) {
  World world = site();
  feed(world, reply(world));
  world.advance(hours{1});
  auto const first = feed(world, reply(world));
  ASSERT_EQ(first.states, 1U);
  core::StoredForecaster const& stored = first.last.forecasters[0];
  EXPECT_EQ(stored.zone, "ZZ");
  EXPECT_EQ(stored.provider, "a");
  auto const again = core::Forecaster::read(stored.bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->next(), stored.next);
  EXPECT_LT(stored.bytes.size(), 1U << 20);
  int more = 0;
  for (int h = 0; h < 12; ++h) {
    world.advance(hours{1});
    more += static_cast<int>(feed(world, reply(world)).states);
  }
  EXPECT_EQ(more, 2);
}

TEST(Experience, OtherZonesAreKeptApartAndMoveNoJob) {
  World world = site();
  world.feed(core::SignalReceived{0, reply(world, "YY")});
  EXPECT_FALSE(world.state.signals.has(core::SignalKind::kMarginal));
  ASSERT_TRUE(world.state.elsewhere.contains("YY"));
  EXPECT_TRUE(world.state.elsewhere.at("YY").has(core::SignalKind::kMarginal));
  EXPECT_TRUE(world.all<core::RequestPlan>().empty());
  world.feed(core::SignalReceived{0, reply(world)});
  EXPECT_EQ(world.all<core::RequestPlan>().size(), 1U);
}

TEST(Experience, GivenFiguresLeaveNone) {
  World world = site();
  core::Signal given = reply(world);
  given.as_given = true;
  feed(world, given);
  world.advance(hours{7});
  auto const kept = feed(world, given);
  EXPECT_EQ(kept.forecasts + kept.states, 0U);
}

}  // namespace
}  // namespace greenq
