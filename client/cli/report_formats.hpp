// What people publish: a report as CSV, Markdown, LaTeX, Hugging Face metadata or an SCI score.
//
// Pure texts from what the daemon answered. Each carries both books side by side, never added, how the energy
// came about, where intensities come from and what is missing; what is not known is empty or said to be
// unknown, never zero. Texts that others wrote are escaped for the format.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/environment.hpp"
#include "client/cli/failure.hpp"
#include "greenq/v1/footprint.pb.h"

namespace greenq::client {

// One job, or the sum of several.
struct ReportRow {
  std::vector<std::string> keys;  // as many as there are titles
  std::int64_t jobs = 1;
  std::int64_t run_ms = 0;
  v1::Energy energy;
  v1::CarbonBook marginal;
  v1::CarbonBook average;
  // Of one job: its PUE, and whether nothing of it will change any more.
  std::optional<double> pue{};
  std::optional<bool> final{};
};

struct Report {
  std::vector<std::string> titles;  // of the keys, e.g. "user"
  std::vector<ReportRow> rows;      // at least one
};

Report report_of(v1::Footprint const& footprint);

// A header line, then a line for each row; quantities in the units of the ledger, which the titles name.
std::string report_csv(Report const& report);
std::string report_markdown(Report const& report, UtcTime now);
// A paragraph and a table (package booktabs).
std::string report_latex(Report const& report, UtcTime now);

struct CardOptions {
  v1::SignalKind book = v1::SIGNAL_KIND_AVERAGE;
  std::string training_type;
  std::string location;  // empty: the zone of the book
  std::string hardware;
};
// `co2_eq_emissions` of a model card, in grams. Keys: https://huggingface.co/docs/hub/model-cards-co2. Fails
// where the book priced nothing.
Result<std::string> report_card(ReportRow const& row, CardOptions const& options, UtcTime now);

struct SciOptions {
  v1::SignalKind book = v1::SIGNAL_KIND_AVERAGE;
  std::string unit;  // functional unit, e.g. "epoch"
  double count = 0;  // > 0
  std::optional<double> embodied_g{};
};
// (E * I + M) / R of the Software Carbon Intensity specification 1.1 (Green Software Foundation). Fails where
// the book priced nothing.
Result<std::string> report_sci(ReportRow const& row, SciOptions const& options, UtcTime now);

// As kilometres by car: tools differ by more than two times, so all three of their factors stand there.
std::string equivalences_text(ReportRow const& row);

// Sentences on what was counted, how, and what is missing: for the formats above.
std::vector<std::string> report_sentences(Report const& report, UtcTime now);
// Milligrams as grams, exact: "83.524", "-0.5", "12".
std::string exact_grams(std::int64_t milligram);

}  // namespace greenq::client
