#include "config/completion/completion.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "config/completion/shells.hpp"

namespace greenq::config {
namespace {

// CLI11 keeps the choices of IsMember only as text: "{a,b}".
std::vector<std::string> choices_of(std::string const& type) {
  auto const open = type.find('{');
  auto const close = type.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return {};
  std::vector<std::string> choices;
  std::string word;
  for (char const c : type.substr(open + 1, close - open - 1) + ",") {
    if (c == ',') {
      choices.push_back(word);
      word.clear();
    } else {
      word += c;
    }
  }
  return choices;
}

CompletionValue value_of(CLI::Option const& option, CompletionProgram const& program) {
  std::string const type = option.get_type_name();
  CompletionValue value;
  value.choices = choices_of(type);
  if (!value.choices.empty()) return value;
  std::string const word = type.substr(0, type.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_"));
  if (auto const known = program.types.find(word); known != program.types.end()) return known->second;
  value.file = word == "FILE";
  return value;
}

CompletionOption describe_option(CLI::Option const& option, CompletionProgram const& program) {
  CompletionOption known;
  for (auto const& letter : option.get_snames()) known.names.push_back("-" + letter);
  for (auto const& word : option.get_lnames()) known.names.push_back("--" + word);
  known.help = option.get_description();
  known.takes_value = option.get_items_expected_max() > 0;
  known.list = option.get_delimiter() == ',';
  known.value = value_of(option, program);
  return known;
}

}  // namespace

CompletionCommand command_of(CLI::App const& app, std::string name, CompletionProgram const& program) {
  CompletionCommand command;
  command.name = std::move(name);
  command.help = app.get_description();
  command.takes_global = app.get_fallthrough();
  for (auto const* option : app.get_options()) {
    if (option->nonpositional()) {
      command.options.push_back(describe_option(*option, program));
    } else {
      command.argument = value_of(*option, program);
    }
  }
  if (command.name.empty()) return command;
  for (auto const* sub : app.get_subcommands([](CLI::App const*) { return true; })) {
    CompletionCommand const inner = command_of(*sub, sub->get_name(), program);
    auto& choices = command.argument.choices;
    choices.push_back(inner.name);
    choices.insert(choices.end(), inner.argument.choices.begin(), inner.argument.choices.end());
    for (auto const& option : inner.options) {
      bool const known = std::any_of(command.options.begin(), command.options.end(),
                                     [&](auto const& other) { return other.names == option.names; });
      if (!known) command.options.push_back(option);
    }
  }
  return command;
}

std::vector<CompletionCommand> command_tree(CLI::App const& app, CompletionProgram const& program) {
  std::vector<CompletionCommand> commands{command_of(app, "", program)};
  for (auto const* sub : app.get_subcommands([](CLI::App const*) { return true; }))
    commands.push_back(command_of(*sub, sub->get_name(), program));
  return commands;
}

std::optional<std::string> completion_script(std::string_view shell, CompletionProgram const& program,
                                             std::vector<CompletionCommand> const& commands) {
  if (shell == "bash") return bash_completion(program, commands);
  if (shell == "zsh") return zsh_completion(program, commands);
  if (shell == "fish") return fish_completion(program, commands);
  return std::nullopt;
}

std::string completion_places(std::string const& program) {
  return "bash:  " + program + " completion bash > ~/.local/share/bash-completion/completions/" + program +
         "\nzsh:   " + program + " completion zsh > \"${fpath[1]}/_" + program + "\"\nfish:  " + program +
         " completion fish > ~/.config/fish/completions/" + program + ".fish";
}

}  // namespace greenq::config
