#include "client/cli/completion.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace greenq::client {
namespace {

// CLI11 keeps the choices of IsMember only as text: "{a,b}".
std::vector<std::string> choices_of(CLI::Option const& option) {
  auto const name = option.get_type_name();
  auto const open = name.find('{');
  auto const close = name.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return {};
  std::vector<std::string> choices;
  std::string word;
  for (char const c : name.substr(open + 1, close - open - 1) + ",") {
    if (c == ',') {
      choices.push_back(word);
      word.clear();
    } else {
      word += c;
    }
  }
  return choices;
}

CompletionCommand describe_command(CLI::App const& app, std::string name) {
  CompletionCommand command;
  command.name = std::move(name);
  command.help = app.get_description();
  for (auto const* option : app.get_options()) {
    if (option->nonpositional()) {
      CompletionOption known;
      for (auto const& letter : option->get_snames()) known.names.push_back("-" + letter);
      for (auto const& word : option->get_lnames()) known.names.push_back("--" + word);
      known.help = option->get_description();
      known.takes_value = option->get_items_expected_max() > 0;
      known.choices = choices_of(*option);
      command.options.push_back(std::move(known));
      continue;
    }
    command.choices = choices_of(*option);
    auto const type = option->get_type_name();
    command.argument = !command.choices.empty()   ? Argument::kChoice
                       : type.starts_with("JOB")  ? Argument::kJob
                       : type.starts_with("FILE") ? Argument::kFile
                                                  : Argument::kNone;
  }
  return command;
}

std::string joined(std::vector<std::string> const& words, std::string_view between) {
  std::string text;
  for (auto const& word : words) text += (text.empty() ? "" : std::string(between)) + word;
  return text;
}

std::vector<std::string> option_names(CompletionCommand const& command) {
  std::vector<std::string> names;
  for (auto const& option : command.options)
    names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

// Inside single quotes of sh and fish.
std::string quoted(std::string const& text) {
  std::string out;
  for (char const c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out;
}

// Inside a description of zsh's _arguments.
std::string zsh_text(std::string const& text) {
  std::string out;
  for (char const c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c == '\'' ? '`' : c;
  }
  return out;
}

bool names_job(CompletionOption const& option) {
  return std::find(option.names.begin(), option.names.end(), "--job") != option.names.end();
}

std::string zsh_value(CompletionOption const& option) {
  if (!option.takes_value) return {};
  if (!option.choices.empty()) return ":value:(" + joined(option.choices, " ") + ")";
  return names_job(option) ? ":job:_greenq_jobs" : ":value:";
}

std::string zsh_arguments(CompletionCommand const& command) {
  std::string text;
  for (auto const& option : command.options) {
    for (auto const& name : option.names) {
      text += fmt::format(" \\\n        '{}[{}]{}'", name, zsh_text(option.help), zsh_value(option));
    }
  }
  if (command.argument == Argument::kJob) text += " \\\n        '*:job:_greenq_jobs'";
  if (command.argument == Argument::kFile) text += " \\\n        '*:file:_files -g \"*.y(a|)ml\"'";
  if (command.argument == Argument::kChoice)
    text += " \\\n        '1:value:(" + joined(command.choices, " ") + ")'";
  return text;
}

std::string fish_flags(CompletionOption const& option) {
  std::string text;
  for (auto const& name : option.names) {
    bool const is_long = name.starts_with("--");
    text += is_long ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes_value) text += " -x";
  if (!option.choices.empty()) text += " -a '" + joined(option.choices, " ") + "'";
  if (names_job(option)) text += " -a '(__greenq_jobs)'";
  return text + " -d '" + quoted(option.help) + "'";
}

}  // namespace

std::vector<CompletionCommand> command_tree(CLI::App const& app) {
  std::vector<CompletionCommand> commands{describe_command(app, "")};
  for (auto const* sub : app.get_subcommands([](CLI::App const*) { return true; })) {
    commands.push_back(describe_command(*sub, sub->get_name()));
  }
  return commands;
}

std::string bash_completion(std::vector<CompletionCommand> const& commands) {
  std::vector<std::string> verbs;
  std::string values;
  std::string cases;
  for (auto const& command : commands) {
    for (auto const& option : command.options) {
      if (option.choices.empty() && !names_job(option)) continue;
      auto const line = fmt::format(
          "    {}) {}; return ;;\n", joined(option.names, "|"),
          names_job(option) ? "COMPREPLY=($(compgen -W \"$(greenq ls -q 2>/dev/null)\" -- \"$cur\"))"
                            : "COMPREPLY=($(compgen -W '" + joined(option.choices, " ") + "' -- \"$cur\"))");
      if (values.find(line) == std::string::npos) values += line;
    }
    if (command.name.empty()) continue;
    verbs.push_back(command.name);
    std::string words =
        joined(option_names(command), " ") + ' ' + joined(option_names(commands.front()), " ");
    std::string argument;
    if (command.argument == Argument::kJob)
      argument = " words=\"$words last all $(greenq ls -q 2>/dev/null)\"";
    if (command.argument == Argument::kChoice)
      argument = " words=\"$words " + joined(command.choices, " ") + "\"";
    if (command.argument == Argument::kFile) argument = " files=1";
    cases += fmt::format("    {}) words='{}'{}{} ;;\n", command.name, words, argument.empty() ? "" : ";",
                         argument);
  }
  return fmt::format(R"script(# bash completion for greenq; generated by `greenq completion bash`
_greenq() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} verb='' words='' files='' i
  COMPREPLY=()
  case $prev in
{}  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case " {} " in *" ${{COMP_WORDS[i]}} "*) verb=${{COMP_WORDS[i]}}; break ;; esac
  done
  case $verb in
    '') words='{} {}' ;;
{}  esac
  if [[ -n $files && $cur != -* ]]; then
    COMPREPLY=($(compgen -f -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}}
complete -F _greenq -o filenames greenq
)script",
                     values, joined(verbs, " "), joined(verbs, " "),
                     joined(option_names(commands.front()), " "), cases);
}

