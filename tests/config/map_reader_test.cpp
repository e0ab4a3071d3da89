#include "config/reader/map_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/reader/suggest.hpp"

namespace greenq::config {
namespace {

class Reader {
 public:
  explicit Reader(std::string text) : text_(std::move(text)), documents_(parse_yaml(text_, {}, problems)) {}
  MapReader map() { return MapReader(documents_.at(0), "", problems); }
  std::string complaints() const { return format_problems(problems.sorted(), text_); }

  Problems problems{"job.yaml"};

 private:
  std::string text_;
  std::vector<Node> documents_;
};

TEST(MapReader, ReadsEveryType) {
  Reader reader(
      "name: x\nn: 5\nyes_no: on\nspan: 90m\nmemory: 2GB\npower: 620W\nintensity: 250g/kWh\n"
      "at: 2026-11-24T08:00Z\nlist: [a, b]\none: a\nnumbers: [1, 2]\nenv: {A: 1, B: \"\"}\npue: 1.2\nmode: "
      "shift\n"
      "jobs: [{job: a}, {job: b}]\nsub: {x: 1}\n");
  auto map = reader.map();
  EXPECT_EQ(map.text("name"), "x");
  EXPECT_EQ(map.integer("n", 0, 9), 5);
  EXPECT_EQ(map.boolean("yes_no"), true);
  EXPECT_EQ(map.span("span"), std::chrono::minutes(90));
  EXPECT_EQ(map.bytes("memory"), 2'000'000'000);
  EXPECT_EQ(map.power_mw("power"), 620'000);
  EXPECT_EQ(map.intensity_mg("intensity"), 250'000);
  EXPECT_TRUE(map.instant("at").has_value());
  EXPECT_EQ(map.text_list("list"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(map.text_list("one", true), (std::vector<std::string>{"a"}));
  EXPECT_EQ(map.integer_list("numbers", 0, 9), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(map.text_map("env"), (std::map<std::string, std::string>{{"A", "1"}, {"B", ""}}));
  EXPECT_EQ(map.ratio("pue", 1, 3), 1.2);
  EXPECT_EQ(map.choice<int>("mode", {{"none", 1}, {"shift", 2}}), 2);
  auto jobs = map.map_list("jobs");
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[1].text("job"), "b");
  EXPECT_EQ(map.map("sub")->integer("x", 0, 9), 1);
  EXPECT_EQ(map.text("absent"), std::nullopt);
  map.finish();
  EXPECT_EQ(reader.complaints(), "");
}

TEST(MapReader, ReportsEverythingAtOnceInOrder) {
  Reader reader(
      "nam: x\nflag: maybe\nquoted: \"true\"\nresources: {gpus: two, memory: 64}\nmode: shfit\nlist: "
      "x\nempty:\n"
      "sweep: {a: 1}\nbad_list: [a, [b]]\n");
  auto map = reader.map();
  map.text("name");
  map.boolean("flag");
  map.boolean("quoted");
  auto resources = map.map("resources");
  resources->integer("gpus", 0, 64);
  resources->bytes("memory");
  map.choice<int>("mode", {{"none", 1}, {"shift", 2}, {"threshold", 3}});
  map.text_list("list");
  map.text("empty");
  map.not_yet("sweep", "sweeps come later; submit one document per job");
  map.text_list("bad_list");
  map.finish();
  EXPECT_EQ(reader.complaints(),
            R"(job.yaml:1:1: error: nam: unknown field; did you mean "name"?
  1 | nam: x
    | ^~~
job.yaml:2:7: error: flag: "maybe" is not true or false
  2 | flag: maybe
    |       ^~~~~
job.yaml:3:9: error: quoted: "true" is not true or false; remove the quotes
  3 | quoted: "true"
    |         ^~~~~~
job.yaml:4:19: error: resources.gpus: "two" is not a whole number
  4 | resources: {gpus: two, memory: 64}
    |                   ^~~
job.yaml:4:32: error: resources.memory: "64" needs a unit, e.g. 64GB
  4 | resources: {gpus: two, memory: 64}
    |                                ^~
job.yaml:5:7: error: mode: "shfit" is not known; did you mean "shift"?
  5 | mode: shfit
    |       ^~~~~
job.yaml:6:7: error: list: must be a list, not text
  6 | list: x
    |       ^
job.yaml:7:1: error: empty: has no value; write text or remove the key
  7 | empty:
    | ^~~~~
job.yaml:8:1: error: sweep: not yet: sweeps come later; submit one document per job
  8 | sweep: {a: 1}
    | ^~~~~
job.yaml:9:15: error: bad_list[1]: must be text, not a list
  9 | bad_list: [a, [b]]
    |               ^
)");
}

TEST(Problem, TabsAndControlCharactersAreShownSafely) {
  Problem const problem{"f", 1, 3, 50, "", "bad"};
  EXPECT_EQ(format_problem(problem, "\ta\x1b[0m"),
            "f:1:3: error: bad\n  1 | \ta?[0m\n    | \t ^" + std::string(49, '~') + "\n");
  EXPECT_EQ(format_problem({"f", 9, 1, 1, "", "bad"}, "a\n"), "f:9:1: error: bad\n");
}

TEST(Suggest, NearestWithinReach) {
  constexpr std::string_view kKeys[] = {"finish_by", "start_by", "max_delay", "on_missed"};
  EXPECT_EQ(nearest("finish_buy", kKeys), "finish_by");
  EXPECT_EQ(nearest("finishby", kKeys), "finish_by");
  EXPECT_EQ(nearest("Finish-By", kKeys), "finish_by");
  EXPECT_EQ(nearest("strat_by", kKeys), "start_by");
  EXPECT_EQ(nearest("colour", kKeys), "");
  EXPECT_EQ(nearest("", kKeys), "");
  EXPECT_EQ(edit_distance("ab", "ba"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(did_you_mean("max_dely", kKeys), "; did you mean \"max_delay\"?");
}

}  // namespace
}  // namespace greenq::config
