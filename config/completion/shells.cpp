#include "config/completion/shells.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace greenq::config {
namespace {

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

// Commands that print values, each as a function of the script.
class Askers {
 public:
  Askers(std::string const& program, std::vector<CompletionCommand> const& commands)
      : prefix_('_' + program + "_ask") {
    for (auto const& command : commands) {
      add(command.argument);
      for (auto const& option : command.options) add(option.value);
    }
  }
  std::string name(std::string const& command) const {
    auto const at = std::find(commands_.begin(), commands_.end(), command);
    return prefix_ + std::to_string(at - commands_.begin() + 1);
  }
  std::string functions() const {
    std::string text;
    for (auto const& command : commands_)
      text += fmt::format("{}() {{ compadd -- ${{(f)\"$({})\"}} }}\n", name(command), command);
    return text;
  }

 private:
  void add(CompletionValue const& value) {
    bool const known = std::find(commands_.begin(), commands_.end(), value.command) != commands_.end();
    if (!value.command.empty() && !known) commands_.push_back(value.command);
  }

  std::string prefix_;
  std::vector<std::string> commands_;
};

// What a value is completed with; empty: not known.
std::string zsh_value(CompletionValue const& value, bool list, Askers const& askers) {
  auto const choices = joined(value.choices, " ");
  if (!choices.empty()) return list ? "_values -s , value " + choices : "(" + choices + ")";
  if (!value.command.empty()) return askers.name(value.command);
  return value.file ? "_files" : "";
}

std::string zsh_arguments(CompletionCommand const& command, Askers const& askers) {
  std::string text;
  for (auto const& option : command.options) {
    auto const value =
        option.takes_value ? ":value:" + zsh_value(option.value, option.list, askers) : std::string{};
    for (auto const& name : option.names)
      text += fmt::format(" \\\n        '{}[{}]{}'", name, zsh_text(option.help), value);
  }
  auto const argument =
      command.argument.file ? "_files -g \"*.y(a|)ml\"" : zsh_value(command.argument, false, askers);
  if (!argument.empty()) text += " \\\n        '*:value:" + argument + "'";
  return text;
}

std::string fish_values(CompletionValue const& value, bool list) {
  auto const choices = joined(value.choices, " ");
  if (!choices.empty()) return list ? " -a '(__fish_append , " + choices + ")'" : " -a '" + choices + "'";
  return value.command.empty() ? "" : " -a '(" + value.command + ")'";
}

std::string fish_flags(CompletionOption const& option) {
  std::string text;
  for (auto const& name : option.names) {
    bool const is_long = name.starts_with("--");
    text += is_long ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes_value) text += option.value.file ? " -r -F" : " -x";
  return text + fish_values(option.value, option.list) + " -d '" + quoted(option.help) + "'";
}

// The words of a shell that can stand there, quoted; empty: not known.
std::string bash_words(CompletionValue const& value) {
  if (!value.choices.empty()) return '\'' + joined(value.choices, " ") + '\'';
  return value.command.empty() ? "" : "\"$(" + value.command + ")\"";
}

// "    'ls --state') _greenq_list 'queued running'; return ;;"; empty for an option without known values.
std::string bash_value_case(std::string const& program, CompletionCommand const& command,
                            CompletionOption const& option) {
  auto const words = bash_words(option.value);
  if (!option.takes_value || (words.empty() && !option.value.file)) return {};
  std::vector<std::string> places;
  bool const anywhere = command.name.empty() && command.takes_global;
  for (auto const& name : option.names)
    places.push_back((anywhere ? "*' " : '\'' + command.name + ' ') + name + '\'');
  auto const action = option.value.file
                          ? fmt::format("_{}_file", program)
                          : fmt::format("_{}_{} {}", program, option.list ? "list" : "word", words);
  return fmt::format("    {}) {}; return ;;\n", joined(places, "|"), action);
}

// "    ls) words='-a --all'; words=\"$words …\" ;;"
std::string bash_verb_case(CompletionCommand const& command, std::string const& global) {
  auto const& value = command.argument;
  std::string argument;
  if (!value.command.empty()) argument = " words=\"$words $(" + value.command + ")\"";
  if (!value.choices.empty()) argument = " words=\"$words " + joined(value.choices, " ") + "\"";
  if (value.file) argument = " files=1";
  return fmt::format("    {}) words='{}{}'{}{} ;;\n", command.name, joined(option_names(command), " "),
                     command.takes_global ? ' ' + global : "", argument.empty() ? "" : ";", argument);
}

constexpr char kBash[] = R"script(# bash completion for {0}; generated by `{0} completion bash`
_{0}_word() {{ COMPREPLY=($(compgen -W "$1" -- "$cur")); }}
_{0}_list() {{
  local head=''
  [[ $cur == *,* ]] && head=${{cur%,*}},
  COMPREPLY=($(compgen -P "$head" -W "$1" -- "${{cur##*,}}"))
}}
_{0}_file() {{ local IFS=$'\n'; COMPREPLY=($(compgen -f -- "$cur")); }}
_{0}() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} verb='' words='' files='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case " {1} " in *" ${{COMP_WORDS[i]}} "*) verb=${{COMP_WORDS[i]}}; break ;; esac
  done
  case "$verb $prev" in
{2}  esac
  case $verb in
    '') words='{1} {3}' ;;
{4}  esac
  if [[ -n $files && $cur != -* ]]; then
    _{0}_file
  else
    _{0}_word "$words"
  fi
}}
complete -F _{0} -o filenames {0}
)script";

