// Tables and colour for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace greenq::client {

// Escape codes, or nothing. Colour never carries meaning alone.
struct Style {
  bool colour = false;

  std::string bold(std::string_view text) const { return wrap("1", text); }
  std::string dim(std::string_view text) const { return wrap("2", text); }
  std::string green(std::string_view text) const { return wrap("32", text); }
  std::string red(std::string_view text) const { return wrap("31", text); }
  std::string yellow(std::string_view text) const { return wrap("33", text); }
  std::string wrap(std::string_view code, std::string_view text) const;
};

// Columns as wide as their widest cell, two spaces between. Cells are plain text; the last column is not
// padded.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  std::string text(bool header, Style style) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// A bar of `width` cells filled to `part` of one (0 to 1), in eighths with block characters, in '#' without.
std::string bar(double part, int width, bool utf8);

}  // namespace greenq::client
