// Whole files as text, with limits.
#pragma once

#include <optional>
#include <string>

#include "simulate/problems.hpp"

namespace greenq::simulate {

// Nothing, and a problem, when it cannot be read or is larger.
std::optional<std::string> read_text(std::string const& path, std::size_t most_bytes, Problems& problems);
// A problem when it cannot be written.
void write_text(std::string const& path, std::string const& text, Problems& problems);

}  // namespace greenq::simulate
