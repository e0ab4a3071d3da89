#include "sim/outlook.hpp"

#include <cmath>

#include "sim/sim_fixture.hpp"

namespace greenq::sim {
namespace {

constexpr std::array kOnline{OutlookKind::kGreenq, OutlookKind::kPublished, OutlookKind::kPersistence,
                             OutlookKind::kClimatology};

Instance with_issues(std::uint64_t seed) {
  Instance out = random_world(seed, true);
  auto const& past = out.history.values();
  out.history = Series{kBegin - hours{24 * 4}, hours{1}, {past.end() - 24 * 4, past.end()}};
  for (int day = 0; day < 21; ++day) {
    Issue issue{kBegin + hours{24 * day}, Span{0}, hours{1}, {}};
    for (int h = 0; h < 96; ++h) issue.values.push_back({150'000 + 1'000 * ((h * 7 + day) % 100)});
    out.issues.push_back(std::move(issue));
  }
  return out;
}

TEST(Outlook, OnlineOnesDoNotSeeTheFuture) {
  Instance const instance = with_issues(3);
  Instant const now = kBegin + hours{24 * 4 + 5};
  Instance other = instance;
  std::vector<core::Intensity> values = instance.truth.values();
  for (std::size_t h = 24 * 4 + 6; h < values.size(); ++h) values[h].value += 77'000;
  other.truth = Series{kBegin, hours{1}, values};
  for (Issue& issue : other.issues) {
    if (issue.issued > now) issue.values.assign(96, {1'000});
  }
  for (OutlookKind const kind : kOnline) {
    auto const a = make_outlook(kind, instance);
    auto const b = make_outlook(kind, other);
    EXPECT_EQ(a->at(now + minutes{40})->points(), b->at(now + minutes{40})->points());
    EXPECT_NE(a->at(now + hours{30})->points(), b->at(now + hours{30})->points());
  }
}

TEST(Outlook, CoversTheStepUnderWayAndWhatFollows) {
  Instance const instance = with_issues(4);
  Instant const now = kBegin + hours{50} + minutes{25};
  for (OutlookKind const kind : kOnline) {
    auto const outlook = make_outlook(kind, instance);
    auto const curve = outlook->at(now);
    EXPECT_EQ(curve->points().front().interval.begin, kBegin + hours{50});
    EXPECT_EQ(curve->points().front().value, instance.truth.at(now));
    EXPECT_TRUE(curve->covered({now, now + hours{14 * 24 - 2}}));
    EXPECT_EQ(outlook->next_change(now), kBegin + hours{51});
    EXPECT_NE(outlook->at(instance.end() + hours{5}), nullptr);
  }
}

TEST(Outlook, IsTheSameWhateverWasAskedBefore) {
  Instance const instance = with_issues(5);
  auto const jumping = make_outlook(OutlookKind::kGreenq, instance);
  auto const late = jumping->at(kBegin + hours{60});
  auto const early = jumping->at(kBegin + hours{10});
  EXPECT_EQ(make_outlook(OutlookKind::kGreenq, instance)->at(kBegin + hours{10})->points(), early->points());
  EXPECT_EQ(jumping->at(kBegin + hours{60})->points(), late->points());
}

TEST(Outlook, PersistenceIsTheSameHourYesterday) {
  Instance const instance = random_world(6, true);
  auto const curve = make_outlook(OutlookKind::kPersistence, instance)->at(kBegin + hours{30});
  for (int lead = 1; lead < 24; ++lead)
    EXPECT_EQ(curve->at(kBegin + hours{30 + lead})->value, instance.truth.at(kBegin + hours{6 + lead}));
  EXPECT_EQ(curve->at(kBegin + hours{30 + 24})->value, instance.truth.at(kBegin + hours{30}));
}

TEST(Outlook, PublishedRepeatsItsLastDay) {
  Instance const instance = with_issues(7);
  auto const curve = make_outlook(OutlookKind::kPublished, instance)->at(kBegin + hours{24});
  Issue const& issue = instance.issues[1];
  EXPECT_EQ(curve->at(kBegin + hours{24 + 5})->value, issue.values[5]);
  EXPECT_EQ(curve->at(kBegin + hours{24 + 96 + 5})->value, issue.values[72 + 5]);
}

TEST(Outlook, WorksWithoutHistoryAndInFineSteps) {
  Instance instance = world(1, {});
  std::vector<double> fine;
  for (int i = 0; i < 12 * 72; ++i) fine.push_back(100 + (i / 12) % 24);
  instance.truth = Series{kBegin, minutes{5}, grams(fine)};
  for (OutlookKind const kind : kOnline) {
    auto const outlook = make_outlook(kind, instance);
    for (Span const at : {Span{0}, Span{minutes{7}}, Span{hours{30} + minutes{55}}, Span{hours{71}}}) {
      auto const curve = outlook->at(kBegin + at);
      EXPECT_EQ(curve->at(kBegin + at)->value, instance.truth.at(kBegin + at));
      EXPECT_TRUE(curve->covered({kBegin + at, instance.end()}));
    }
  }
}

// Root mean square of what the outlook says `lead` ahead against the truth, as a share of its mean.
double error_at(Outlook& outlook, Instance const& instance, Span lead) {
  double squares = 0;
  double mean = 0;
  int count = 0;
  for (Instant now = instance.begin(); now + lead < instance.end(); now += hours{1}, ++count) {
    auto const truth = static_cast<double>(instance.truth.at(now + lead).value);
    double const error = static_cast<double>(outlook.at(now)->at(now + lead)->value.value) - truth;
    squares += error * error;
    mean += truth;
  }
  return std::sqrt(squares / count) / (mean / count);
}

TEST(Outlook, CorrelatedErrorsGrowWithTheLeadAndPersist) {
  Instance const instance = random_world(8, true);
  auto const outlook = make_outlook(OutlookKind::kCorrelated, instance);
  double const next = error_at(*outlook, instance, hours{1});
  double const day = error_at(*outlook, instance, hours{24});
  double const late = error_at(*outlook, instance, hours{120});
  EXPECT_GT(next, 0.02);
  EXPECT_LT(next, 0.5 * day);
  EXPECT_NEAR(day, 0.17, 0.08);
  EXPECT_NEAR(late, 0.2, 0.1);
  auto const said = [&](Instant now) { return outlook->at(now)->at(kBegin + hours{200})->value.value; };
  auto const truth = instance.truth.at(kBegin + hours{200}).value;
  EXPECT_EQ(said(kBegin) > truth, said(kBegin + hours{100}) > truth)
      << "an issue repeats the error before it";
}

TEST(Outlook, WithoutNewsWhatWasKnownStands) {
  Instance const instance = random_world(8, true);
  std::shared_ptr<Outlook> const whole = make_outlook(OutlookKind::kPersistence, instance);
  core::Interval const lost{kBegin + hours{30}, kBegin + hours{54}};
  auto const outlook = without_news(make_outlook(OutlookKind::kPersistence, instance), lost);
  EXPECT_EQ(outlook->at(kBegin + hours{29})->points(), whole->at(kBegin + hours{29})->points());
  EXPECT_EQ(outlook->at(kBegin + hours{53})->points(), whole->at(kBegin + hours{30})->points());
  EXPECT_EQ(outlook->at(kBegin + hours{54})->points(), whole->at(kBegin + hours{54})->points());
}

}  // namespace
}  // namespace greenq::sim
