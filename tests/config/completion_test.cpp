// Completion of a made-up program, as the shells see it.
#include "config/completion/completion.hpp"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>

#include "support/temp_dir.hpp"

namespace greenq::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

CompletionProgram const kProgram{"prog",
                                 {{"JOB", {{}, "prog ids"}}, {"COLOUR", {{"red", "green"}, {}, false}}}};

class Completion : public testing::Test {
 protected:
  Completion() {
    app_.add_option("--config", text_, "the file's settings")->type_name("FILE");
    CLI::App* paint = app_.add_subcommand("paint", "paint [all] of it");
    paint->add_option("-c,--colours", words_)->type_name("COLOUR")->delimiter(',');
    paint->add_option("-o,--output", text_)->check(CLI::IsMember({"table", "json"}));
    paint->add_option("job", text_)->type_name("JOB");
    CLI::App* deep = app_.add_subcommand("deep", "has a command");
    deep->add_subcommand("dive", "the command")->add_option("-o,--output", text_)->type_name("FILE");
  }
  std::string script(std::string_view shell) {
    return completion_script(shell, kProgram, command_tree(app_, kProgram)).value_or("none");
  }
  // What bash offers where each word list ends.
  void try_bash(std::string const& tries) {
    std::string const text = script("bash") + R"(
prog() { echo 12; echo 4213; }
try() { COMP_WORDS=(prog "${@:2}"); COMP_CWORD=$(($# - 1)); _prog; [[ ${COMPREPLY[*]} == "$1" ]] || { echo "$@: ${COMPREPLY[*]}"; exit 1; }; }
cd ')" + dir_.path().string() +
                             "'\n" + tries;
    EXPECT_EQ(std::system(("bash '" + dir_.write("c.bash", text) + "'").c_str()), 0);
  }

  CLI::App app_{"a program", "prog"};
  test::TempDir dir_;
  std::string text_;
  std::vector<std::string> words_;
};

TEST_F(Completion, KnowsTheCommandTree) {
  auto const tree = command_tree(app_, kProgram);
  ASSERT_EQ(tree.size(), 3U);
  EXPECT_EQ(tree[1].name, "paint");
  EXPECT_EQ(tree[1].argument.command, "prog ids");
  EXPECT_THAT(tree[2].argument.choices, ElementsAre("dive"));
  EXPECT_TRUE(tree[2].options.back().value.file) << "options of the inner command";
  EXPECT_EQ(script("csh"), "none");
}

TEST_F(Completion, BashOffersWhatCanStandThere) {
  dir_.write("some.yaml", "");
  try_bash(R"(
try 'paint' pa
try 'red' paint -c r
try 'red,green' paint --colours red,g
try 'json' paint --output j
try '4213' paint 4
try 'dive' deep d
try '--colours' paint --col
try '' paint --conf
try '--config' --conf
try 'some.yaml' --config so
try 'some.yaml' deep dive --output so
)");
}

TEST_F(Completion, OptionsOfTheProgramFollowVerbsWhereItTakesThem) {
  EXPECT_THAT(script("fish"), HasSubstr("complete -c prog -n __fish_use_subcommand -l config -r -F"));
  app_.fallthrough();
  for (CLI::App* verb : app_.get_subcommands([](CLI::App*) { return true; })) verb->fallthrough();
  EXPECT_THAT(script("fish"), HasSubstr("complete -c prog -l config -r -F -d 'the file'\\''s settings'"));
  try_bash("try --config paint --conf\n");
}

TEST_F(Completion, OtherShellsReadTheirScripts) {
  for (std::string const shell : {"zsh", "fish"}) {
    if (std::system(("command -v " + shell + " >/dev/null").c_str()) != 0) continue;
    EXPECT_EQ(std::system((shell + " -n '" + dir_.write("c." + shell, script(shell)) + "'").c_str()), 0)
        << shell;
  }
  EXPECT_THAT(script("zsh"), HasSubstr("_prog_ask1() { compadd -- ${(f)\"$(prog ids)\"} }"));
  EXPECT_THAT(script("zsh"), HasSubstr("'paint:paint \\[all\\] of it'"));
  EXPECT_THAT(script("zsh"), HasSubstr("'--config[the file`s settings]:value:_files'"));
}

TEST_F(Completion, SaysWhereEachShellLooks) {
  EXPECT_THAT(completion_places("prog"),
              HasSubstr("prog completion fish > ~/.config/fish/completions/prog.fish"));
  EXPECT_THAT(completion_places("prog"), Not(HasSubstr("greenq")));
}

}  // namespace
}  // namespace greenq::config
