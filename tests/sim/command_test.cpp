#include "simulate/simulate.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/bound.hpp"
#include "sim/metrics.hpp"
#include "sim/sim_fixture.hpp"
#include "simulate/jobs_file.hpp"
#include "simulate/load.hpp"
#include "simulate/report.hpp"
#include "support/temp_dir.hpp"

namespace greenq::simulate {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class Command : public testing::Test {
 protected:
  std::string file(std::string const& name, std::string const& text) { return dir_.write(name, text); }
  int simulate(std::vector<std::string> arguments) {
    out_.str({});
    err_.str({});
    return run(std::move(arguments), out_, err_);
  }
  std::string read(std::string const& path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
  }

  std::string carbon() {
    std::string text = "# kind: marginal direct\n# step_s: 3600\ntime_utc,gco2_per_kwh\n";
    for (int h = 0; h < 72; ++h) {
      char row[64];
      std::snprintf(row, sizeof row, "2026-01-%02dT%02d:00:00Z,%d\n", 5 + h / 24, h % 24,
                    h % 24 < 12 ? 400 : 100);
      text += row;
    }
    return file("carbon.csv", text);
  }
  std::string jobs() { return file("jobs.csv", "submit_s,duration_s,gpus\n0,7200,2\n3600,3600,1\n"); }

