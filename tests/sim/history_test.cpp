// From a ledger to an instance, and `greenqd simulate --history` on a made-up one.
#include "simulate/history.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <sstream>

#include "sim/metrics.hpp"
#include "sim/sim_fixture.hpp"
#include "simulate/figures.hpp"
#include "simulate/simulate.hpp"
#include "support/temp_dir.hpp"

namespace greenq::simulate {
namespace {

using core::Instant;
using core::Interval;
using core::PastJob;
using core::PointState;
using core::SignalKind;
using core::Span;
using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;
using Points = std::vector<core::IntensityPoint>;

constexpr Instant kDay0{Span{1'767'571'200'000}};  // 2026-01-05T00:00Z

Instant at(double hour) {
  return kDay0 + Span{static_cast<std::int64_t>(hour * 3'600'000)};
}

// Hourly from at(first); negative: not stored.
Points hourly(int first, std::vector<int> const& grams) {
  Points points;
  for (std::size_t i = 0; i < grams.size(); ++i) {
    int const h = first + static_cast<int>(i);
    if (grams[i] >= 0) points.push_back({{at(h), at(h + 1)}, {grams[i] * 1000}});
  }
  return points;
}

std::vector<int> days(int count, std::vector<int> const& of_day) {
  std::vector<int> out;
  for (int day = 0; day < count; ++day) out.insert(out.end(), of_day.begin(), of_day.end());
  return out;
}

// 400 g/kWh before noon, 100 after.
std::vector<int> half_days(int count) {
  std::vector<int> day(24, 400);
  std::fill(day.begin() + 12, day.end(), 100);
  return days(count, day);
}

core::PastSignal signal(SignalKind kind, Points points) {
  core::PastSignal out;
  out.source = {"GB", kind, core::SignalBasis::kDirect, "neso", "the grid"};
  out.actuals = std::move(points);
  return out;
}

// One run from at(begin) on, submitted then, on one core that draws 100 W.
PastJob job(core::JobId id, double begin, double length, double slack = 0) {
  PastJob out;
  out.id = id;
  out.user = "ann";
  out.state = core::JobState::kSucceeded;
  out.ready = at(begin);
  out.runs = {{at(begin), at(begin + length)}};
  out.expected = out.runs.front().length();
  out.shifts = true;
  out.latest_start = at(begin + slack);
  out.energy = {static_cast<std::int64_t>(length * 100 * 3'600'000)};
  return out;
}

Ledger ledger_of(std::vector<PastJob> jobs, std::vector<int> const& marginal = half_days(3)) {
  Ledger out;
  out.database = "/state/greenq.db";
  out.history.zone = "GB";
  out.history.jobs = std::move(jobs);
  out.history.signals.emplace(SignalKind::kMarginal, signal(SignalKind::kMarginal, hourly(0, marginal)));
  out.signal = core::SiteSignalChoice::kMarginal;
  out.cpus = 4;
  return out;
}

struct Taken {
  sim::Instance instance;
  HistoryFacts facts;
  core::Result<void> signals;
  core::Result<void> jobs;
};

Taken take(Ledger const& ledger, std::optional<SignalKind> kind = std::nullopt, Span slack = Span{0},
           Interval window = {at(0), at(72)}) {
  Taken out;
  auto const capacity = capacity_of(ledger, 0, 0);
  EXPECT_TRUE(capacity);
  out.instance.unit = capacity->unit;
  out.instance.cluster_gpus = capacity->size;
  out.instance.slack = slack;
  out.signals = take_signals(ledger, window, kind, out.instance, out.facts);
  if (out.signals) out.jobs = take_past_jobs(ledger, window, out.instance, out.facts);
  return out;
}

TEST(Figures, ShortGapsAreBridgedAndLongOnesBorrowed) {
  std::vector<int> day;
  for (int h = 0; h < 24; ++h) day.push_back(100 + h);
  std::vector<int> grams = days(3, day);
  grams[25] = grams[26] = -1;                           // 101, 102 lie on the line
  for (std::size_t h = 30; h < 34; ++h) grams[h] = -1;  // 06:00 to 10:00 of day 1
  for (std::size_t h = 5; h < 9; ++h) grams[h] = 200;   // of day 0, which comes first
  Figures const figures{hourly(0, grams)};
  EXPECT_EQ(figures.span(), (Interval{at(0), at(72)}));
  Gaps const gaps = figures.gaps({at(0), at(72)});
  EXPECT_EQ(gaps.bridged, hours{2});
  EXPECT_EQ(gaps.borrowed, hours{4});
  EXPECT_EQ(figures.gaps({at(32), at(72)}).borrowed, hours{2});
  sim::Series const series = figures.series({at(24), at(36)});
  EXPECT_EQ(series.begin(), at(24));
  EXPECT_THAT(series.values(), testing::ElementsAreArray(
                                   sim::grams({100, 101, 102, 103, 104, 105, 200, 200, 200, 109, 110, 111})));
  EXPECT_EQ(figures.after_gap(hours{3}, at(48)), at(34));
  EXPECT_EQ(figures.after_gap(hours{4}, at(48)), at(0));
}

TEST(Figures, BeyondTheSpanTheNearestDayHolds) {
  Figures const figures{hourly(3, half_days(1))};
  EXPECT_EQ(figures.span(), (Interval{at(3), at(27)}));
  EXPECT_EQ(figures.gaps({at(0), at(30)}).borrowed, hours{6});
  EXPECT_EQ(figures.series({at(27), at(28)}).values(), sim::grams({400}));
}

TEST(Figures, TheUsualStepHoldsAndOthersAreMeans) {
  Points points = hourly(0, {100, 200});
  points.push_back({{at(2), at(2.5)}, {100'000}});
  points.push_back({{at(2.5), at(3)}, {300'000}});
  points.push_back({{at(3), at(3.5)}, {900'000}});
  Figures const figures{points};
  EXPECT_EQ(figures.step(), hours{1});
  EXPECT_EQ(figures.span(), (Interval{at(0), at(3)})) << "half an hour is no step";
  EXPECT_EQ(figures.series(figures.span()).values(), sim::grams({100, 200, 200}));
}

TEST(History, AJobIsItsRunsItsBoundAndItsOwnPower) {
  Ledger ledger = ledger_of({job(7, 1, 2, 10)});
  ledger.pue_milli = 1500;
  ledger.history.jobs[0].cpus = 2;
  ledger.history.jobs[0].runs.push_back({at(20), at(21)});
  ledger.history.jobs[0].interruptible = true;
  Taken const taken = take(ledger);
  ASSERT_TRUE(taken.signals && taken.jobs);
  ASSERT_EQ(taken.instance.jobs.size(), 1U);
  sim::SimJob const& made = taken.instance.jobs[0];
  EXPECT_EQ(made.name, "7");
  EXPECT_EQ(made.user, "ann");
  EXPECT_EQ(made.submit, at(1));
  EXPECT_EQ(made.duration, hours{3});
  EXPECT_EQ(made.estimate, hours{2});
  EXPECT_EQ(made.gpus, 2U);
  EXPECT_EQ(made.deadline, at(1 + 10 + 3) + minutes{5});
  EXPECT_TRUE(made.interruptible);
  EXPECT_EQ(taken.instance.unit, "CPU");
  EXPECT_EQ(taken.instance.cluster_gpus, 4U);
  EXPECT_EQ(taken.facts.mean_power.value, 50'000) << "100 W for two of three hours on two cores, PUE 1.5";
  // 200 Wh, half as much again, a third of it in each hour: 1, 2 and 20 o'clock.
  double const kg = sim::emissions_kg(taken.instance, taken.instance.truth, taken.facts.recorded);
  EXPECT_NEAR(kg, 0.2 * 1.5 * (0.4 + 0.4 + 0.1) / 3, 1e-9);
}

TEST(History, OffTheGridAJobComesWithItsSlotAndHasTwoMore) {
  Ledger const ledger = ledger_of({job(1, 1.02, 0.1, 0)});
  Taken const taken = take(ledger);
  ASSERT_TRUE(taken.jobs);
  EXPECT_EQ(taken.instance.jobs[0].submit, at(1));
  EXPECT_EQ(taken.instance.jobs[0].deadline, at(1.25)) << "1.12 is in the slot to 1.1667";
}

TEST(History, AJobThatDoesNotShiftEndsAsInThePlainQueueUnlessSlackIsGiven) {
  PastJob first = job(1, 1, 2);
  first.cpus = 4;
  PastJob second = job(2, 1, 1, 20);
  second.shifts = false;
  Ledger ledger = ledger_of({first, second});
  Taken const plain = take(ledger);
  ASSERT_TRUE(plain.jobs);
  EXPECT_EQ(plain.instance.jobs[1].deadline, at(4) + minutes{5});
  Taken const asked = take(ledger, std::nullopt, hours{10});
  ASSERT_TRUE(asked.jobs);
  EXPECT_EQ(asked.instance.jobs[0].deadline, at(3) + minutes{5}) << "it has a bound of its own";
  EXPECT_EQ(asked.instance.jobs[1].deadline, at(12) + minutes{5});
}

TEST(History, AJobComesWhenTheOnesItWaitedForHadEnded) {
  PastJob second = job(2, 5, 1, 3);
  second.ready = at(1);
  second.after = {1, 99};
  Taken const taken = take(ledger_of({job(1, 1, 3, 0), second}));
  ASSERT_TRUE(taken.jobs);
  EXPECT_EQ(taken.instance.jobs[1].submit, at(4));
}

TEST(History, WhatCannotBeTakenIsCounted) {
  std::vector<PastJob> jobs{job(1, 1, 1)};
  auto const add = [&](auto change) {
    jobs.push_back(job(jobs.size() + 1, 2, 1));
    change(jobs.back());
  };
  add([](PastJob& j) { j.state = core::JobState::kPaused; });
  add([](PastJob& j) { j.runs.clear(); });
  add([](PastJob& j) { j.held = true; });
  add([](PastJob& j) { j.energy = {0}; });
  add([](PastJob& j) { j.cpus = 5; });
  add([](PastJob& j) { j.runs = {{at(71), at(73)}}; });
  add([](PastJob& j) { j.ready = at(71), j.runs = {{at(71.5), at(71.6)}}; });
  add([](PastJob& j) { j.ready = at(-1); });
  Ledger ledger = ledger_of(jobs);
  ledger.history.signals.at(SignalKind::kMarginal).actuals.pop_back();
  Taken const taken = take(ledger);
  ASSERT_TRUE(taken.jobs);
  EXPECT_EQ(taken.instance.jobs.size(), 1U);
  EXPECT_THAT(taken.facts.left_out,
              UnorderedElementsAre(Pair("still queued, running or paused", 1), Pair("never ran", 1),
                                   Pair("submitted on hold", 1), Pair("without metered energy", 1),
                                   Pair("larger than the cluster", 1), Pair("ended after that time", 1),
                                   Pair("after the last figure of intensity", 1),
                                   Pair("before the first figure of intensity", 1)));
  EXPECT_THAT(
      take(ledger_of({jobs[1]})).jobs.error().message,
      HasSubstr("no job can be simulated that was submitted from 2026-01-05T00:00Z to 2026-01-08T00:00Z; 1 "
                "still queued, running or paused; choose another time"));
}

TEST(History, TheUnitIsGpusWhereThereAreSome) {
  PastJob on_gpus = job(1, 1, 1);
  on_gpus.gpus = 2;
  Ledger ledger = ledger_of({on_gpus, job(2, 1, 1)});
  auto const refused = capacity_of(ledger, 0, 0);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("1 jobs of the ledger used GPUs and this machine has none"));
  EXPECT_EQ(capacity_of(ledger, 0, 6)->unit, "CPU");
  EXPECT_EQ(capacity_of(ledger, 8, 0)->from, "--gpus");
  ledger.gpus = 8;
  Taken const taken = take(ledger);
  ASSERT_TRUE(taken.jobs);
  EXPECT_EQ(taken.instance.unit, "GPU");
  EXPECT_EQ(taken.instance.cluster_gpus, 8U);
  EXPECT_EQ(taken.instance.jobs[0].gpus, 2U);
  EXPECT_THAT(taken.facts.left_out, ElementsAre(Pair("without a GPU", 1)));
}

TEST(History, AClusterThatIsTooSmallForWhatRanIsNoted) {
  std::vector<PastJob> jobs{job(1, 1, 2), job(2, 2, 2), job(3, 3, 1)};
  for (PastJob& each : jobs) each.cpus = 3;
  Taken const taken = take(ledger_of(jobs));
  ASSERT_TRUE(taken.jobs);
  EXPECT_THAT(taken.facts.notes, ElementsAre("6 CPUs were in use at once, more than the cluster is taken to "
                                             "have; say how many there were with --cpus."));
}

TEST(History, SignalsAreTruthPastIssuesAndTheSecondBook) {
  Ledger ledger = ledger_of({job(1, 30, 1)});
  ledger.history.signals.emplace(SignalKind::kAverage,
                                 signal(SignalKind::kAverage, hourly(20, std::vector<int>(50, 250))));
  core::PastSignal& marginal = ledger.history.signals.at(SignalKind::kMarginal);
  marginal.issues = {{at(30), hourly(31, {1, 2, 3, -1, 5})}, {at(31), {}}};
  Taken const taken = take(ledger, std::nullopt, Span{0}, {at(24), at(48)});
  ASSERT_TRUE(taken.signals);
  sim::Instance const& instance = taken.instance;
  EXPECT_EQ(instance.kind, SignalKind::kMarginal);
  EXPECT_EQ(instance.history.begin(), at(0));
  EXPECT_EQ(instance.begin(), at(24));
  EXPECT_EQ(instance.end(), at(72)) << "past the window, as far as it is stored";
  ASSERT_EQ(instance.issues.size(), 1U);
  EXPECT_EQ(instance.issues[0].issued, at(30));
  EXPECT_EQ(instance.issues[0].first, hours{1});
  EXPECT_EQ(instance.issues[0].values, sim::grams({1, 2, 3})) << "as far as it goes without a gap";
  EXPECT_EQ(instance.other_kind, SignalKind::kAverage);
  EXPECT_EQ(instance.other.end(), at(72));
  EXPECT_THAT(taken.facts.notes,
              ElementsAre("Of the average book 2.0 h were not stored and are filled likewise."));
  Taken const other = take(ledger, SignalKind::kAverage, Span{0}, {at(24), at(48)});
  EXPECT_EQ(other.instance.kind, SignalKind::kAverage);
}

TEST(History, NothingIsInventedWhereTooLittleIsStored) {
  std::vector<int> grams = half_days(3);
  std::fill(grams.begin() + 10, grams.begin() + 40, -1);
  EXPECT_THAT(
      take(ledger_of({job(1, 1, 1)}, grams)).signals.error().message,
      HasSubstr(
          "of the marginal intensity from 2026-01-05T00:00Z to 2026-01-08T00:00Z only 42.0 of 72.0 h are "
          "stored"));
  Ledger ledger = ledger_of({job(1, 1, 1)});
  EXPECT_THAT(
      take(ledger, SignalKind::kAverage).signals.error().message,
      HasSubstr(
          "no average figures that were measured in that time are stored for zone GB; marginal ones are "
          "(--kind marginal)"));
  ledger.history.signals.clear();
  ledger.history.zone.clear();
  EXPECT_THAT(take(ledger).signals.error().message,
              HasSubstr("no figures that were measured are stored; `greenq feeds` says what the feeds give"));
}

class HistoryCommand : public testing::Test {
 protected:
  int simulate(std::vector<std::string> arguments) {
    out_.str({});
    err_.str({});
    HistorySource source;
    source.now = at(72);
    source.read = [&](HistoryRequest const& request) -> core::Result<Ledger> {
      request_ = request;
      return ledger_;
    };
    return run(std::move(arguments), out_, err_, source);
  }

  Ledger ledger_ = ledger_of({job(1, 1, 2, 20), job(2, 1, 1, 20)});
  HistoryRequest request_;
  test::TempDir dir_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(HistoryCommand, SaysWhatItUsedAndWhatItWouldHaveSaved) {
  ledger_.history.jobs.push_back(job(3, 2, 1));
  ledger_.history.jobs.back().runs.clear();
  ASSERT_EQ(simulate({"--history", "--policy", "lowest-window", "--perfect-forecast", "--since", "3d"}), 0)
      << err_.str();
  EXPECT_THAT(out_.str(),
              HasSubstr("/state/greenq.db, 2026-01-05T00:00Z to 2026-01-08T00:00Z\n"
                        "2 jobs, unit: CPU, 4 of them (this machine), each job with its own power (mean "
                        "100 W a CPU) and bound\n"
                        "marginal intensity from 2026-01-05T00:00Z to 2026-01-08T00:00Z: GB, the grid, "
                        "forecast perfect, told the estimates of 2 "
                        "jobs\n"
                        "Left out: 1 never ran.\n"));
  EXPECT_THAT(out_.str(), HasSubstr("\nas it was "));
  EXPECT_THAT(out_.str(),
              HasSubstr("Simulated with lowest-window: 30.0 g instead of 120.0 (saved 90.0 g, 75.0 %)"));
}

TEST_F(HistoryCommand, TellsALossInPlainWordsToo) {
  std::vector<int> grams(96, 400);
  grams[23] = 100;       // the last hour of yesterday was clean,
  grams[24 + 22] = 200;  // of today it is not
  grams[24 + 23] = 500;
  ledger_ = ledger_of({job(1, 22, 1, 3), job(2, 22, 1, 3)});
  ledger_.history.signals.at(SignalKind::kMarginal).actuals = hourly(-24, grams);
  std::vector<std::string> flags{"--history", "--policy", "lowest-window", "--forecast", "persistence",
                                 "--since",   "3d"};
  ASSERT_EQ(simulate(flags), 0) << err_.str();
  EXPECT_THAT(
      out_.str(),
      HasSubstr("Simulated with lowest-window: 100.0 g instead of 40.0 (60.0 g more, 150.0 %); jobs would "
                "have waited "
                "1.0 h more in the mean (p95 1.0 h instead of 0 s), 0 of 2 bounds missed instead of 0.\n"));
  flags.insert(flags.end(), {"-o", "json"});
  ASSERT_EQ(simulate(flags), 0) << err_.str();
  auto const root = boost::json::parse(out_.str()).as_object();
  EXPECT_EQ(root.at("history").at("unit").as_string(), "CPU");
  EXPECT_EQ(root.at("policies").as_array().back().at("policy").as_string(), "as it was");
  EXPECT_DOUBLE_EQ(root.at("baseline").at("decided").at("kg").to_number<double>(), 0.04);
}

TEST_F(HistoryCommand, TakesSinceAndUntilAsSpansTimesAndDays) {
  ASSERT_EQ(simulate({"--history", "--since", "2026-01-05", "--until", "1d", "--config", "c.yaml",
                      "--state-dir", "s"}),
            0)
      << err_.str();
  EXPECT_EQ(request_.window, (Interval{at(0), at(48)}));
  EXPECT_EQ(request_.config, "c.yaml");
  EXPECT_EQ(request_.state_dir, "s");
  ASSERT_EQ(simulate({"--history", "--since", "2026-01-05T00:30Z"}), 0) << err_.str();
  EXPECT_EQ(request_.window.begin, at(0.5));
  EXPECT_EQ(simulate({"--history", "--since", "yesterday", "--until", "-3d"}), 2);
  EXPECT_EQ(err_.str(),
            "--since: error: must be a time span before now like 30d, or a time like 2026-11-01 or "
            "2026-11-01T08:00Z, "
            "not \"yesterday\"\n"
            "--until: error: must be a time span before now like 30d, or a time like 2026-11-01 or "
            "2026-11-01T08:00Z, "
            "not \"-3d\"\n");
  EXPECT_EQ(simulate({"--history", "--since", "1d", "--until", "2d"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--since: error: must lie before --until"));
  EXPECT_EQ(simulate({"--history", "--since", "400d"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("at most 366 days"));
}

TEST_F(HistoryCommand, RefusesWhatWouldBeIgnored) {
  EXPECT_EQ(simulate({"--since", "3d", "--cpus", "3"}), 2);
  EXPECT_EQ(err_.str(),
            "--since: error: is used with --history only\n"
            "--cpus: error: is used with --history only\n"
            "--instance: error: is needed, or --jobs, --carbon and --gpus, or --history\n");
  EXPECT_EQ(simulate({"--history", "--bound", "--power", "3", "--start", "2026-01-05T00:00Z", "--issued", "x",
                      "--gpus", "2", "--cpus", "2"}),
            2);
  for (char const* flag : {"--bound", "--power", "--start", "--issued", "--cpus"})
    EXPECT_THAT(err_.str(), HasSubstr(std::string(flag) + ": error: is not used with --"));
  EXPECT_EQ(simulate({"--history", "--jobs", "x", "--carbon", "y"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--history: error: has nothing to give"));
  EXPECT_EQ(simulate({"--history", "--instance", "x"}), 2);
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run({"--history"}, out, err), 2);
  EXPECT_THAT(err.str(), HasSubstr("this program has no ledger"));
}

TEST_F(HistoryCommand, FilesGoBeforeTheLedger) {
  std::string const jobs = dir_.write("jobs.csv", "submit_s,duration_s,gpus\n0,7200,2\n3600,3600,1\n");
  EXPECT_EQ(simulate({"--history", "--jobs", jobs, "--since", "3d"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--gpus: error: is needed: this machine has no GPU"));
  ASSERT_EQ(simulate({"--history", "--jobs", jobs, "--since", "3d", "--gpus", "2", "--power", "250",
                      "--policy", "easy", "--bound"}),
            0)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("2 jobs, unit: GPU, 2 of them (--gpus), 250 W each"));
  EXPECT_THAT(out_.str(), testing::Not(HasSubstr("as it was")));
  EXPECT_FALSE(request_.jobs);
  EXPECT_TRUE(request_.signals);
  std::string text = "# kind: average direct\n# step_s: 3600\ntime_utc,gco2_per_kwh\n";
  for (int h = 0; h < 24; ++h) {
    char row[64];
    std::snprintf(row, sizeof row, "2026-01-05T%02d:00:00Z,%d\n", h, 300);
    text += row;
  }
  std::string const carbon = dir_.write("carbon.csv", text);
  ledger_.history.signals.clear();
  ASSERT_EQ(simulate({"--history", "--carbon", carbon, "--since", "30d", "--policy", "easy"}), 0)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("average intensity from 2026-01-05T00:00Z to 2026-01-06T00:00Z: " +
                                    carbon + ", forecast greenq"));
  EXPECT_THAT(out_.str(), HasSubstr("2 jobs, unit: CPU, 4 of them (this machine)"));
}

TEST_F(HistoryCommand, TheChartNamesTheUnit) {
  std::string const plot = dir_.path("plot.svg");
  ASSERT_EQ(simulate({"--history", "--since", "3d", "--plot", plot}), 0) << err_.str();
  std::ostringstream text;
  text << std::ifstream{plot}.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("CPUs in use"));
}

}  // namespace
}  // namespace greenq::simulate
