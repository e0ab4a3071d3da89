#include <array>
#include <cmath>

#include <fmt/format.h>

#include "client/cli/format.hpp"
#include "client/cli/report_formats.hpp"

namespace greenq::client {
namespace {

constexpr std::array<std::pair<char const*, v1::EnergyQuality>, 6> kQualities{
    {{"measured", v1::ENERGY_QUALITY_MEASURED},
     {"integrated", v1::ENERGY_QUALITY_INTEGRATED},
     {"split", v1::ENERGY_QUALITY_SPLIT},
     {"spread", v1::ENERGY_QUALITY_SPREAD},
     {"modelled", v1::ENERGY_QUALITY_MODELLED},
     {"gap_filled", v1::ENERGY_QUALITY_GAP_FILLED}}};
constexpr std::array<std::pair<char const*, v1::PointState>, 5> kStates{
    {{"actual", v1::POINT_STATE_ACTUAL},
     {"estimated", v1::POINT_STATE_ESTIMATED},
     {"forecast", v1::POINT_STATE_FORECAST},
     {"typical_day", v1::POINT_STATE_CLIMATOLOGY},
     {"constant", v1::POINT_STATE_CONSTANT}}};

// Quoted where it has to be (RFC 4180); spreadsheets take no text for a formula.
std::string cell(std::string_view text) {
  std::string out = safe(text);
  if (!out.empty() && std::string_view("=+-@\t\r").find(out.front()) != std::string_view::npos)
    out.insert(out.begin(), '\'');
  if (out.find_first_of(",\"\n\r") == std::string::npos) return out;
  for (std::size_t at = out.find('"'); at != std::string::npos; at = out.find('"', at + 2))
    out.insert(at, 1, '"');
  return '"' + out + '"';
}

class Line {
 public:
  void text(std::string_view value) {
    line_ += (line_.empty() && first_ ? "" : ",") + cell(value);
    first_ = false;
  }
  void number(std::int64_t value, bool known = true) {
    line_ += (first_ ? "" : ",") + (known ? std::to_string(value) : std::string());
    first_ = false;
  }
  std::string end() { return std::move(line_) + '\n'; }

 private:
  std::string line_;
  bool first_ = true;
};

void book_titles(Line& line, std::string const& name) {
  for (char const* what : {"_carbon_mg", "_priced_mj", "_unpriced_mj", "_started_at_submit_mg"})
    line.text(name + what);
  for (auto const& [state, value] : kStates) line.text(name + '_' + state + "_mj");
  line.text(name + "_zone");
  line.text(name + "_provider");
}

void book(Line& line, v1::CarbonBook const& book) {
  bool const known = book.priced_mj() > 0;
  line.number(book.carbon_mg(), known);
  line.number(book.priced_mj(), known);
  line.number(book.unpriced_mj(), known || book.unpriced_mj() > 0);
  line.number(book.baseline_mg(), known && book.has_baseline_mg());
  for (auto const& [name, state] : kStates) {
    std::int64_t sum = 0;
    for (auto const& share : book.shares()) sum += share.state() == state ? share.energy_mj() : 0;
    line.number(sum, known);
  }
  line.text(known ? book.source().zone() : "");
  line.text(known ? book.source().provider() : "");
}

}  // namespace

std::string report_csv(Report const& report) {
  Line titles;
  for (auto const& title : report.titles) titles.text(title);
  for (char const* title : {"jobs", "run_ms", "energy_mj"}) titles.text(title);
  for (auto const& [name, quality] : kQualities) titles.text(std::string(name) + "_mj");
  titles.text("unknown_device_ms");
  titles.text("pue");
  book_titles(titles, "marginal");
  book_titles(titles, "average");
  titles.text("final");
  std::string out = titles.end();
  for (ReportRow const& row : report.rows) {
    Line line;
    for (auto const& key : row.keys) line.text(key);
    line.number(row.jobs);
    line.number(row.run_ms);
    bool const metered = row.energy.total_mj() > 0;
    line.number(row.energy.total_mj(), metered);
    for (auto const& [name, quality] : kQualities) {
      std::int64_t sum = 0;
      for (auto const& part : row.energy.parts()) sum += part.quality() == quality ? part.energy_mj() : 0;
      line.number(sum, metered);
    }
    line.number(row.energy.unknown_device_ms());
    line.text(row.pue ? fmt::format("{}", *row.pue) : "");
    book(line, row.marginal);
    book(line, row.average);
    line.text(!row.final ? "" : *row.final ? "true" : "false");
    out += line.end();
  }
  return out;
}

}  // namespace greenq::client
