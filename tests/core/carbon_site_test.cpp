#include <gtest/gtest.h>

#include "core/carbon/site.hpp"

namespace greenq::core {
namespace {

using std::chrono::hours;

Instant const kNow = from_ms(1'700'000'000'000 / 3'600'000 * 3'600'000);

Signal reply(SignalKind kind, std::string provider, Instant begin, int hours_long, std::int64_t mg,
             PointState state = PointState::kForecast) {
  Signal signal;
  signal.source = {"Z", kind, SignalBasis::kDirect, std::move(provider), "label"};
  signal.issued_at = begin;
  for (int i = 0; i < hours_long; ++i) {
    signal.points.push_back({{begin + hours{i}, begin + hours{i + 1}}, {mg}, state});
  }
  return signal;
}

Profile flat(SignalKind kind, std::int64_t mg) {
  Profile profile{};
  profile.source = {"Z", kind, SignalBasis::kDirect, "climatology", "typical day"};
  for (auto& season : profile.hours) {
    for (Intensity& value : season) value = {mg};
  }
  return profile;
}

TEST(SiteSignals, KnowsNothingAtFirst) {
  SiteSignals const signals;
  KindView const view = signals.view(SignalKind::kMarginal, kNow, hours{24});
  EXPECT_EQ(view.curve, nullptr);
  EXPECT_FALSE(view.feed_stale);
  EXPECT_FALSE(signals.has(SignalKind::kMarginal));
}

TEST(SiteSignals, ComposesRungsInOrder) {
  SiteSignals signals;
  signals.put_profile(flat(SignalKind::kMarginal, 3));
  signals.put(1, reply(SignalKind::kMarginal, "second", kNow, 10, 2));
  signals.put(0, reply(SignalKind::kMarginal, "first", kNow, 5, 1));
  KindView const view = signals.view(SignalKind::kMarginal, kNow, hours{24});
  ASSERT_NE(view.curve, nullptr);
  EXPECT_EQ(view.curve->at(kNow)->value, (Intensity{1}));
  EXPECT_EQ(view.curve->at(kNow + hours{5})->value, (Intensity{2}));
  EXPECT_EQ(view.curve->at(kNow + hours{10})->value, (Intensity{3}));
  EXPECT_EQ(view.curve->at(kNow + hours{10})->state, PointState::kClimatology);
  EXPECT_EQ(view.curve->at(kNow - hours{1})->value, (Intensity{3}));
  EXPECT_TRUE(view.curve->covered({kNow, kNow + hours{24}}));
  EXPECT_FALSE(view.curve->covered({kNow, kNow + hours{25}}));
  EXPECT_EQ(view.source.provider, "first");
  EXPECT_FALSE(view.feed_stale);
}

TEST(SiteSignals, ANewReplyReplacesTheOldOfTheSameFeedOnly) {
  SiteSignals signals;
  signals.put(0, reply(SignalKind::kMarginal, "a", kNow, 5, 1));
  signals.put(0, reply(SignalKind::kAverage, "a", kNow, 5, 7));
  signals.put(0, reply(SignalKind::kMarginal, "a", kNow, 2, 9));
  KindView const marginal = signals.view(SignalKind::kMarginal, kNow, hours{24});
  EXPECT_EQ(marginal.curve->points().size(), 2U);
  EXPECT_EQ(marginal.curve->at(kNow)->value, (Intensity{9}));
  EXPECT_EQ(signals.view(SignalKind::kAverage, kNow, hours{24}).curve->at(kNow)->value, (Intensity{7}));
}

TEST(SiteSignals, AnOldReplyIsStaleAndTheTypicalDayTakesOver) {
  SiteSignals signals;
  signals.put_profile(flat(SignalKind::kMarginal, 3));
  signals.put(0, reply(SignalKind::kMarginal, "a", kNow - hours{100}, 50, 1));
  KindView const view = signals.view(SignalKind::kMarginal, kNow, hours{24});
  EXPECT_TRUE(view.feed_stale);
  EXPECT_EQ(view.source.provider, "climatology");
  EXPECT_EQ(view.curve->at(kNow - hours{60})->value, (Intensity{1}));
  EXPECT_EQ(view.curve->at(kNow)->value, (Intensity{3}));
}

TEST(SiteSignals, KeepsThePastOfTheFirstFeedWhenTheSecondIsShorter) {
  SiteSignals signals;
  signals.put(0, reply(SignalKind::kMarginal, "a", kNow - hours{80}, 90, 1));
  signals.put(1, reply(SignalKind::kMarginal, "b", kNow, 200, 2));
  KindView const view = signals.view(SignalKind::kMarginal, kNow, hours{24});
  EXPECT_EQ(view.curve->points().front().interval.begin, kNow - hours{80});
  EXPECT_EQ(view.curve->points().back().interval.end, kNow + hours{200});
}

class DecideTest : public testing::Test {
 protected:
  DecideTest() { site_.zone = "Z"; }
  std::string reason() const {
    Decision const decision = decide(site_, signals_, policy_);
    EXPECT_EQ(decision.kind.has_value(), decision.not_shifted_reason.empty());
    return decision.not_shifted_reason;
  }
  SiteConfig site_;
  SiteSignals signals_;
  CarbonPolicy policy_;
};

TEST_F(DecideTest, MarginalDecidesWhereItExists) {
  signals_.put_profile(flat(SignalKind::kMarginal, 3));
  EXPECT_EQ(decide(site_, signals_, policy_).kind, SignalKind::kMarginal);
}

TEST_F(DecideTest, NothingShiftsOnAverageBySilence) {
  signals_.put_profile(flat(SignalKind::kAverage, 3));
  EXPECT_NE(reason().find("zone Z has no marginal signal: not shifted"), std::string::npos);
  EXPECT_NE(reason().find("site.signal: average"), std::string::npos);
  site_.signal = SiteSignalChoice::kAverage;
  EXPECT_EQ(decide(site_, signals_, policy_).kind, SignalKind::kAverage);
}

TEST_F(DecideTest, AJobCannotChooseAverageAtAMarginalSite) {
  signals_.put_profile(flat(SignalKind::kMarginal, 3));
  signals_.put_profile(flat(SignalKind::kAverage, 3));
  policy_.signal = SignalKind::kAverage;
  EXPECT_NE(reason().find("the job asks for signal: average"), std::string::npos);
}

TEST_F(DecideTest, ASiteDecidesByOneKindOnly) {
  site_.signal = SiteSignalChoice::kAverage;
  signals_.put_profile(flat(SignalKind::kMarginal, 3));
  policy_.signal = SignalKind::kMarginal;
  EXPECT_NE(reason().find("decides by the average"), std::string::npos);
}

TEST_F(DecideTest, RelativeNeverDecides) {
  policy_.signal = SignalKind::kRelative;
  EXPECT_NE(reason().find("relative"), std::string::npos);
}

TEST_F(DecideTest, SiteNoneAndZoneNotSetAndPolicyNoneAreNamed) {
  signals_.put_profile(flat(SignalKind::kMarginal, 3));
  policy_.mode = CarbonMode::kNone;
  EXPECT_EQ(reason(), "carbon.policy is none: not shifted");
  policy_.mode = CarbonMode::kShift;
  site_.zone.clear();
  EXPECT_NE(reason().find("set site.zone"), std::string::npos);
  site_.signal = SiteSignalChoice::kNone;
  EXPECT_EQ(reason(), "site.signal is none: jobs are not shifted here");
}

TEST_F(DecideTest, AConstantIsNoReasonToWait) {
  signals_.put(0, reply(SignalKind::kMarginal, "a", kNow, 5, 1, PointState::kConstant));
  EXPECT_TRUE(reason().starts_with("no signal: not shifted"));
}

}  // namespace
}  // namespace greenq::core
