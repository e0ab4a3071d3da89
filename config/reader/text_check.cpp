#include "config/reader/text_check.hpp"

#include <cstdint>

namespace greenq::config {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

bool is_wide_encoding(std::string_view text) {
  using namespace std::string_view_literals;
  if (text.starts_with("\xFF\xFE"sv) || text.starts_with("\xFE\xFF"sv)) return true;
  if (text.starts_with("\x00\x00\xFE\xFF"sv)) return true;
  // Without a mark: a zero among the first bytes of something that should be text.
  return text.substr(0, 4).find('\0') != std::string_view::npos;
}

}  // namespace

// Table 3-7 of the Unicode standard.
std::size_t code_point_length(std::string_view text) {
  auto const lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() < length) return 0;
  if (byte_at(text, 1) < low || byte_at(text, 1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(text, i) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

int code_points(std::string_view text) {
  int count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) count += (byte_at(text, i) & 0xC0U) == 0x80U ? 0 : 1;
  return count;
}

std::optional<TextFault> check_text(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return TextFault{
        0, 0, "the file is too long; at most " + std::to_string(max_bytes / 1024) + " KiB are allowed"};
  }
  if (is_wide_encoding(text)) return TextFault{1, 1, "the file is not UTF-8 text; save it as UTF-8"};
  int line = 1;
  int column = 1;
  bool const marked = text.starts_with("\xEF\xBB\xBF");
  for (std::size_t i = marked ? 3 : 0; i < text.size();) {
    auto const length = code_point_length(text.substr(i));
    if (length == 0) return TextFault{line, column, "the file is not UTF-8 text; save it as UTF-8"};
    auto const c = byte_at(text, i);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      return TextFault{line, column, "a control character is not allowed here; remove it"};
    }
    if (c == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
    i += length;
  }
  return std::nullopt;
}

}  // namespace greenq::config
