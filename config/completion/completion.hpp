// Completion scripts for bash, zsh and fish, made from a program's command tree, so that they never lag
// behind it.
#pragma once

#include <CLI/App.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace greenq::config {

// What can stand somewhere; at most one of them, none: not known.
struct CompletionValue {
  std::vector<std::string> choices;
  std::string command;  // prints them, a line each, when they are asked for
  bool file = false;
};

struct CompletionProgram {
  std::string name;
  // By the type names of options, like JOB; `{a,b}` and FILE are known without.
  std::map<std::string, CompletionValue> types;
};

struct CompletionOption {
  std::vector<std::string> names;  // with dashes
  std::string help;
  bool takes_value = false;
  bool list = false;  // several values with commas
  CompletionValue value;
};

struct CompletionCommand {
  std::string name;  // empty: the program itself
  std::string help;
  std::vector<CompletionOption> options;
  CompletionValue argument;
  bool takes_global = false;  // options of the program may follow it; of the program: or any verb
};

// A command with commands of its own has their names as choices, and their options and arguments.
CompletionCommand command_of(CLI::App const& app, std::string name, CompletionProgram const& program);
// The program first, then its verbs in order.
std::vector<CompletionCommand> command_tree(CLI::App const& app, CompletionProgram const& program);

// Nothing: an unknown shell.
std::optional<std::string> completion_script(std::string_view shell, CompletionProgram const& program,
                                             std::vector<CompletionCommand> const& commands);
// Where each shell looks for it, with the commands that put it there.
std::string completion_places(std::string const& program);

}  // namespace greenq::config
