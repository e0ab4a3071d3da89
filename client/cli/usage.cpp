#include "client/cli/usage.hpp"

#include <cctype>

#include "config/reader/suggest.hpp"

namespace greenq::client {
namespace {

constexpr std::size_t kMaxWord = 64;

std::string hint(std::string_view word, std::vector<std::string> const& known) {
  std::vector<std::string_view> const candidates(known.begin(), known.end());
  return config::did_you_mean(word, candidates);
}

void add_option_names(CLI::App const& app, std::vector<std::string>& names) {
  for (auto const* option : app.get_options()) {
    for (auto const& name : option->get_lnames()) names.push_back("--" + name);
  }
}

std::string unknown_option(CLI::App const& app, CLI::App const& verb, std::string const& word) {
  std::vector<std::string> names;
  add_option_names(verb, names);
  if (&verb != &app) add_option_names(app, names);
  return "unknown option " + word + hint(word.substr(0, word.find('=')), names);
}

CLI::Option const* missing_argument(CLI::App const& verb) {
  for (auto const* option : verb.get_options()) {
    if (option->get_positional() && option->get_required() && option->count() == 0) return option;
  }
  return nullptr;
}

std::string message_for(CLI::App const& app, CLI::ParseError const& error) {
  auto const verbs = app.get_subcommands();
  auto const extras = app.remaining(true);
  auto const word = extras.empty() ? std::string() : extras.front().substr(0, kMaxWord);
  if (word.starts_with('-')) return unknown_option(app, verbs.empty() ? app : *verbs.front(), word);
  if (verbs.empty()) {
    if (word.empty()) return "say what to do, e.g. greenq submit job.yaml";
    return '"' + word + "\" is not a verb" + verb_hint(app, word);
  }
  auto const name = verbs.front()->get_name();
  if (!word.empty()) return name + " does not take \"" + word + '"';
  if (auto const* const missing = missing_argument(*verbs.front())) {
    auto wanted = missing->get_description();
    if (!wanted.empty()) wanted.front() = static_cast<char>(std::tolower(wanted.front()));
    return name + " needs a " + missing->get_name() + ": " + wanted;
  }
  return error.what();
}

}  // namespace

std::string verb_hint(CLI::App const& app, std::string_view word) {
  std::vector<std::string> names;
  for (auto const* verb : app.get_subcommands([](CLI::App const*) { return true; })) {
    names.push_back(verb->get_name());
  }
  return hint(word, names);
}

Failure usage_failure(CLI::App const& app, CLI::ParseError const& error) {
  auto const verbs = app.get_subcommands();
  Failure failure;
  failure.exit = Exit::kUsage;
  failure.code = "USAGE";
  failure.message = message_for(app, error) + "; see greenq help" +
                    (verbs.empty() ? std::string() : ' ' + verbs.front()->get_name());
  return failure;
}

}  // namespace greenq::client
