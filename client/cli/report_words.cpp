// What reports say in sentences.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "client/cli/footprint_text.hpp"
#include "client/cli/format.hpp"
#include "client/cli/report_formats.hpp"
#include "client/cli/version.hpp"

namespace greenq::client {
namespace {

void add(v1::Energy& to, v1::Energy const& from) {
  to.set_total_mj(to.total_mj() + from.total_mj());
  to.set_unknown_device_ms(to.unknown_device_ms() + from.unknown_device_ms());
  to.mutable_parts()->MergeFrom(from.parts());
  for (auto const& note : from.notes()) {
    if (std::find(to.notes().begin(), to.notes().end(), note) == to.notes().end()) to.add_notes(note);
  }
}

void add(v1::CarbonBook& to, v1::CarbonBook const& from) {
  to.set_carbon_mg(to.carbon_mg() + from.carbon_mg());
  to.set_priced_mj(to.priced_mj() + from.priced_mj());
  to.set_unpriced_mj(to.unpriced_mj() + from.unpriced_mj());
  to.mutable_shares()->MergeFrom(from.shares());
}

ReportRow sum_of(Report const& report) {
  ReportRow sum;
  sum.jobs = 0;
  for (ReportRow const& row : report.rows) {
    sum.jobs += row.jobs;
    sum.run_ms += row.run_ms;
    add(sum.energy, row.energy);
    add(sum.marginal, row.marginal);
    add(sum.average, row.average);
    if (row.final) sum.final = sum.final.value_or(true) && *row.final;
  }
  return sum;
}

std::string sources_of(Report const& report, bool marginal, UtcTime now) {
  std::vector<std::string> sources;
  for (ReportRow const& row : report.rows) {
    v1::CarbonBook const& book = marginal ? row.marginal : row.average;
    if (book.priced_mj() <= 0) continue;
    std::string source = source_text(book.source(), now);
    if (!book.source().attribution().empty()) source += ", " + safe(book.source().attribution());
    if (std::find(sources.begin(), sources.end(), source) == sources.end())
      sources.push_back(std::move(source));
  }
  return fmt::format("{}", fmt::join(sources, "; "));
}

std::string book_sentence(char const* name, v1::CarbonBook const& book, std::string const& sources) {
  if (book.priced_mj() <= 0)
    return fmt::format("{} emissions are unknown: no such intensity is known.", name);
  std::string text = fmt::format("{} emissions: {} CO2e ({}; {}).", name, carbon_text(book.carbon_mg()),
                                 sources, states_text(book));
  if (book.unpriced_mj() <= 0) return text;
  return text + fmt::format(" The intensity of {} is unknown; its emissions are not counted.",
                            energy_text(book.unpriced_mj()));
}

std::string pue_sentence(Report const& report) {
  auto const& pue = report.rows.front().pue;
  if (report.rows.size() > 1 || !pue)
    return "Energy is at the devices; emissions include the PUE of the site.";
  if (*pue > 1) return fmt::format("Energy is at the devices; emissions include PUE {:.2f}.", *pue);
  return "Energy and emissions are at the devices: no PUE is set.";
}

}  // namespace

Report report_of(v1::Footprint const& footprint) {
  ReportRow row;
  row.keys = {full_id(footprint.job()), footprint.display_name(), footprint.owner(),
              footprint.has_start_time() ? rfc3339(instant(footprint.start_time())) : "",
              footprint.has_end_time() ? rfc3339(instant(footprint.end_time())) : ""};
  row.run_ms = footprint.run_ms();
  row.energy = footprint.energy();
  row.marginal = footprint.marginal();
  row.average = footprint.average();
  row.pue = footprint.pue();
  row.final = footprint.final();
  return {{"job", "name", "user", "start_time", "end_time"}, {std::move(row)}};
}

std::string exact_grams(std::int64_t milligram) {
  auto const size =
      milligram < 0 ? 0 - static_cast<std::uint64_t>(milligram) : static_cast<std::uint64_t>(milligram);
  std::string text = fmt::format("{}{}.{:03}", milligram < 0 ? "-" : "", size / 1000, size % 1000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::vector<std::string> report_sentences(Report const& report, UtcTime now) {
  ReportRow const sum = sum_of(report);
  std::vector<std::string> out;
  out.push_back(fmt::format("GreenQ {} metered {} of {} in {} of running time ({}).", kVersion,
                            energy_text(sum.energy.total_mj()),
                            sum.jobs == 1 ? "one job" : fmt::format("{} jobs", sum.jobs),
                            duration_text(Milliseconds(sum.run_ms)), quality_text(sum.energy)));
  if (sum.energy.unknown_device_ms() > 0)
    out.push_back(fmt::format("There is no reading for {} of device time; it is not counted.",
                              duration_text(Milliseconds(sum.energy.unknown_device_ms()))));
  out.push_back(book_sentence("Marginal", sum.marginal, sources_of(report, true, now)));
  out.push_back(book_sentence("Average", sum.average, sources_of(report, false, now)));
  out.push_back(
      "The two answer different questions (what running then caused; a share of the inventory) and are not "
      "added.");
  out.push_back(pue_sentence(report));
  for (auto const& note : sum.energy.notes())
    out.push_back("Note: " + safe(note) + (note.ends_with('.') ? "" : "."));
  if (!sum.final.value_or(true))
    out.emplace_back("The figures are not final: readings or intensities are still to come.");
  out.emplace_back("Embodied emissions are not included.");
  return out;
}

}  // namespace greenq::client
