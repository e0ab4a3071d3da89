#include "client/cli/table.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "config/reader/text_check.hpp"

namespace greenq::client {
namespace {

std::string pad(std::string_view text, std::size_t width, Table::Align align) {
  auto const length = static_cast<std::size_t>(config::code_points(text));
  std::string const fill(width > length ? width - length : 0, ' ');
  return align == Table::Align::kLeft ? std::string(text) + fill : fill + std::string(text);
}

}  // namespace

std::string Style::wrap(std::string_view code, std::string_view text) const {
  if (!colour || text.empty()) return std::string(text);
  return "\x1b[" + std::string(code) + 'm' + std::string(text) + "\x1b[0m";
}

std::string Table::text(bool header, Style style) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (header) widths[i] = static_cast<std::size_t>(config::code_points(columns_[i].title));
    for (auto const& row : rows_) {
      widths[i] = std::max(widths[i], static_cast<std::size_t>(config::code_points(row[i])));
    }
  }
  auto const line = [&](auto const& cell) {
    std::string out;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) out += "  ";
      out += pad(cell(i), widths[i], columns_[i].align);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
  };
  std::string out;
  if (header) out += style.bold(line([&](std::size_t i) { return columns_[i].title; })) + '\n';
  for (auto const& row : rows_) out += line([&](std::size_t i) { return row[i]; }) + '\n';
  return out;
}

std::string bar(double part, int width, bool utf8) {
  constexpr std::array<std::string_view, 8> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  auto const cells = std::clamp(part, 0.0, 1.0) * width;
  auto const full = static_cast<int>(cells);
  std::string out;
  for (int i = 0; i < full; ++i) out += utf8 ? "█" : "#";
  auto const rest = static_cast<std::size_t>((cells - full) * 8);
  if (utf8 && full < width) out += kEighths.at(std::min<std::size_t>(rest, 7));
  return out;
}

}  // namespace greenq::client
