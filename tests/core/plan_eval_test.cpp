// Whole shared instances, lived through online with the true intensity as the curve (a perfect forecast), and
// judged by the independent referee. Needs the shared evaluation data and python3.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

namespace fs = std::filesystem;

fs::path eval_dir() {
  char const* const given = std::getenv("GREENQ_SHARED_EVAL");
  return given != nullptr ? fs::path{given} : fs::path{GREENQ_SOURCE_DIR} / ".." / "shared" / "eval";
}

std::vector<std::vector<std::string>> rows_of(fs::path const& path) {
  std::ifstream in(path);
  std::vector<std::vector<std::string>> rows;
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> row;
    std::stringstream cells(line);
    std::string cell;
    while (std::getline(cells, cell, ',')) row.push_back(cell);
    rows.push_back(std::move(row));
  }
  if (!rows.empty()) rows.erase(rows.begin());  // header
  return rows;
}

Instant second(std::string const& text) {
  return minute(0) + Span{static_cast<std::int64_t>(std::stod(text) * 1000)};
}

std::shared_ptr<core::Curve const> carbon_of(fs::path const& dir) {
  std::vector<int> grams;
  std::vector<core::IntensityPoint> points;
  for (auto const& row : rows_of(dir / "carbon.csv")) {
    auto const k = static_cast<std::int64_t>(points.size());
    auto const milligrams = static_cast<std::int64_t>(std::stod(row.at(1)) * 1000 + 0.5);
    points.push_back({{minute(k * 60), minute((k + 1) * 60)}, {milligrams}, core::PointState::kForecast});
  }
  return std::make_shared<core::Curve const>(std::move(points));
}

std::size_t gpus_of(fs::path const& dir) {
  std::ifstream in(dir / "params.json");
  std::stringstream text;
  text << in.rdbuf();
  std::string const key = "\"cluster_gpus\":";
  return std::stoul(text.str().substr(text.str().find(key) + key.size()));
}

double figure(std::string const& json, std::string const& key) {
  auto const at = json.find("\"" + key + "\": ");
  return at == std::string::npos ? -1000 : std::stod(json.substr(at + key.size() + 4));
}

struct Verdict {
  int status = -1;
  std::string json;
};

Verdict judge(fs::path const& instance, fs::path const& schedule) {
  std::string const command = "python3 '" + (eval_dir() / "score.py").string() + "' '" + instance.string() +
                              "' '" + schedule.string() + "' --json";
  Verdict verdict;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return verdict;
  char buffer[4096];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) verdict.json += buffer;
  verdict.status = pclose(pipe);
  return verdict;
}

std::string schedule_with(fs::path const& instance, bool interruptible) {
  auto const carbon = carbon_of(instance);
  OnlineRun online{machine(1, {gpus_of(instance)}), carbon};
  for (auto const& row : rows_of(instance / "jobs.csv")) {
    core::WaitingJob job;
    job.id = std::stoull(row.at(0)) + 1;
    job.demand = {0, 0, static_cast<std::uint32_t>(std::stoul(row.at(3)))};
    job.lanes = {0};
    job.duration = Span{static_cast<std::int64_t>(std::stod(row.at(2)) * 1000)};
    job.ready = second(row.at(1));
    job.latest = second(row.at(5)) - job.duration;
    job.shift = true;
    job.interruptible = interruptible;
    online.add(std::move(job));
  }
  std::string out = "job_id,start_s,end_s\n";
  for (auto const& [id, segments] : online.run()) {
    for (auto const& segment : segments) {
      out += std::to_string(id - 1) + "," + std::to_string((segment.begin - minute(0)).count() / 1000) + "," +
             std::to_string((segment.end - minute(0)).count() / 1000) + "\n";
    }
  }
  return out;
}

class SharedInstance : public testing::TestWithParam<std::pair<char const*, bool>> {};

TEST_P(SharedInstance, GivesAValidScheduleThatSaves) {
  auto const [name, interruptible] = GetParam();
  fs::path const instance = eval_dir() / "instances" / name;
  if (!fs::exists(instance)) GTEST_SKIP() << "no shared evaluation data at " << instance;
  if (std::system("python3 -c '' 2>/dev/null") != 0) GTEST_SKIP() << "the referee needs python3";
  char directory[] = "/tmp/greenq-plan-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  fs::path const schedule = fs::path{directory} / "schedule.csv";
  std::ofstream(schedule) << schedule_with(instance, interruptible);
  Verdict const verdict = judge(instance, schedule);
  fs::remove_all(directory);
  std::printf("%s %s, perfect forecast: %s", name, interruptible ? "with pauses" : "without pauses",
              verdict.json.c_str());
  EXPECT_EQ(verdict.status, 0) << verdict.json;
  EXPECT_NE(verdict.json.find("\"valid\": true"), std::string::npos);
  EXPECT_GT(figure(verdict.json, "savings_pct"), 0);
  double const jobs = figure(verdict.json, "jobs");
  EXPECT_LE(figure(verdict.json, "missed_deadlines"), jobs / 100);
}

INSTANTIATE_TEST_SUITE_P(Eval, SharedInstance,
                         testing::Values(std::pair{"DE_philly_ee9e8c_u50_s24", false},
                                         std::pair{"DE_philly_ee9e8c_u50_s24", true},
                                         std::pair{"DE_philly_ee9e8c_u70_s24", false}));

}  // namespace
}  // namespace greenq::test
