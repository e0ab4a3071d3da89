// What is wrong with a command line, and what to write instead.
#pragma once

#include <CLI/CLI.hpp>

#include "client/cli/failure.hpp"

namespace greenq::client {

// `app` is the program after parse() threw `error`.
Failure usage_failure(CLI::App const& app, CLI::ParseError const& error);

// "; did you mean "submit"?" for a verb of the program, or empty.
std::string verb_hint(CLI::App const& app, std::string_view word);

}  // namespace greenq::client
