// Figures of one book: model cards, SCI scores, equivalences.
#include <fmt/format.h>

#include "client/cli/footprint_text.hpp"
#include "client/cli/format.hpp"
#include "client/cli/report_formats.hpp"
#include "client/cli/version.hpp"

namespace greenq::client {
namespace {

v1::CarbonBook const& book_of(ReportRow const& row, v1::SignalKind kind) {
  return kind == v1::SIGNAL_KIND_MARGINAL ? row.marginal : row.average;
}

tl::unexpected<Failure> nothing_priced(v1::SignalKind kind) {
  char const* const other = kind == v1::SIGNAL_KIND_MARGINAL ? "average" : "marginal";
  return fail(Exit::kUsage, "NOTHING_PRICED",
              fmt::format("no energy of this job has a known {} intensity; --book {} may have one",
                          kind_text(kind), other));
}

// A double-quoted scalar of YAML 1.2: JSON's escapes are enough for text without control characters.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char const c : safe(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// What a single number leaves out.
std::string caveats(ReportRow const& row, v1::CarbonBook const& book) {
  std::string text;
  if (book.unpriced_mj() > 0)
    text += "; " + energy_text(book.unpriced_mj()) + " of unknown intensity not counted";
  if (row.energy.unknown_device_ms() > 0)
    text += "; " + duration_text(Milliseconds(row.energy.unknown_device_ms())) +
            " of device time without a reading";
  if (!row.final.value_or(true)) text += "; not final";
  return text;
}

struct Factor {
  double grams_per_km;
  char const* source;
};
constexpr Factor kCars[] = {
    {106.8, "carbontracker, EU 2024"}, {175, "GreenAlgorithms4HPC"}, {254.1, "CodeCarbon, 0.409 kg a mile"}};

}  // namespace

Result<std::string> report_card(ReportRow const& row, CardOptions const& options, UtcTime now) {
  v1::CarbonBook const& book = book_of(row, options.book);
  if (book.priced_mj() <= 0) return nothing_priced(options.book);
  std::string const source = fmt::format(
      "GreenQ {}: {} energy at {}, {}{}", kVersion, quality_text(row.energy), source_text(book.source(), now),
      row.pue.value_or(1) > 1 ? fmt::format("PUE {:.2f}", *row.pue) : "no PUE", caveats(row, book));
  std::string out = "co2_eq_emissions:\n";
  out += "  emissions: " + exact_grams(book.carbon_mg()) + "  # grams of CO2e\n";
  out += "  source: " + quoted(source) + '\n';
  auto const add = [&](char const* key, std::string const& value) {
    if (!value.empty()) out += fmt::format("  {}: {}\n", key, quoted(value));
  };
  add("training_type", options.training_type);
  add("geographical_location", options.location.empty() ? book.source().zone() : options.location);
  add("hardware_used", options.hardware);
  return out;
}

Result<std::string> report_sci(ReportRow const& row, SciOptions const& options, UtcTime now) {
  v1::CarbonBook const& book = book_of(row, options.book);
  if (book.priced_mj() <= 0) return nothing_priced(options.book);
  double const operational = static_cast<double>(book.carbon_mg()) / 1000;
  double const score = (operational + options.embodied_g.value_or(0)) / options.count;
  std::string const unit = safe(options.unit);
  std::string out = fmt::format("SCI = {:.6g} g CO2e per {}\n", score, unit);
  out += fmt::format("    = (E x I {} g + M {}) / R {:g} {}\n", exact_grams(book.carbon_mg()),
                     options.embodied_g ? fmt::format("{:g} g", *options.embodied_g) : "not included",
                     options.count, unit);
  out += fmt::format("E: {} at the device ({}); PUE {:.2f}\n", energy_text(row.energy.total_mj()),
                     quality_text(row.energy), row.pue.value_or(1));
  out +=
      fmt::format("I: {} ({}){}\n", source_text(book.source(), now), states_text(book), caveats(row, book));
  out += options.embodied_g ? "M: as given\n"
                            : "M: embodied emissions are not included; --embodied-g adds them\n";
  return out + "Software Carbon Intensity 1.1; location-based, no certificates.\n";
}

std::string equivalences_text(ReportRow const& row) {
  v1::CarbonBook const& book = row.average;
  if (book.priced_mj() <= 0) return "Equivalences: the average book is unknown.\n";
  std::string out = "By the average book as much as a car on:\n";
  for (auto const& [factor, source] : kCars) {
    out += fmt::format("  {:.3g} km at {:g} g/km ({})\n",
                       static_cast<double>(book.carbon_mg()) / 1000 / factor, factor, source);
  }
  return out;
}

}  // namespace greenq::client
