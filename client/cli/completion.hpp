// Completion scripts, made from the command tree, so that they never lag behind it.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace greenq::client {

// What can stand somewhere. Jobs and zones are asked for at completion time.
enum class Values : std::uint8_t { kNone, kChoice, kFile, kJob, kLiveJob, kZone };

struct CompletionOption {
  std::vector<std::string> names;  // with dashes
  std::string help;
  bool takes_value = false;
  bool list = false;  // several values with commas
  Values values = Values::kNone;
  std::vector<std::string> choices;
};

struct CompletionCommand {
  std::string name;  // empty: the program itself
  std::string help;
  std::vector<CompletionOption> options;
  Values argument = Values::kNone;
  std::vector<std::string> choices;  // of the argument
};

// The program first, then its verbs in order.
std::vector<CompletionCommand> command_tree(CLI::App const& app);

std::string bash_completion(std::vector<CompletionCommand> const& commands);
std::string zsh_completion(std::vector<CompletionCommand> const& commands);
std::string fish_completion(std::vector<CompletionCommand> const& commands);

}  // namespace greenq::client
