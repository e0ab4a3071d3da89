// The reference of the job file against the reader that it describes.
#include "client/cli/job_reference.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "client/cli/job_file.hpp"
#include "client/cli/job_spec.hpp"
#include "tests/client/cli_fixture.hpp"

namespace greenq::client {
namespace {

using ::testing::HasSubstr;

std::string without_indices(std::string path) {
  for (auto at = path.find("[0]"); at != std::string::npos; at = path.find("[0]")) path.replace(at, 3, "[]");
  return path;
}

std::set<std::string> asked_for(std::string const& text, Environment const& env) {
  config::Problems problems("job.yaml");
  auto const documents = config::parse_yaml(text, {}, problems);
  std::set<std::string> asked;
  read_job(documents.at(0), env, problems, &asked);
  return asked;
}

// Every key of the top level is given once as a map and once as a list of one map, so that each section is
// read.
std::set<std::string> keys_of_the_reader(Environment const& env) {
  std::string maps;
  std::string lists;
  for (auto const& key : asked_for("{}", env)) {
    maps += key + ": {}\n";
    lists += key + ": [{}]\n";
  }
  std::set<std::string> keys;
  for (auto const& text : {maps, lists}) {
    for (auto const& key : asked_for(text, env)) keys.insert(without_indices(key));
  }
  return keys;
}

// "carbon" for "carbon.policy": a section has no row of its own.
std::set<std::string> keys_of_the_reference() {
  std::set<std::string> keys;
  for (auto const& row : job_keys()) {
    keys.emplace(row.key);
    if (auto const dot = row.key.find('.'); dot != std::string_view::npos && row.key[dot - 1] != ']')
      keys.emplace(row.key.substr(0, dot));
  }
  return keys;
}

TEST(JobReference, NamesEveryKeyThatTheReaderAccepts) {
  Surroundings here;
  auto keys = keys_of_the_reader(here.env);
  EXPECT_EQ(keys.erase("deadline"), 1U);  // looked for to be refused: say finish_by or start_by
  EXPECT_EQ(keys, keys_of_the_reference());
}

TEST(JobReference, EveryExampleIsAccepted) {
  Surroundings here;
  here.variables["HF_HOME"] = "/data";
  for (auto const& row : job_keys()) {
    if (row.example.empty()) continue;
    bool const whole = row.key == "run" || row.key == "command";
    auto const text = (whole ? "" : "run: x\n") + std::string(row.example) + "\n";
    auto const file = parse_job_file("job.yaml", text, {}, here.env, "nothing was submitted");
    EXPECT_TRUE(file) << text << describe(file.error());
  }
}

TEST(JobReference, HelpAndPageNameEveryKey) {
  for (auto const& row : job_keys()) {
    EXPECT_THAT(job_file_help(), HasSubstr('\n' + std::string(row.key) + ' '));
    EXPECT_THAT(job_file_page(), HasSubstr("| `" + std::string(row.key) + "` | "));
  }
  for (auto const& later : later_keys()) {
    EXPECT_THAT(job_file_help(), HasSubstr(' ' + std::string(later.key)));
    EXPECT_THAT(job_file_page(), HasSubstr("- `" + std::string(later.key) + "`: "));
  }
}

// GREENQ_WRITE_GENERATED=1 writes the page anew.
TEST(JobReference, TheCommittedPageIsGenerated) {
  std::string const path = GREENQ_SOURCE_DIR "/config/JOBFILE.md";
  if (std::getenv("GREENQ_WRITE_GENERATED") != nullptr) std::ofstream(path) << job_file_page();
  std::ostringstream committed;
  committed << std::ifstream(path).rdbuf();
  EXPECT_EQ(committed.str(), job_file_page())
      << path << " is not up to date: GREENQ_WRITE_GENERATED=1 writes it anew";
}

}  // namespace
}  // namespace greenq::client
