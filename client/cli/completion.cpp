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

Values values_of(CLI::Option const& option) {
  auto const type = option.get_type_name();
  if (!choices_of(option).empty()) return Values::kChoice;
  if (type.starts_with("LIVE_JOB")) return Values::kLiveJob;
  if (type.starts_with("JOB")) return Values::kJob;
  if (type.starts_with("FILE")) return Values::kFile;
  if (type.starts_with("ZONE")) return Values::kZone;
  return Values::kNone;
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
      known.list = option->get_delimiter() == ',';
      known.values = values_of(*option);
      known.choices = choices_of(*option);
      command.options.push_back(std::move(known));
      continue;
    }
    command.argument = values_of(*option);
    command.choices = choices_of(*option);
  }
  return command;
}

// The command that prints what may stand there; empty for what needs none. Ended jobs can be many.
std::string query_of(Values values) {
  switch (values) {
    case Values::kJob:
      return "greenq ls -a -q --limit 200 2>/dev/null; echo last";
    case Values::kLiveJob:
      return "greenq ls -q 2>/dev/null; echo last; echo all";
    case Values::kZone:
      return "greenq zones -q 2>/dev/null";
    case Values::kNone:
    case Values::kChoice:
    case Values::kFile:
      return {};
  }
  return {};
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

std::string zsh_function(Values values) {
  switch (values) {
    case Values::kJob:
      return "_greenq_jobs";
    case Values::kLiveJob:
      return "_greenq_live_jobs";
    case Values::kZone:
      return "_greenq_zones";
    case Values::kNone:
    case Values::kChoice:
    case Values::kFile:
      return {};
  }
  return {};
}

std::string zsh_value(CompletionOption const& option) {
  if (!option.takes_value) return {};
  auto const choices = joined(option.choices, " ");
  if (!choices.empty())
    return option.list ? ":value:_values -s , value " + choices : ":value:(" + choices + ")";
  return ":value:" + zsh_function(option.values);
}

std::string zsh_arguments(CompletionCommand const& command) {
  std::string text;
  for (auto const& option : command.options) {
    for (auto const& name : option.names) {
      text += fmt::format(" \\\n        '{}[{}]{}'", name, zsh_text(option.help), zsh_value(option));
    }
  }
  if (auto const ask = zsh_function(command.argument); !ask.empty())
    text += " \\\n        '*:job:" + ask + "'";
  if (command.argument == Values::kFile) text += " \\\n        '*:file:_files -g \"*.y(a|)ml\"'";
  if (command.argument == Values::kChoice)
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
  auto const choices = joined(option.choices, " ");
  if (!choices.empty() && option.list) text += " -a '(__fish_append , " + choices + ")'";
  if (!choices.empty() && !option.list) text += " -a '" + choices + "'";
  if (auto const ask = query_of(option.values); !ask.empty()) text += " -a '(" + ask + ")'";
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

namespace {

// "    --state) _greenq_list 'queued running'; return ;;"; empty for an option without known values.
std::string bash_value_case(CompletionOption const& option) {
  std::string words = '\'' + joined(option.choices, " ") + '\'';
  if (option.choices.empty()) {
    auto const ask = query_of(option.values);
    if (ask.empty()) return {};
    words = "\"$(" + ask + ")\"";
  }
  return fmt::format("    {}) {} {}; return ;;\n", joined(option.names, "|"),
                     option.list ? "_greenq_list" : "_greenq_word", words);
}

// "    ls) words='-a --all'; words=\"$words …\" ;;"
std::string bash_verb_case(CompletionCommand const& command, std::string const& global) {
  std::string argument;
  if (auto const ask = query_of(command.argument); !ask.empty())
    argument = " words=\"$words $(" + ask + ")\"";
  if (command.argument == Values::kChoice)
    argument = " words=\"$words " + joined(command.choices, " ") + "\"";
  if (command.argument == Values::kFile) argument = " files=1";
  return fmt::format("    {}) words='{} {}'{}{} ;;\n", command.name, joined(option_names(command), " "),
                     global, argument.empty() ? "" : ";", argument);
}

}  // namespace

std::string bash_completion(std::vector<CompletionCommand> const& commands) {
  std::vector<std::string> verbs;
  std::string values;
  std::string cases;
  auto const global = joined(option_names(commands.front()), " ");
  for (auto const& command : commands) {
    for (auto const& option : command.options) {
      auto const line = bash_value_case(option);
      if (values.find(line) == std::string::npos) values += line;
    }
    if (command.name.empty()) continue;
    verbs.push_back(command.name);
    cases += bash_verb_case(command, global);
  }
  return fmt::format(R"script(# bash completion for greenq; generated by `greenq completion bash`
_greenq_word() {{ COMPREPLY=($(compgen -W "$1" -- "$cur")); }}
_greenq_list() {{
  local head=''
  [[ $cur == *,* ]] && head=${{cur%,*}},
  COMPREPLY=($(compgen -P "$head" -W "$1" -- "${{cur##*,}}"))
}}
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
    _greenq_word "$words"
  fi
}}
complete -F _greenq -o filenames greenq
)script",
                     values, joined(verbs, " "), joined(verbs, " "), global, cases);
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
_greenq_jobs() {{ compadd -- ${{(f)"$({})"}} }}
_greenq_live_jobs() {{ compadd -- ${{(f)"$({})"}} }}
_greenq_zones() {{ compadd -- ${{(f)"$({})"}} }}

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
                     query_of(Values::kJob), query_of(Values::kLiveJob), query_of(Values::kZone), verbs,
                     cases);
}

std::string fish_completion(std::vector<CompletionCommand> const& commands) {
  std::string out = "# fish completion for greenq; generated by `greenq completion fish`\n";
  for (auto const& command : commands) {
    if (command.name.empty()) {
      for (auto const& option : command.options) out += "complete -c greenq" + fish_flags(option) + '\n';
      continue;
    }
    out += fmt::format("complete -c greenq -f -n __fish_use_subcommand -a {} -d '{}'\n", command.name,
                       quoted(command.help));
    auto const seen = fmt::format("complete -c greenq -n '__fish_seen_subcommand_from {}'", command.name);
    for (auto const& option : command.options) out += seen + fish_flags(option) + '\n';
    if (auto const ask = query_of(command.argument); !ask.empty()) out += seen + " -f -a '(" + ask + ")'\n";
    if (command.argument == Values::kFile) out += seen + " -F\n";
    if (command.argument == Values::kChoice) out += seen + " -f -a '" + joined(command.choices, " ") + "'\n";
  }
  return out;
}

}  // namespace greenq::client
