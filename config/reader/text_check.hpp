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

// Code points of valid UTF-8.
int code_points(std::string_view text);

}  // namespace greenq::config
