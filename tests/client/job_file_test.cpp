#include "client/cli/job_file.hpp"

#include <gmock/gmock.h>

#include "tests/client/cli_fixture.hpp"

namespace greenq::client {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class JobFileTest : public ::testing::Test {
 protected:
  Result<JobFile> parse(std::string const& text, std::vector<std::string> const& overrides = {}) {
    return parse_job_file("job.yaml", text, overrides, here.env, "nothing was submitted");
  }
  std::string errors(std::string const& text, std::vector<std::string> const& overrides = {}) {
    auto const file = parse(text, overrides);
    return file ? "no error" : describe(file.error());
  }
  v1::JobSpec spec(std::string const& text) {
    auto const file = parse(text);
    if (!file) {
      ADD_FAILURE() << describe(file.error());
      return {};
    }
    return file->requests.at(0).spec();
  }

  Surroundings here;
};

TEST_F(JobFileTest, OneLineIsAJob) {
  auto const file = parse("run: python train.py\n");
  ASSERT_TRUE(file);
  ASSERT_EQ(file->requests.size(), 1U);
  EXPECT_EQ(file->requests[0].spec().run(), "python train.py");
  EXPECT_EQ(file->requests[0].spec().workdir(), "/srv/ada");
  EXPECT_EQ(file->requests[0].parent(), "");
  EXPECT_FALSE(file->requests[0].spec().has_time_limit());
  EXPECT_FALSE(file->requests[0].spec().has_priority());
}

TEST_F(JobFileTest, EveryKeyReachesTheRequest) {
  here.variables["HF_HOME"] = "/data/hf";
  auto const file = parse(R"(name: resnet50
project: vision
run: |
  python train.py
workdir: ~/src/resnet
env: {WANDB_MODE: offline, N: 010}
env_passthrough: [HF_HOME]
resources: {gpus: 2, gpu_type: [A100, h100], gpu_memory: 40GB, cpus: 8, memory: 64GiB, nodes: 1}
time_limit: 8h
expected_duration: 5h
expected_power: 620W
carbon:
  policy: threshold
  signal: marginal
  finish_by: 2026-11-24T08:00+01:00
  max_intensity: 250gCO2/kWh
  interruptible: yes
  on_missed: hold
  on_stale_feed: use_history
checkpoint: {signal: SIGUSR1, grace: 120s, exit_code: 85, cost: 5m}
retry: {max: 3, causes: [node_lost, oom], exit_codes: [33, 34], backoff: 1m}
depends_on: [{job: prep-data, when: finished}, {job: "12"}]
priority: 60
hold: true
not_before: 2026-11-23T20:00Z
output: {stdout: logs/%j.out, stderr: same}
labels: {paper: green-ai}
)");
  ASSERT_TRUE(file) << describe(file.error());
  auto const& request = file->requests.at(0);
  auto const& spec = request.spec();
  EXPECT_EQ(request.parent(), "projects/vision");
  EXPECT_EQ(spec.display_name(), "resnet50");
  EXPECT_EQ(spec.workdir(), "/home/ada/src/resnet");
  EXPECT_THAT(spec.env(), UnorderedElementsAre(Pair("WANDB_MODE", "offline"), Pair("N", "010"),
                                               Pair("HF_HOME", "/data/hf")));
  EXPECT_EQ(spec.resources().gpus(), 2);
  EXPECT_THAT(spec.resources().gpu_types(), ElementsAre("a100", "h100"));
  EXPECT_EQ(spec.resources().gpu_memory_bytes(), 40'000'000'000);
  EXPECT_EQ(spec.resources().cpus(), 8);
  EXPECT_EQ(spec.resources().memory_bytes(), 64LL << 30);
  EXPECT_EQ(spec.time_limit().seconds(), 8 * 3600);
  EXPECT_EQ(spec.expected_duration().seconds(), 5 * 3600);
  EXPECT_EQ(spec.expected_power_mw(), 620'000);
  EXPECT_EQ(spec.carbon().mode(), v1::CarbonPolicy::MODE_THRESHOLD);
  EXPECT_EQ(spec.carbon().signal(), v1::SIGNAL_KIND_MARGINAL);
  EXPECT_EQ(instant(spec.carbon().finish_by()), at("2026-11-24T07:00:00Z"));
  EXPECT_EQ(spec.carbon().max_mg_per_kwh(), 250'000);
  EXPECT_TRUE(spec.carbon().interruptible());
  EXPECT_EQ(spec.carbon().on_missed(), v1::CarbonPolicy::ON_MISSED_HOLD);
  EXPECT_EQ(spec.carbon().on_stale_feed(), v1::CarbonPolicy::ON_STALE_FEED_USE_HISTORY);
  EXPECT_EQ(spec.checkpoint().signal(), "SIGUSR1");
  EXPECT_EQ(spec.checkpoint().grace().seconds(), 120);
  EXPECT_EQ(spec.checkpoint().exit_code(), 85);
  EXPECT_EQ(spec.checkpoint().cost().seconds(), 300);
  EXPECT_EQ(spec.retry().max(), 3);
  EXPECT_THAT(spec.retry().causes(), ElementsAre(v1::Retry::CAUSE_NODE_LOST, v1::Retry::CAUSE_OOM));
  EXPECT_THAT(spec.retry().exit_codes(), ElementsAre(33, 34));
  EXPECT_EQ(spec.retry().backoff().seconds(), 60);
  ASSERT_EQ(spec.depends_on_size(), 2);
  EXPECT_EQ(spec.depends_on(0).condition(), v1::Dependency::CONDITION_FINISHED);
  EXPECT_EQ(spec.depends_on(1).job(), "12");
  EXPECT_EQ(spec.depends_on(1).condition(), v1::Dependency::CONDITION_SUCCEEDED);
  EXPECT_EQ(spec.priority(), 60);
  EXPECT_TRUE(spec.hold());
  EXPECT_EQ(instant(spec.not_before()), at("2026-11-23T20:00:00Z"));
  EXPECT_EQ(spec.output().stdout(), "logs/%j.out");
  EXPECT_EQ(spec.output().stderr(), "");
  EXPECT_THAT(spec.labels(), ElementsAre(Pair("paper", "green-ai")));
}

TEST_F(JobFileTest, WorkdirsBecomeAbsolute) {
  EXPECT_EQ(spec("run: x\nworkdir: sub/dir\n").workdir(), "/srv/ada/sub/dir");
  EXPECT_EQ(spec("run: x\nworkdir: /abs\n").workdir(), "/abs");
  EXPECT_EQ(spec("run: x\nworkdir: \"~\"\n").workdir(), "/home/ada");
  EXPECT_EQ(errors("run: x\nworkdir: ~bob/x\n"),
            "job.yaml:2:10: error: workdir: only ~ and ~/ are expanded; write the whole path\n"
            "  2 | workdir: ~bob/x\n"
            "    |          ^~~~~~\n"
            "1 error; nothing was submitted\n");
}

TEST_F(JobFileTest, BothBoundsOfDelay) {
  EXPECT_EQ(spec("run: x\ncarbon: {max_delay: 18h}\n").carbon().max_delay().seconds(), 18 * 3600);
  EXPECT_EQ(spec("run: x\ncarbon: {start_by: 2026-11-24T08:00Z}\n").carbon().bound_case(),
            v1::CarbonPolicy::kStartBy);
}

TEST_F(JobFileTest, AllErrorsAtOnceInOrder) {
  EXPECT_EQ(errors(R"(name: Res_Net
run: x
command: [y]
resources: {gpus: 2, memory: 64, nodes: 4}
carbon:
  finish_buy: 2026-11-24T08:00Z
  start_by: 2026-11-24T08:00
  max_delay: 18h
  interruptible: true
  policy: budget_only
retry: {causes: [oon]}
env_passthrough: [NOT_SET]
sweep: {grid: {LR: [1, 2]}}
limits: {carbon: 4kgCO2e}
checkpont: {signal: SIGUSR1}
deadline: tomorrow
)"),
            R"(job.yaml:1:7: error: name: "Res_Net" must be 1 to 63 of a-z, 0-9 and -, not - first
  1 | name: Res_Net
    |       ^~~~~~~
job.yaml:3:10: error: command: give either run (a script) or command (a list), not both
  3 | command: [y]
    |          ^
job.yaml:4:30: error: resources.memory: "64" needs a unit, e.g. 64GB
  4 | resources: {gpus: 2, memory: 64, nodes: 4}
    |                              ^~
job.yaml:4:41: error: resources.nodes: not yet: a job runs on one node; write nodes: 1 or remove the key
  4 | resources: {gpus: 2, memory: 64, nodes: 4}
    |                                         ^
job.yaml:6:3: error: carbon.finish_buy: unknown field; did you mean "finish_by"?
  6 |   finish_buy: 2026-11-24T08:00Z
    |   ^~~~~~~~~~
job.yaml:7:13: error: carbon.start_by: "2026-11-24T08:00" needs a time zone, e.g. 2026-11-24T08:00+01:00
  7 |   start_by: 2026-11-24T08:00
    |             ^~~~~~~~~~~~~~~~
job.yaml:8:14: error: carbon.max_delay: only one of finish_by, start_by and max_delay is allowed; start_by is there already
  8 |   max_delay: 18h
    |              ^~~
job.yaml:9:18: error: carbon.interruptible: true needs a checkpoint section
  9 |   interruptible: true
    |                  ^~~~
job.yaml:10:11: error: carbon.policy: not yet: budgets come in a later version; use none, shift or threshold
  10 |   policy: budget_only
     |           ^~~~~~~~~~~
job.yaml:11:1: error: retry.max: is missing; write how often to try again, e.g. max: 3
  11 | retry: {causes: [oon]}
     | ^~~~~
job.yaml:11:17: error: retry.causes: "oon" is not known; did you mean "oom"?
  11 | retry: {causes: [oon]}
     |                 ^
job.yaml:12:18: error: env_passthrough: NOT_SET is not set in your environment; set it or remove it from the list
  12 | env_passthrough: [NOT_SET]
     |                  ^
job.yaml:13:1: error: sweep: not yet: sweeps come in a later version; write one document per job, separated by ---
  13 | sweep: {grid: {LR: [1, 2]}}
     | ^~~~~
job.yaml:14:1: error: limits: not yet: limits per job come with budgets in a later version; remove the key
  14 | limits: {carbon: 4kgCO2e}
     | ^~~~~~
job.yaml:15:1: error: checkpont: unknown field; did you mean "checkpoint"?
  15 | checkpont: {signal: SIGUSR1}
     | ^~~~~~~~~
job.yaml:16:11: error: deadline: say what you mean: carbon.finish_by (has ended) or carbon.start_by (has started)
  16 | deadline: tomorrow
     |           ^~~~~~~~
16 errors; nothing was submitted
)");
}

TEST_F(JobFileTest, LaterKeysAreRefusedNeverIgnored) {
  for (char const* line :
       {"limits: {energy: 1kWh}", "on_exceed: cancel", "sweep: {}", "array: 0-9", "report: {}", "site: x",
        "sites: [x]", "env_passthrough: all", "output: {stdout: a-%a}"}) {
    EXPECT_THAT(errors(std::string("run: x\n") + line + "\n"), ::testing::HasSubstr("not yet: ")) << line;
  }
}

TEST_F(JobFileTest, SingleMistakes) {
  struct Case {
    char const* text;
    char const* message;
  };
  for (auto const& [text, message] : {
           Case{"name: x\n",
                "job.yaml:1:1: error: run: is missing; give run: a script, or command: a list of program and "
                "arguments"},
           Case{"", "job.yaml:1:1: error: the file has no job; the shortest is `run: python train.py`"},
           Case{"# only this\n",
                "job.yaml:1:1: error: the file has no job; the shortest is `run: python train.py`"},
           Case{"just text\n", "job.yaml:1:1: error: must be a map of keys, not text"},
           Case{"run: \"  \"\n", "job.yaml:1:6: error: run: is empty; write what the job runs"},
           Case{"command: []\n",
                "job.yaml:1:10: error: command: is empty; the first entry must be a program"},
           Case{"run: x\ntime_limit: 0s\n", "job.yaml:2:13: error: time_limit: must be at least 1s"},
           Case{"run: x\ntime_limit: 1h\nexpected_duration: 2h\n",
                "job.yaml:3:20: error: expected_duration: is longer than time_limit (1h)"},
           Case{"run: x\nresources: {gpu_type: a100}\n",
                "job.yaml:2:23: error: resources.gpu_type: needs gpus: 1 or more"},
           Case{"run: x\ncarbon: {policy: threshold}\n",
                "job.yaml:2:18: error: carbon.policy: threshold needs max_intensity, e.g. max_intensity: "
                "250gCO2/kWh"},
           Case{"run: x\ncarbon: {max_intensity: 200g/kWh}\n",
                "job.yaml:2:25: error: carbon.max_intensity: is only for policy: threshold"},
           Case{"run: x\ncheckpoint: {signal: SIGKILL}\n",
                "job.yaml:2:22: error: checkpoint.signal: \"SIGKILL\" is not a signal that a job can catch; "
                "use e.g. SIGUSR1"},
           Case{"run: x\ncheckpoint: {cost: 7h}\n",
                "job.yaml:2:20: error: checkpoint.cost: must be at most 6h"},
           Case{"run: x\nenv: {GREENQ_JOB: 1}\n",
                "job.yaml:2:6: error: env: GREENQ_JOB is reserved; names that begin with GREENQ_ are set by "
                "GreenQ"},
           Case{"run: x\ndepends_on: [{when: started}]\n",
                "job.yaml:2:14: error: depends_on[0].job: is missing; name a job or give its id, e.g. "
                "depends_on: [{job: prep, when: succeeded}]"},
           Case{"run: x\ndepends_on: prep\n",
                "job.yaml:2:13: error: depends_on: must be a list of maps, not text; e.g. "
                "depends_on: [{job: prep, when: succeeded}]"},
           Case{"run: x\ndepends_on: [prep]\n",
                "job.yaml:2:14: error: depends_on[0]: must be a map, not text; e.g. "
                "depends_on: [{job: prep, when: succeeded}]"},
           Case{"run: x\nname: -x\n",
                "job.yaml:2:7: error: name: \"-x\" must be 1 to 63 of a-z, 0-9 and -, not - first"},
           Case{"run: x\npriority: 101\n",
                "job.yaml:2:11: error: priority: \"101\" is out of range; use 0 to 100"},
           Case{"run: x\ncarbon: none\n", "job.yaml:2:9: error: carbon: must be a map of keys, not text"},
       }) {
    auto const all = errors(text);
    EXPECT_EQ(all.substr(0, all.find('\n')), message) << all;
  }
}

TEST_F(JobFileTest, SeveralDocumentsAreSeveralJobs) {
  auto const file = parse("name: a\nrun: x\n---\nname: b\nrun: y\ndepends_on: [{job: a}]\n---\n");
  ASSERT_TRUE(file);
  ASSERT_EQ(file->requests.size(), 2U);
  EXPECT_EQ(file->requests[1].spec().display_name(), "b");
  EXPECT_THAT(errors("run: x\n---\nnam: b\n"),
              ::testing::HasSubstr("job.yaml:3:1: error: nam: unknown field"));
}

TEST_F(JobFileTest, OverridesAreReportedAsSuch) {
  auto const good = parse("run: x\nresources: {gpus: 1}\n", {"resources.gpus=2", "carbon.policy=none"});
  ASSERT_TRUE(good) << describe(good.error());
  EXPECT_EQ(good->requests[0].spec().resources().gpus(), 2);
  EXPECT_EQ(good->requests[0].spec().carbon().mode(), v1::CarbonPolicy::MODE_NONE);
  EXPECT_EQ(errors("run: x\n", {"resources.memory=64"}),
            "--set resources.memory=64: error: resources.memory: \"64\" needs a unit, e.g. 64GB\n"
            "1 error; nothing was submitted\n");
}

TEST_F(JobFileTest, ServerViolationsGetTheirPlace) {
  auto const file =
      parse("run: x\nresources: {gpus: 1, memory: 2TB}\n---\nname: b\nrun: y\ncarbon: {max_delay: 2h}\n");
  ASSERT_TRUE(file);
  Failure failure;
  failure.exit = Exit::kUsage;
  failure.violations = {{"requests[0].spec.resources.memory_bytes", "more than this machine has"},
                        {"requests[1].spec.carbon.mode", "is not known here"},
                        {"requests[1].spec.display_name", "is taken"},
                        {"requests[0].parent", "project: you are not in this project"}};
  EXPECT_EQ(describe(file->place(failure)),
            R"(job.yaml:1:1: error: project: you are not in this project
  1 | run: x
    | ^
job.yaml:2:30: error: resources.memory: more than this machine has
  2 | resources: {gpus: 1, memory: 2TB}
    |                              ^~~
job.yaml:4:7: error: name: is taken
  4 | name: b
    |       ^
job.yaml:6:1: error: carbon.policy: is not known here
  6 | carbon: {max_delay: 2h}
    | ^~~~~~
4 errors; nothing was submitted
)");
}

TEST_F(JobFileTest, ProblemsAsJson) {
  auto const file = parse("run: x\npriority: high\n");
  ASSERT_FALSE(file);
  EXPECT_EQ(
      describe_json(file.error()),
      R"({"error":{"code":"INVALID_FILE","reason":"","message":"1 error; nothing was submitted","exit_code":2,)"
      R"("violations":[{"file":"job.yaml","line":2,"column":11,"field":"priority","message":"\"high\" is not a whole number"}]}})"
      "\n");
}

TEST_F(JobFileTest, FilesThatCannotBeRead) {
  TempDir const dir;
  auto const missing = read_job_file(dir.path("none.yaml"), {}, here.env, "nothing was submitted");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().exit, Exit::kUsage);
  EXPECT_THAT(missing.error().message, ::testing::HasSubstr("cannot be opened: No such file or directory"));
  auto const folder = read_job_file(dir.path(""), {}, here.env, "nothing was submitted");
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, ::testing::HasSubstr("is a directory"));
  here.in.str("run: from stdin\n");
  auto const piped = read_job_file("-", {}, here.env, "nothing was submitted");
  ASSERT_TRUE(piped);
  EXPECT_EQ(piped->requests[0].spec().run(), "from stdin");
}

TEST_F(JobFileTest, TheShippedExampleIsValid) {
  auto const example =
      read_job_file(GREENQ_SOURCE_DIR "/config/examples/job.yaml", {}, here.env, "nothing was submitted");
  ASSERT_TRUE(example) << describe(example.error());
}

}  // namespace
}  // namespace greenq::client
