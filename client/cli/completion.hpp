// Completion scripts, made from the command tree, so that they never lag behind it.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace greenq::client {

struct CompletionOption {
  std::vector<std::string> names;  // with dashes
  std::string help;
  bool takes_value = false;
  std::vector<std::string> choices;  // of the value
};

enum class Argument { kNone, kJob, kFile, kChoice };

struct CompletionCommand {
  std::string name;  // empty: the program itself
  std::string help;
  std::vector<CompletionOption> options;
  Argument argument = Argument::kNone;
  std::vector<std::string> choices;  // of the argument
};

// The program first, then its verbs in order.
std::vector<CompletionCommand> command_tree(CLI::App const& app);

// Job ids come from `greenq ls -q` at completion time.
std::string bash_completion(std::vector<CompletionCommand> const& commands);
std::string zsh_completion(std::vector<CompletionCommand> const& commands);
std::string fish_completion(std::vector<CompletionCommand> const& commands);

}  // namespace greenq::client
