#include "config/reader/strict_yaml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

namespace greenq::config {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

struct Outcome {
  std::vector<Node> documents;
  std::vector<Problem> problems;
};

Outcome parse(std::string_view text, Limits limits = {}) {
  Problems problems("f.yaml");
  Outcome outcome;
  outcome.documents = parse_yaml(text, limits, problems);
  outcome.problems = problems.sorted();
  return outcome;
}

std::string first_problem(std::string_view text, Limits limits = {}) {
  auto const outcome = parse(text, limits);
  if (outcome.problems.empty()) return "no problem";
  auto const& p = outcome.problems.front();
  return std::to_string(p.line) + ':' + std::to_string(p.column) + ": " + p.message;
}

TEST(StrictYaml, KeepsTextOrderAndPlaces) {
  auto const outcome = parse("name: \"a b\"\nn: 010\nlist: [1, 'two']\nempty:\nsub:\n  é: {k: v}\n");
  ASSERT_THAT(outcome.problems, SizeIs(0));
  ASSERT_THAT(outcome.documents, SizeIs(1));
  auto const& root = outcome.documents[0];
  ASSERT_THAT(root.children, SizeIs(5));
  EXPECT_EQ(root.children[0].key, "name");
  EXPECT_TRUE(root.children[0].quoted);
  EXPECT_EQ(root.children[0].width, 5);
  EXPECT_EQ(root.find("n")->text, "010");
  EXPECT_FALSE(root.find("n")->quoted);
  EXPECT_EQ(root.find("n")->mark, (Mark{2, 4, 0}));
  EXPECT_EQ(root.find("list")->children[1].mark, (Mark{3, 11, 0}));
  EXPECT_EQ(root.find("empty")->mark, (Mark{4, 1, 0}));
  EXPECT_EQ(root.find("sub")->find("é")->find("k")->mark, (Mark{6, 10, 0}));
}

TEST(StrictYaml, BlockScalarsAndCrLf) {
  auto const outcome = parse("run: |\r\n  one\r\n  two\r\nname: x\r\n");
  ASSERT_THAT(outcome.problems, SizeIs(0));
  EXPECT_EQ(outcome.documents[0].find("run")->text, "one\ntwo\n");
  EXPECT_EQ(outcome.documents[0].find("name")->text, "x");
}

TEST(StrictYaml, Utf8MarkIsSkipped) {
  EXPECT_EQ(parse("\xEF\xBB\xBFname: x\n").documents.at(0).find("name")->mark, (Mark{1, 7, 0}));
}

struct Hostile {
  std::string name;
  std::string text;
  std::string message;
};

class StrictYamlRefuses : public ::testing::TestWithParam<Hostile> {};

TEST_P(StrictYamlRefuses, WithPlaceAndReason) {
  EXPECT_EQ(first_problem(GetParam().text), GetParam().message);
}

std::string repeat(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    Table, StrictYamlRefuses,
    ::testing::Values(
        Hostile{"utf32_hang", std::string("\x00\x00\x00\x2c\x00\x00\x20\x08", 8),
                "1:1: the file is not UTF-8 text; save it as UTF-8"},
        Hostile{"utf16_le",
                std::string("\xFF\xFE"
                            "a\0",
                            4),
                "1:1: the file is not UTF-8 text; save it as UTF-8"},
        Hostile{"utf16_be_unmarked", std::string("\0a\0:", 4),
                "1:1: the file is not UTF-8 text; save it as UTF-8"},
        Hostile{"utf32_le", std::string("\xFF\xFE\0\0a\0\0\0", 8),
                "1:1: the file is not UTF-8 text; save it as UTF-8"},
        Hostile{"latin1", "name: caf\xE9\n", "1:10: the file is not UTF-8 text; save it as UTF-8"},
        Hostile{"overlong", "a: \xC0\xAF\n", "1:4: the file is not UTF-8 text; save it as UTF-8"},
        Hostile{"surrogate", "a: \xED\xA0\x80\n", "1:4: the file is not UTF-8 text; save it as UTF-8"},
        Hostile{"nul", std::string("name: a\nb: \0c\n", 14),
                "2:4: a control character is not allowed here; remove it"},
        Hostile{"escape", "a: \x1b[31m\n", "1:4: a control character is not allowed here; remove it"},
        Hostile{"anchor_loop", "&a [*a]\n",
                "1:1: anchors (&name) are not allowed; write the value where it is needed"},
        Hostile{"anchor_scalar", "a: &x 1\nb: *x\n",
                "1:4: anchors (&name) are not allowed; write the value where it is needed"},
        Hostile{"alias", "a: *x\n", "1:4: aliases (*name) are not allowed; write the value out, or quote it"},
        Hostile{"tag", "a: !!python/object x\n",
                "1:4: tags (!name) are not allowed; put the text in quotes if it begins with !"},
        Hostile{"plain_tag", "a: ! x\n",
                "1:4: tags (!name) are not allowed; put the text in quotes if it begins with !"},
        Hostile{"map_tag", "a: !foo {b: c}\n",
                "1:4: tags (!name) are not allowed; put the text in quotes if it begins with !"},
        Hostile{"duplicate", "a: 1\nb: 2\n\"a\": 3\n",
                "3:1: the key \"a\" stands here twice; the first is on line 1"},
        Hostile{"map_key", "{a: b}: c\n", "1:1: a key must be plain text"},
        Hostile{"null_key", "~: c\n", "1:1: a key must be plain text"},
        Hostile{"second_document", "a: b\n---\nc: d\n",
                "2:1: only one document is allowed here; remove everything from --- on"},
        Hostile{"deep", repeat("[", 200) + repeat("]", 200),
                "1:33: nested too deep; at most 32 levels are allowed"},
        Hostile{"deep_block", repeat("- ", 100'000), "1:65: nested too deep; at most 32 levels are allowed"},
        Hostile{"long", repeat("a", 300 * 1024), "0:0: the file is too long; at most 256 KiB are allowed"},
        Hostile{"many", "[" + repeat("1,", 30'000) + "]",
                "1:39998: too many values in one file; at most 20000 are allowed"},
        Hostile{"unclosed", "a: [1, 2\n", "2:1: a [ is not closed; add the missing ]"},
        Hostile{"unclosed_quote", "a: \"x\n", "1:4: a quote is not closed"},
        Hostile{"unclosed_single", "a: 'it''s\nb: c\n", "1:4: a quote is not closed"},
        Hostile{"after_quote", "a: \"x\"y\n", "1:4: text goes on after the closing quote; check the quotes"},
        Hostile{"indent", "a: b\n  c: d\n",
                "2:4: a \":\" is not allowed here; check the indentation, or put the text in quotes"}),
    [](auto const& test) { return test.param.name; });

TEST(StrictYaml, SeveralDocumentsWhenAsked) {
  Limits limits;
  limits.max_documents = 3;
  EXPECT_THAT(parse("a: 1\n---\na: 2\n---\na: 3\n", limits).documents, SizeIs(3));
  EXPECT_THAT(first_problem("a: 1\n---\na: 2\n---\na: 3\n---\na: 4\n", limits),
              HasSubstr("6:1: too many documents"));
}

TEST(StrictYaml, AllDuplicatesAreReported) {
  EXPECT_THAT(parse("a: 1\na: 2\nb: {c: 1, c: 2}\n").problems, SizeIs(2));
}

TEST(StrictYaml, RandomAndHostileBytesEndQuickly) {
  std::mt19937 random(20261123);
  std::string const alphabet = "{}[]:,-?#&*!|>'\"%@` \n\t\rab01~<=._\\/";
  Limits limits;
  limits.max_documents = 10;
  auto const begin = std::chrono::steady_clock::now();
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    auto const length = random() % 200;
    bool const raw = round % 4 == 0;
    for (unsigned long i = 0; i < length; ++i) {
      text += raw ? static_cast<char>(random() % 256) : alphabet[random() % alphabet.size()];
    }
    auto const outcome = parse(text, limits);
    for (auto const& problem : outcome.problems) {
      EXPECT_FALSE(problem.message.empty());
      EXPECT_FALSE(format_problem(problem, text).empty());
    }
  }
  for (char const* part : {"[", "{", "- ", "? ", ": ", "a: ", "\"", "'", "|\n", "- - ", "{a: ", "[a, ",
                           "---\n", "#", "a\n", "\n", "%a\n"}) {
    parse(repeat(part, 200'000 / std::string_view(part).size()), limits);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST(Override, ReplacesAndMakesValues) {
  Problems problems("job.yaml");
  auto documents = parse_yaml("a: 1\nr: {gpus: 1}\n", {}, problems);
  auto& root = documents.at(0);
  apply_override(root, "r.gpus=2", problems);
  apply_override(root, "carbon.policy=none", problems);
  apply_override(root, "list=[x, y=z]", problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(root.find("r")->find("gpus")->text, "2");
  EXPECT_EQ(root.find("carbon")->find("policy")->text, "none");
  EXPECT_EQ(root.find("list")->children.at(1).text, "y=z");
  problems.add(root.find("r")->find("gpus")->mark, 1, "r.gpus", "is bad");
  EXPECT_EQ(format_problem(problems.sorted().at(0), ""), "--set r.gpus=2: error: r.gpus: is bad\n");
}

TEST(Override, SaysWhatIsWrong) {
  Problems problems("job.yaml");
  auto documents = parse_yaml("a: 1\n", {}, problems);
  for (char const* bad : {"nothing", "=1", "a.=1", "a.b=1", "c=", "c=[1", "c=&x y"}) {
    auto const before = problems.size();
    apply_override(documents.at(0), bad, problems);
    EXPECT_EQ(problems.size(), before + 1) << bad;
  }
  EXPECT_EQ(problems.sorted().at(0).message, "write key=value, e.g. --set resources.gpus=2");
}

}  // namespace
}  // namespace greenq::config
