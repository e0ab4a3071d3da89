// Reports as Markdown and LaTeX.
#include <fmt/format.h>

#include "client/cli/footprint_text.hpp"
#include "client/cli/format.hpp"
#include "client/cli/report_formats.hpp"

namespace greenq::client {
namespace {

std::string title_of(std::string_view key) {
  if (key == "start_time") return "Start (UTC)";
  if (key == "end_time") return "End (UTC)";
  if (key == "day") return "Day (UTC)";
  std::string title(key);
  if (!title.empty() && title.front() >= 'a' && title.front() <= 'z')
    title.front() = static_cast<char>(title.front() - 'a' + 'A');
  return title;
}

// What follows the keys, in both formats.
constexpr char const* kTitles[] = {"Jobs", "Ran", "Energy", "Marginal CO2e", "Average CO2e", "Method"};

std::vector<std::string> cells_of(ReportRow const& row) {
  std::vector<std::string> cells;
  cells.reserve(row.keys.size() + std::size(kTitles));
  for (auto const& key : row.keys) cells.push_back(safe(key));
  cells.push_back(std::to_string(row.jobs));
  cells.push_back(duration_text(Milliseconds(row.run_ms)));
  cells.push_back(row.energy.total_mj() > 0 ? energy_text(row.energy.total_mj()) : "unknown");
  for (auto const* book : {&row.marginal, &row.average}) {
    auto const text = book_text(*book);
    cells.push_back(text == "-" ? "unknown" : text);
  }
  cells.push_back(quality_text(row.energy));
  return cells;
}

std::vector<std::string> titles_of(Report const& report) {
  std::vector<std::string> titles;
  titles.reserve(report.titles.size() + std::size(kTitles));
  for (auto const& title : report.titles) titles.push_back(title_of(title));
  titles.insert(titles.end(), std::begin(kTitles), std::end(kTitles));
  return titles;
}

template <class Escape>
std::string joined(std::vector<std::string> const& cells, char const* between, Escape const& escape) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += (i > 0 ? between : "") + escape(cells[i]);
  return line;
}

std::string markdown(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (std::string_view("\\`*_{}[]<>#|~$!&").find(c) != std::string_view::npos) out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

std::string latex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (text.substr(i).starts_with("CO2e")) {
      out += "CO\\textsubscript{2}e";
      i += 3;
    } else if (c == '\\') {
      out += "\\textbackslash{}";
    } else if (c == '~') {
      out += "\\textasciitilde{}";
    } else if (c == '^') {
      out += "\\textasciicircum{}";
    } else if (c == '<' || c == '>' || c == '|') {
      out += std::string("\\text") + (c == '<' ? "less" : c == '>' ? "greater" : "bar") + "{}";
    } else if (c == '\n' || c == '\r') {
      out += ' ';
    } else {
      if (std::string_view("{}$&#_%").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string report_markdown(Report const& report, UtcTime now) {
  auto const titles = titles_of(report);
  std::string out = "| " + joined(titles, " | ", markdown) + " |\n|";
  for (std::size_t i = 0; i < titles.size(); ++i)
    out += i < report.titles.size() || i + 1 == titles.size() ? "---|" : "---:|";
  out += '\n';
  for (ReportRow const& row : report.rows) out += "| " + joined(cells_of(row), " | ", markdown) + " |\n";
  out += '\n';
  for (auto const& sentence : report_sentences(report, now)) out += "- " + markdown(sentence) + '\n';
  return out;
}

std::string report_latex(Report const& report, UtcTime now) {
  auto const titles = titles_of(report);
  std::string columns(titles.size(), 'r');
  for (std::size_t i = 0; i < report.titles.size(); ++i) columns[i] = 'l';
  columns.back() = 'l';
  std::string out = "% \\usepackage{booktabs}\n";
  for (auto const& sentence : report_sentences(report, now)) out += latex(sentence) + '\n';
  out += "\n\\begin{tabular}{" + columns + "}\n\\toprule\n";
  out += joined(titles, " & ", latex) + " \\\\\n\\midrule\n";
  for (ReportRow const& row : report.rows) out += joined(cells_of(row), " & ", latex) + " \\\\\n";
  return out + "\\bottomrule\n\\end{tabular}\n";
}

}  // namespace greenq::client