std::string zsh_completion(std::vector<CompletionCommand> const& commands) {
  std::string verbs;
  std::string cases;
  for (auto const& command : commands) {
    if (command.name.empty()) continue;
    verbs += fmt::format("    '{}:{}'\n", command.name, zsh_text(command.help));
    cases += fmt::format("    {})\n      _arguments -s{}{} ;;\n", command.name, zsh_arguments(command),
                         zsh_arguments(commands.front()));
  }
  return fmt::format(R"script(#compdef greenq
# zsh completion for greenq; generated by `greenq completion zsh`
_greenq_jobs() {{
  local -a jobs
  jobs=(${{(f)"$(greenq ls -q 2>/dev/null)"}} last all)
  compadd -a jobs
}}

_greenq() {{
  local -a verbs
  verbs=(
{}  )
  if (( CURRENT == 2 )); then
    _describe -t verbs 'greenq verb' verbs
    return
  fi
  local verb=$words[2]
  shift words
  (( CURRENT-- ))
  case $verb in
{}  esac
}}

if [[ $funcstack[1] == _greenq ]]; then _greenq "$@"; else compdef _greenq greenq; fi
)script",
                     verbs, cases);
}

std::string fish_completion(std::vector<CompletionCommand> const& commands) {
  std::string out =
      "# fish completion for greenq; generated by `greenq completion fish`\n"
      "function __greenq_jobs\n  greenq ls -q 2>/dev/null\n  echo last\n  echo all\nend\n";
  for (auto const& command : commands) {
    if (command.name.empty()) {
      for (auto const& option : command.options) out += "complete -c greenq" + fish_flags(option) + '\n';
      continue;
    }
    out += fmt::format("complete -c greenq -f -n __fish_use_subcommand -a {} -d '{}'\n", command.name,
                       quoted(command.help));
    auto const seen = fmt::format("complete -c greenq -n '__fish_seen_subcommand_from {}'", command.name);
    for (auto const& option : command.options) out += seen + fish_flags(option) + '\n';
    if (command.argument == Argument::kJob) out += seen + " -f -a '(__greenq_jobs)'\n";
    if (command.argument == Argument::kFile) out += seen + " -F\n";
    if (command.argument == Argument::kChoice)
      out += seen + " -f -a '" + joined(command.choices, " ") + "'\n";
  }
  return out;
}

}  // namespace greenq::client