constexpr char kZsh[] = R"script(#compdef {0}
# zsh completion for {0}; generated by `{0} completion zsh`
{4}_{0}() {{
  local -a verbs
  verbs=(
{1}  )
  if [[ $words[2] == -* ]]; then
    _arguments -s{2}
    return
  fi
  if (( CURRENT == 2 )); then
    _describe -t verbs '{0} verb' verbs
    return
  fi
  local verb=$words[2]
  shift words
  (( CURRENT-- ))
  case $verb in
{3}  esac
}}

if [[ $funcstack[1] == _{0} ]]; then _{0} "$@"; else compdef _{0} {0}; fi
)script";

}  // namespace

std::string bash_completion(CompletionProgram const& program,
                            std::vector<CompletionCommand> const& commands) {
  std::vector<std::string> verbs;
  std::string values;
  std::string values_of_all;
  std::string cases;
  auto const global = joined(option_names(commands.front()), " ");
  for (auto const& command : commands) {
    for (auto const& option : command.options)
      (command.name.empty() ? values_of_all : values) += bash_value_case(program.name, command, option);
    if (command.name.empty()) continue;
    verbs.push_back(command.name);
    cases += bash_verb_case(command, global);
  }
  return fmt::format(kBash, program.name, joined(verbs, " "), values + values_of_all, global, cases);
}

std::string zsh_completion(CompletionProgram const& program, std::vector<CompletionCommand> const& commands) {
  std::string verbs;
  std::string cases;
  Askers const askers{program.name, commands};
  auto const global = zsh_arguments(commands.front(), askers);
  for (auto const& command : commands) {
    if (command.name.empty()) continue;
    verbs += fmt::format("    '{}:{}'\n", command.name, zsh_text(command.help));
    cases += fmt::format("    {})\n      _arguments -s{}{} ;;\n", command.name,
                         zsh_arguments(command, askers), command.takes_global ? global : "");
  }
  return fmt::format(kZsh, program.name, verbs, global, cases, askers.functions());
}

std::string fish_completion(CompletionProgram const& program,
                            std::vector<CompletionCommand> const& commands) {
  std::string out =
      fmt::format("# fish completion for {0}; generated by `{0} completion fish`\n", program.name);
  auto const start = "complete -c " + program.name;
  for (auto const& command : commands) {
    if (command.name.empty()) {
      auto const where = start + (command.takes_global ? "" : " -n __fish_use_subcommand");
      for (auto const& option : command.options) out += where + fish_flags(option) + '\n';
      continue;
    }
    out += fmt::format("{} -f -n __fish_use_subcommand -a {} -d '{}'\n", start, command.name,
                       quoted(command.help));
    auto const seen = fmt::format("{} -n '__fish_seen_subcommand_from {}'", start, command.name);
    for (auto const& option : command.options) out += seen + fish_flags(option) + '\n';
    auto const argument = fish_values(command.argument, false);
    if (!argument.empty()) out += seen + " -f" + argument + '\n';
    if (command.argument.file) out += seen + " -F\n";
  }
  return out;
}

}  // namespace greenq::config
