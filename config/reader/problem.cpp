#include "config/reader/problem.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/reader/text_check.hpp"

namespace greenq::config {
namespace {

constexpr int kMaxShownColumns = 160;

std::string_view line_of(std::string_view text, int line) {
  std::size_t begin = 0;
  for (int i = 1; i < line; ++i) {
    auto const newline = text.find('\n', begin);
    if (newline == std::string_view::npos) return {};
    begin = newline + 1;
  }
  auto end = text.find('\n', begin);
  if (end == std::string_view::npos) end = text.size();
  if (end > begin && text[end - 1] == '\r') --end;
  return text.substr(begin, end - begin);
}

// The line as shown and the padding below it. Tabs stay tabs so that the caret stands below its column.
struct Shown {
  std::string line;
  std::string padding;
};

// Bytes that are not UTF-8 are shown as question marks.
Shown show(std::string_view line, int column) {
  Shown shown;
  for (int at = 1; !line.empty(); ++at) {
    if (at > kMaxShownColumns) {
      shown.line += "…";
      break;
    }
    std::size_t const length = std::max<std::size_t>(code_point_length(line), 1);
    char const c = line.front();
    bool const printable = c == '\t' || (static_cast<unsigned char>(c) >= 0x20U && c != '\x7f');
    bool const valid = code_point_length(line) != 0 && printable;
    shown.line += valid ? std::string(line.substr(0, length)) : "?";
    if (at < column) shown.padding += c == '\t' ? '\t' : ' ';
    line.remove_prefix(length);
  }
  return shown;
}

}  // namespace

int Problems::add_origin(std::string label) {
  origins_.push_back(std::move(label));
  return static_cast<int>(origins_.size()) - 1;
}

void Problems::add(Mark mark, int width, std::string path, std::string message) {
  auto const origin = std::min(static_cast<std::size_t>(std::max(mark.origin, 0)), origins_.size() - 1);
  bool const placed = origin == 0;
  items_.push_back({origins_[origin], placed ? mark.line : 0, placed ? mark.column : 0, width,
                    std::move(path), std::move(message)});
}

std::vector<Problem> Problems::sorted() const {
  auto result = items_;
  std::stable_sort(result.begin(), result.end(), [](Problem const& a, Problem const& b) {
    return std::tuple(a.line == 0, a.line, a.column) < std::tuple(b.line == 0, b.line, b.column);
  });
  return result;
}

std::string format_problem(Problem const& problem, std::string_view text) {
  std::string out = problem.file;
  if (problem.line > 0) out += ':' + std::to_string(problem.line) + ':' + std::to_string(problem.column);
  out += ": error: ";
  if (!problem.path.empty()) out += problem.path + ": ";
  out += problem.message + '\n';
  if (problem.line <= 0) return out;
  auto const line = line_of(text, problem.line);
  if (line.empty() || problem.column < 1 || problem.column > kMaxShownColumns) return out;
  auto const shown = show(line, problem.column);
  auto const number = std::to_string(problem.line);
  auto const tail = std::clamp(problem.width, 1, kMaxShownColumns - problem.column + 1) - 1;
  out += "  " + number + " | " + shown.line + '\n';
  out += "  " + std::string(number.size(), ' ') + " | " + shown.padding + '^' +
         std::string(static_cast<std::size_t>(tail), '~') + '\n';
  return out;
}

std::string format_problems(std::vector<Problem> const& problems, std::string_view text) {
  std::string out;
  for (auto const& problem : problems) out += format_problem(problem, text);
  return out;
}

}  // namespace greenq::config
