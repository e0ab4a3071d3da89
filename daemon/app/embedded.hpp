// Text files compiled into the binary (migrations, zone profiles, default configuration).
// Filled by cmake/embed.cmake; the data lives as long as the program.
#pragma once

#include <span>
#include <string_view>

namespace greenq::app {

struct EmbeddedFile {
  std::string_view name;  // base name, e.g. "0001_init.sql"
  std::string_view text;
};

}  // namespace greenq::app
