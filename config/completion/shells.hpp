// The script of each shell. Use completion_script().
#pragma once

#include "config/completion/completion.hpp"

namespace greenq::config {

std::string bash_completion(CompletionProgram const& program, std::vector<CompletionCommand> const& commands);
std::string zsh_completion(CompletionProgram const& program, std::vector<CompletionCommand> const& commands);
std::string fish_completion(CompletionProgram const& program, std::vector<CompletionCommand> const& commands);

}  // namespace greenq::config
