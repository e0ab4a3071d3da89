// What must hold for bytes before they reach a YAML parser.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace greenq::config {

struct TextFault {
  int line = 0;    // 0: concerns the whole text
  int column = 0;  // code points, from 1
  std::string message;
};

// The first fault: too long, UTF-16/32, not UTF-8 (overlong forms and surrogates included), control
// characters other than tab, line feed and carriage return.
std::optional<TextFault> check_text(std::string_view text, std::size_t max_bytes);

// Length in bytes of the well-formed UTF-8 sequence at the front (not empty), or 0.
std::size_t code_point_length(std::string_view text);

// Code points of valid UTF-8.
int code_points(std::string_view text);

}  // namespace greenq::config
