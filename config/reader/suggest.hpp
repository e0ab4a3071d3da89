// "Did you mean …?"
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace greenq::config {

// Optimal string alignment distance: insert, delete, replace, swap of neighbours cost 1 each.
// Inputs longer than 64 bytes are compared by their first 64.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest candidate, or empty when none is near (more than a third of the letters differ, at least 1
// may). Case and '-' against '_' cost nothing.
std::string_view nearest(std::string_view word, std::span<std::string_view const> candidates);

// "; did you mean "x"?" or empty.
std::string did_you_mean(std::string_view word, std::span<std::string_view const> candidates);

}  // namespace greenq::config