  test::TempDir dir_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(Command, ComparesPoliciesFromSingleFiles) {
  std::string const schedule = dir_.path() / "schedule.csv";
  std::string const plot = dir_.path() / "plot.svg";
  ASSERT_EQ(simulate({"--jobs", jobs(), "--carbon", carbon(), "--gpus", "2", "--slack", "24", "--policy",
                      "lowest-window", "--compare", "easy,fcfs", "--perfect-forecast", "--bound", "--out",
                      schedule, "--plot", plot}),
            0)
      << err_.str();
  EXPECT_THAT(out_.str(),
              HasSubstr("jobs: 2 jobs, 2 GPUs of 300 W, 24 h slack, marginal intensity, forecast perfect"));
  EXPECT_THAT(out_.str(), HasSubstr("75.00 %"));
  EXPECT_THAT(out_.str(),
              HasSubstr("With lowest-window: 150.0 g instead of 600.0 (saved 450.0 g, 75.0 %); jobs would "
                        "have waited 12.0 h more in the mean (p95 13.0 h instead of 1.0 h), 0 of 2 bounds "
                        "missed instead of 0.\n"));
  EXPECT_EQ(read(schedule), "job_id,segment,start_s,end_s\n0,0,43200,50400\n1,0,50400,54000\n");
  EXPECT_THAT(read(plot), HasSubstr("prefers-color-scheme: dark"));
}

TEST_F(Command, PrintsJsonForPrograms) {
  ASSERT_EQ(simulate({"--jobs", jobs(), "--carbon", carbon(), "--gpus", "2", "--policy", "wait-awhile-replan",
                      "--compare", "all", "--perfect-forecast", "-o", "json"}),
            0)
      << err_.str();
  auto const root = boost::json::parse(out_.str()).as_object();
  auto const& policies = root.at("policies").as_array();
  EXPECT_EQ(policies.size(), sim::policy_names().size());
  EXPECT_EQ(policies[0].at("policy").as_string(), "wait-awhile-replan");
  for (auto const& policy : policies) {
    ASSERT_EQ(policy.as_object().size(), policies[0].as_object().size());
    for (auto const& [key, value] : policies[0].as_object())
      EXPECT_TRUE(policy.as_object().contains(key)) << policy.at("policy").as_string() << ": " << key;
  }
  EXPECT_NEAR(policies[0].at("decided").at("saving_percent").to_number<double>(), 75, 1e-9);
}

TEST_F(Command, NamesEveryWrongFlagAtOnce) {
  EXPECT_EQ(
      simulate({"--instnce", "x", "--policy", "esy", "--compare", "all,thresold", "--forecast", "prefect"}),
      2);
  EXPECT_EQ(
      err_.str(),
      "greenqd simulate: unknown option --instnce; did you mean \"--instance\"?\n"
      "greenqd simulate: \"x\" is no option; files are given with --instance, or with --jobs and --carbon\n"
      "--instance: error: is needed, or --jobs, --carbon and --gpus, or --history\n"
      "--policy: error: \"esy\" is not known; did you mean \"easy\"?\n"
      "--compare: error: \"all\" is not known; one of greenq, fcfs, easy, lowest-window, average-window, "
      "carbon-time, cap, "
      "calendar, calendar-pauses, calendar-replan, threshold, threshold-rolling, "
      "wait-awhile-replan\n"
      "--compare: error: \"thresold\" is not known; did you mean \"threshold\"?\n"
      "--forecast: error: \"prefect\" is not known; did you mean \"perfect\"?\n");
}

TEST_F(Command, RefusesWhatWouldBeIgnored) {
  EXPECT_EQ(simulate({"--instance", "x", "--gpus", "2", "--slack", "3"}), 2);
  EXPECT_EQ(err_.str(),
            "--gpus: error: is not used with --instance: the folder says it\n"
            "--slack: error: is not used with --instance: the folder says it\n");
  EXPECT_EQ(simulate({"--jobs", jobs(), "--carbon", carbon(), "--gpus", "2", "--forecast", "published"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("give them with --issued FILE"));
}

TEST_F(Command, NamesEveryWrongCellAtOnce) {
  std::string const path = file("bad.csv",
                                "# jobs\n"
                                "job_id,submit_s,duration_s,gpus,interruptible\n"
                                "a,0,60,1,yes\n"
                                "a,-5,0,9,perhaps\n"
                                "b,1,60\n"
                                "c,x,60,1.5,no\n");
  EXPECT_EQ(simulate({"--jobs", path, "--carbon", carbon(), "--gpus", "8"}), 2);
  std::string expected;
  for (char const* line :
       {":4:3: error: submit_s must be seconds, 0 or more, not \"-5\"",
        ":4:6: error: duration_s must be seconds above 0, not \"0\"",
        ":4:8: error: needs 9 GPUs, the cluster has 8", ":4:10: error: interruptible must be yes or no",
        ":4:1: error: job_id a stands in line 3 already", ":5:1: error: the row has 3 cells, the header 5",
        ":6:3: error: submit_s must be seconds, 0 or more, not \"x\"",
        ":6:8: error: gpus must be a whole number above 0, not \"1.5\""})
    expected += path + line + "\n";
  EXPECT_EQ(err_.str(), expected);
  std::string const columns = file("columns.csv", "submit_s,duration,gpu\n");
  EXPECT_EQ(simulate({"--jobs", columns, "--carbon", carbon(), "--gpus", "8"}), 2);
  EXPECT_THAT(err_.str(),
              HasSubstr(columns + ":1:10: error: unknown column \"duration\"; did you mean \"duration_s\"?"));
  EXPECT_THAT(err_.str(),
              HasSubstr(columns + ":1:19: error: unknown column \"gpu\"; did you mean \"gpus\"?"));
}

TEST_F(Command, NeverWritesOverWhatItReads) {
  std::string const before = read(jobs());
  EXPECT_EQ(simulate({"--jobs", jobs(), "--carbon", carbon(), "--gpus", "2", "--out",
                      dir_.path().string() + "/./jobs.csv", "--plot", carbon(), "--short-wait", "nan"}),
            2);
  EXPECT_THAT(err_.str(), HasSubstr("--out: error: would overwrite "));
  EXPECT_THAT(err_.str(), HasSubstr("--plot: error: would overwrite "));
  EXPECT_THAT(err_.str(), HasSubstr("--short-wait: error: must be hours, 0 or more"));
  EXPECT_EQ(read(jobs()), before);
  EXPECT_EQ(simulate({"--instance", dir_.path(), "--out", dir_.path("history.csv")}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--out: error: would overwrite "));
  fs::create_hard_link(jobs(), dir_.path() / "link.csv");
  EXPECT_EQ(simulate({"--jobs", jobs(), "--carbon", carbon(), "--gpus", "2", "--out", dir_.path("link.csv")}),
            2);
  EXPECT_EQ(simulate({"--instance", dir_.path(), "--out", "/tmp/none", "--plot", "/tmp/../tmp/none"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--plot: error: is the file of --out; choose another"));
}

TEST_F(Command, TakesWhatWaitingCostsAndHowLateAJobMayBe) {
  std::vector<std::string> const base{"--jobs",  jobs(), "--carbon",           carbon(), "--gpus", "2",
                                      "--slack", "20",   "--perfect-forecast", "-o",     "json"};
  auto const with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return simulate(std::move(more));
  };
  EXPECT_EQ(with({"--wait-charge", "0.5", "--lateness-limit", "none"}), 0) << err_.str();
  EXPECT_EQ(with({"--lateness-limit", "12"}), 0) << err_.str();
  EXPECT_EQ(with({"--wait-charge", "nan", "--lateness-limit", "1.5"}), 2);
  EXPECT_EQ(err_.str(),
            "--wait-charge: error: must be between 0 and 100\n"
            "--lateness-limit: error: must be whole hours up to 8760, or none\n");
}

TEST_F(Command, TellsPoliciesWrongRunTimesAndLosesTheFeed) {
  std::vector<std::string> const base{"--jobs", jobs(),    "--carbon", carbon(), "--gpus",
                                      "2",      "--slack", "20",       "-o",     "json"};
  auto const with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return simulate(std::move(more));
  };
  ASSERT_EQ(with({"--perfect-forecast"}), 0) << err_.str();
  std::string const exact = out_.str();
  ASSERT_EQ(with({"--perfect-forecast", "--estimates", "1"}), 0) << err_.str();
  EXPECT_EQ(out_.str(), exact);
  EXPECT_EQ(with({"--perfect-forecast", "--estimates", "20"}), 0) << err_.str();
  EXPECT_NE(out_.str(), exact);
  EXPECT_EQ(with({"--forecast", "correlated", "--estimates", "heavy", "--feed-lost", "24"}), 0) << err_.str();
  EXPECT_EQ(with({"--estimates", "often", "--feed-lost", "-2"}), 2);
  EXPECT_EQ(err_.str(),
            "--estimates: error: must be exact, heavy, or a factor from 0.01 to 100\n"
            "--feed-lost: error: must be hours, 0 or more\n");
}

TEST_F(Command, TakesRunTimesAsTheirUsersGaveThem) {
  std::string const given = file("given.csv", "submit_s,duration_s,gpus,estimate_s\n0,7200,2,36000\n");
  core::Result<JobsFile> const read = read_jobs(given, sim::kBegin, 2);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->jobs[0].estimate, core::Span{std::chrono::hours{10}});
  EXPECT_EQ(read->jobs[0].duration, core::Span{std::chrono::hours{2}});
}

TEST_F(Command, ReadsAnInstanceFolderAndSaysWhatIsWrongWithIt) {
  carbon();
  jobs();
  file("params.json", "{\"cluster_gpus\": 2,\n \"slack_h\": oops}");
  EXPECT_EQ(simulate({"--instance", dir_.path()}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("params.json:2:"));
  file("params.json", R"({"cluster_gpus": 0, "kind": "odd", "slack_h": -1})");
  EXPECT_EQ(simulate({"--instance", dir_.path()}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("cluster_gpus must be a number of at least 1"));
  EXPECT_THAT(err_.str(), HasSubstr("kind must begin with marginal or average"));
  file("params.json",
       R"({"cluster_gpus": 2, "name": "tiny", "kind": "marginal_direct", "resume_overhead_s": 60})");
  ASSERT_EQ(simulate({"--instance", dir_.path(), "--policy", "easy"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("tiny: 2 jobs"));
  EXPECT_EQ(simulate({"--instance", dir_.path() / "nowhere"}), 2);
}

TEST_F(Command, PricesASecondBookAndCutsHistoryOff) {
  std::string text = read(carbon());
  text.replace(text.find("marginal"), 8, "average ");
  std::string const second = file("second_book.csv", text);
  std::vector<std::string> const arguments{
      "--jobs",   jobs(), "--carbon",      carbon(), "--start", "2026-01-06T00:00:00Z",
      "--gpus",   "2",    "--second-book", second,   "-o",      "json",
      "--policy", "easy"};
  ASSERT_EQ(simulate(arguments), 0) << err_.str();
  auto const root = boost::json::parse(out_.str()).as_object();
  EXPECT_EQ(root.at("baseline").at("other").at("kind").as_string(), "average");
  EXPECT_DOUBLE_EQ(root.at("baseline").at("other").at("kg").to_number<double>(),
                   root.at("baseline").at("decided").at("kg").to_number<double>());
}

TEST_F(Command, HelpNamesThePolicies) {
  EXPECT_EQ(simulate({"--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("wait-awhile-replan"));
}

// The referee of the evaluation stands beside the source tree on machines that have it.
class Referee : public testing::TestWithParam<std::string> {
 protected:
  static fs::path folder() { return fs::path(GREENQ_SOURCE_DIR) / "../shared/eval"; }
  void SetUp() override {
    if (!fs::exists(folder() / "score.py")) GTEST_SKIP() << "no ../shared/eval beside the source tree";
    auto loaded = load_instance({(folder() / "instances" / GetParam()).string()});
    ASSERT_TRUE(loaded) << loaded.error().message;
    instance_ = std::move(*loaded);
    baseline_ = sim::schedule_by("easy", instance_, sim::OutlookKind::kPersistence);
  }

  sim::Instance instance_;
  sim::Schedule baseline_;
};

TEST_P(Referee, WritesTheSameFirstComeFirstServed) {
  test::TempDir dir;
  fs::path const theirs = dir.path() / "fcfs.csv";
  std::string const command = "python3 '" + (folder() / "score.py").string() + "' '" +
                              (folder() / "instances" / GetParam()).string() + "' --fcfs '" +
                              theirs.string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ifstream file{theirs};
  std::string line;
  std::getline(file, line);
  for (sim::SimJob const& job : instance_.jobs) {
    ASSERT_TRUE(std::getline(file, line));
    auto const& runs = baseline_.segments[job.id - 1];
    ASSERT_EQ(runs.size(), 1U);
    std::ostringstream ours;
    ours << job.name << ',' << (runs[0].begin - instance_.begin()) / std::chrono::seconds{1} << ','
         << (runs[0].end - instance_.begin()) / std::chrono::seconds{1};
    ASSERT_EQ(line, ours.str());
  }
}

TEST_P(Referee, HasBoundsCloseToOurs) {
  std::ifstream file{folder() / "instances" / GetParam() / "reference.json"};
  std::ostringstream text;
  text << file.rdbuf();
  auto const reference = boost::json::parse(text.str()).as_object();
  double const base = sim::emissions_kg(instance_, instance_.truth, baseline_);
  EXPECT_NEAR(base, reference.at("fcfs_kg").to_number<double>(), 1e-3);
  auto const due = sim::due_times(instance_, baseline_);
  double const fluid = 100 * (1 - sim::bound_with_pauses_kg(instance_, due) / base);
  EXPECT_NEAR(fluid, reference.at("bound_preemptive_savings_pct").to_number<double>(), 0.002);
  double const whole = 100 * (1 - sim::bound_without_pauses_kg(instance_, due, 150) / base);
  EXPECT_GE(whole, reference.at("clairvoyant_np_savings_pct").to_number<double>() - 0.002);
  EXPECT_NEAR(whole, reference.at("bound_nonpreemptive_savings_pct").to_number<double>(), 0.15);
}

INSTANTIATE_TEST_SUITE_P(Shared, Referee,
                         testing::Values("DE_philly_ee9e8c_u70_s24", "CISO_alibaba_gpu2023_u90_s48",
                                         "CAISO-PGE_philly_ee9e8c_u50_s24"),
                         [](auto const& shared) {
                           std::string name = shared.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace greenq::simulate
