// Small reads of sysfs, procfs and cgroup files. Everything that goes wrong is "absent".
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace greenq::meter {

// At most `limit` bytes of a file; nothing if it cannot be opened or read.
std::optional<std::string> read_text(std::filesystem::path const& path, std::size_t limit = 4096);

// One non-negative decimal number, with white space around it allowed and nothing else.
std::optional<std::int64_t> parse_number(std::string_view text);
std::optional<std::int64_t> read_number(std::filesystem::path const& path);

// First word-like content of a file without the white space around it; nothing when empty.
std::optional<std::string> read_word(std::filesystem::path const& path);

std::string_view trim(std::string_view text);

}  // namespace greenq::meter
