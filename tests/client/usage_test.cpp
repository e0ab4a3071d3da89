// Command lines: what is refused, with which words, and what the shells complete.
#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/client/verb_fixture.hpp"

namespace greenq::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class UsageTest : public CliTest {
 protected:
  UsageTest() { here.variables["GREENQ_SOCKET"] = dir.path("none"); }
};

TEST_F(UsageTest, MistakesGetAHint) {
  struct Case {
    std::vector<std::string> arguments;
    char const* message;
  };
  for (auto const& [arguments, message] : {
           Case{{}, "say what to do, e.g. greenq submit job.yaml; see greenq help"},
           Case{{"sumbit"}, "\"sumbit\" is not a verb; did you mean \"submit\"?; see greenq help"},
           Case{{"ls", "--stat", "queued"},
                "unknown option --stat; did you mean \"--state\"?; see greenq help ls"},
           Case{{"ls", "foo"}, "ls does not take \"foo\"; see greenq help ls"},
           Case{{"explain"},
                "explain needs a job: an id (4213) or last (your newest job); see greenq help explain"},
           Case{{"explain", "all"}, "\"all\" is not one job; write an id (4213) or last"},
           Case{{"explain", "3-5"}, "\"3-5\" is not one job; write an id (4213) or last"},
           Case{{"help", "sumbit"},
                "\"sumbit\" is neither a verb nor jobfile; did you mean \"submit\"?; see greenq help"},
           Case{{"ls", "--since", "yesterday"},
                "\"yesterday\" is neither a duration back from now (6h) nor a time (2026-11-24T08:00+01:00)"},
           Case{{"forecast", "--zone", "GB", "--duration", "1h"},
                "--duration excludes --zone; see greenq help forecast"},
       }) {
    EXPECT_EQ(greenq(arguments), 2);
    EXPECT_EQ(err(), std::string("greenq: ") + message + "\n");
    EXPECT_EQ(out(), "");
  }
}

TEST_F(UsageTest, HelpAndVersionInEveryForm) {
  EXPECT_EQ(greenq({"--version"}), 0);
  EXPECT_THAT(out(), StartsWith("greenq "));
  auto const version = out();
  EXPECT_EQ(greenq({"version"}), 0);
  EXPECT_EQ(out(), version + "greenqd not reachable\n");
  EXPECT_EQ(greenq({"--help"}), 0);
  auto const help = out();
  EXPECT_EQ(greenq({"help"}), 0);
  EXPECT_EQ(out(), help);
  EXPECT_EQ(greenq({"logs", "--help"}), 0);
  EXPECT_THAT(out(), HasSubstr("--follow"));
  EXPECT_EQ(greenq({"help", "logs"}), 0);
  EXPECT_THAT(out(), HasSubstr("Usage: greenq logs"));
  EXPECT_THAT(out(), HasSubstr("--follow"));
  EXPECT_EQ(greenq({"help", "jobfile"}), 0);
  EXPECT_THAT(out(), HasSubstr("\ncarbon.finish_by "));
}

// Needs no daemon: a verb that has the format gets as far as looking for it.
TEST_F(UsageTest, FormatsThatAVerbDoesNotHaveAreRefused) {
  auto const refused = [&](std::vector<std::string> arguments) {
    return greenq(std::move(arguments)) == 2 && err().find("leave -") != std::string::npos;
  };
  auto const file = dir.write("job.yaml", "run: x\nworkdir: /\n");
  for (auto const& verb : std::vector<std::vector<std::string>>{{"run", file},
                                                                {"plan", file},
                                                                {"validate", file},
                                                                {"info", "1"},
                                                                {"explain", "1"},
                                                                {"logs", "1"},
                                                                {"watch"},
                                                                {"wait", "1"},
                                                                {"report"},
                                                                {"forecast"},
                                                                {"doctor"},
                                                                {"version"}}) {
    auto ids = verb;
    ids.push_back("-q");
    EXPECT_TRUE(refused(ids)) << verb.front();
    auto json = verb;
    json.insert(json.end(), {"-o", "json"});
    EXPECT_FALSE(refused(json)) << verb.front();
  }
  for (auto const& verb : std::vector<std::vector<std::string>>{{"submit", file},
                                                                {"ls"},
                                                                {"history"},
                                                                {"cancel", "1"},
                                                                {"hold", "1"},
                                                                {"release", "1"},
                                                                {"nodes"},
                                                                {"zones"}}) {
    auto ids = verb;
    ids.push_back("-q");
    EXPECT_FALSE(refused(ids)) << verb.front();
    ids.insert(ids.end(), {"-o", "json"});
    EXPECT_EQ(greenq(ids), 2);
    EXPECT_THAT(err(), HasSubstr("prints JSON or ids, not both"));
  }
  EXPECT_TRUE(refused({"completion", "bash", "-o", "json"}));
  EXPECT_TRUE(refused({"help", "-o", "json"}));
}

TEST_F(UsageTest, FiltersOfHistoryAreExplainedWithExamples) {
  greenq({"help", "history"});
  for (char const* part : {"--since SPAN|TIME", "6h or 7d (back from now)", "2026-11-24T08:00+01:00",
                           "--limit 1..10000", "e.g. vision", "greenq history --since 7d"}) {
    EXPECT_THAT(out(), HasSubstr(part));
  }
}

TEST_F(UsageTest, CompletionKnowsEveryVerbAndOption) {
  for (char const* shell : {"bash", "zsh", "fish"}) {
    EXPECT_EQ(greenq({"completion", shell}), 0);
    for (char const* word : {"submit",
                             "run",
                             "plan",
                             "validate",
                             "ls",
                             "info",
                             "explain",
                             "logs",
                             "watch",
                             "wait",
                             "cancel",
                             "hold",
                             "release",
                             "history",
                             "report",
                             "forecast",
                             "zones",
                             "nodes",
                             "doctor",
                             "completion",
                             "version",
                             "help",
                             "follow",
                             "greenq ls -q",
                             "greenq ls -a -q",
                             "greenq zones -q",
                             "queued starting running paused",
                             "fish"}) {
      EXPECT_THAT(out(), HasSubstr(word)) << shell;
    }
  }
  EXPECT_EQ(greenq({"completion", "csh"}), 2);
}

TEST_F(UsageTest, BashCompletes) {
  greenq({"completion", "bash"});
  auto const script = dir.write("c.bash", out() + R"(
greenq() { case "$1 $2" in 'ls -a') echo 12; echo 4213 ;; 'ls -q') echo 12 ;; zones*) echo GB; echo DE ;; esac }
try() { COMP_WORDS=(greenq "${@:2}"); COMP_CWORD=$(($# - 1)); _greenq; [[ ${COMPREPLY[*]} == "$1" ]] || { echo "$@: ${COMPREPLY[*]}"; exit 1; }; }
try 4213 report 4
try 4213 logs -f 4
try '' cancel 4
try 12 cancel 1
try last cancel la
try submit su
try --follow logs --fol
try --savings report --sa
try json ls -o j
try 'queued' ls --state qu
try 'queued,running' ls --state queued,ru
try GB forecast --zone G
)");
  EXPECT_EQ(std::system(("bash " + script).c_str()), 0);
}

TEST_F(UsageTest, OtherShellsReadTheirScripts) {
  for (std::string const shell : {"zsh", "fish"}) {
    if (std::system(("command -v " + shell + " >/dev/null").c_str()) != 0) continue;
    greenq({"completion", shell});
    EXPECT_EQ(std::system((shell + " -n " + dir.write("c", out())).c_str()), 0) << shell;
  }
}

}  // namespace
}  // namespace greenq::client
