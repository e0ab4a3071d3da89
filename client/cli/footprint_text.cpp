#include "client/cli/footprint_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "client/cli/format.hpp"

namespace greenq::client {
namespace {

std::string share(std::int64_t part, std::int64_t whole) {
  return percent_text(static_cast<double>(part) / static_cast<double>(whole));
}

// Largest first: "modelled 96 %, measured 4 %".
std::string split(std::map<std::string, std::int64_t> const& parts, std::int64_t total) {
  std::vector<std::pair<std::string, std::int64_t>> sorted(parts.begin(), parts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](auto const& a, auto const& b) { return a.second > b.second; });
  std::string text;
  for (auto const& [name, amount] : sorted)
    text += (text.empty() ? "" : ", ") + name + ' ' + share(amount, total);
  return text;
}

std::string lower_name(std::string const& name, std::size_t prefix) {
  std::string text = name.substr(prefix);
  for (char& c : text) c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::string quality_name(v1::EnergyQuality quality) {
  return v1::EnergyQuality_IsValid(quality) ? lower_name(v1::EnergyQuality_Name(quality), 15) : "other";
}

std::string device_name(v1::DeviceClass device) {
  return v1::DeviceClass_IsValid(device) ? lower_name(v1::DeviceClass_Name(device), 13) : "other";
}

bool known(v1::CarbonBook const& book) {
  return book.priced_mj() > 0;
}

std::string baseline_text(v1::CarbonBook const& book) {
  return book.has_baseline_mg() ? carbon_text(book.baseline_mg()) : "unknown";
}

std::string unpriced_text(v1::CarbonBook const& book) {
  auto const total = book.priced_mj() + book.unpriced_mj();
  if (book.unpriced_mj() <= 0 || total <= 0) return "none";
  return energy_text(book.unpriced_mj()) + " (" + share(book.unpriced_mj(), total) + ')';
}

std::string devices_text(v1::Energy const& energy) {
  std::map<std::string, std::int64_t> parts;
  for (auto const& part : energy.parts()) parts[device_name(part.device())] += part.energy_mj();
  return energy.total_mj() > 0 ? split(parts, energy.total_mj()) : std::string();
}

std::string headline(v1::Footprint const& footprint, UtcTime now, Style style) {
  auto text = style.bold(full_id(footprint.job()));
  if (!footprint.display_name().empty()) text += ' ' + safe(footprint.display_name());
  if (footprint.has_start_time()) {
    auto const begin = instant(footprint.start_time());
    text += ": ran " + duration_text(Milliseconds(footprint.run_ms())) + " from " +
            local_time_with_zone(begin, now);
    text +=
        ", waited " + duration_text(Milliseconds(static_cast<std::int64_t>(footprint.wait_seconds() * 1000)));
  } else {
    return text + (footprint.final() ? ": never ran\n" : ": has not run yet\n");
  }
  return text + (footprint.final() ? "" : " (not final: readings or signals are still to come)") + '\n';
}

}  // namespace

void SourceLines::add(v1::CarbonBook const& book) {
  if (known(book)) add(book.source());
}

void SourceLines::add(v1::SignalSource const& source) {
  auto line = "Intensity: " + source_text(source, now_) + '\n';
  if (!source.attribution().empty()) line += "  " + safe(source.attribution()) + '\n';
  if (auto const caution = average_caution(source.kind()); !caution.empty()) line += "  " + caution + '\n';
  if (text_.find(line) == std::string::npos) text_ += line;
}

std::string quality_text(v1::Energy const& energy) {
  if (energy.total_mj() <= 0) return "nothing metered";
  std::map<std::string, std::int64_t> parts;
  for (auto const& part : energy.parts()) parts[quality_name(part.quality())] += part.energy_mj();
  return split(parts, energy.total_mj());
}

std::string states_text(v1::CarbonBook const& book) {
  if (!known(book)) return "-";
  std::map<std::string, std::int64_t> parts;
  for (auto const& one : book.shares()) parts[point_state_text(one.state())] += one.energy_mj();
  return split(parts, book.priced_mj());
}

std::string book_text(v1::CarbonBook const& book) {
  if (!known(book)) return book.unpriced_mj() > 0 ? "unknown" : "-";
  return carbon_text(book.carbon_mg()) + (book.unpriced_mj() > 0 ? " (part unknown)" : "");
}

std::string saving_text(v1::CarbonBook const& book) {
  if (!book.has_baseline_mg() || !known(book)) return "-";
  auto const saved = book.baseline_mg() - book.carbon_mg();
  auto text = carbon_text(saved);
  if (book.baseline_mg() > 0) text += " (" + share(saved, book.baseline_mg()) + ')';
  return text;
}

std::string footprint_text(v1::Footprint const& footprint, UtcTime now, Style style) {
  if (!footprint.has_start_time() && footprint.energy().total_mj() == 0)
    return headline(footprint, now, style);
  auto const& energy = footprint.energy();
  auto out = headline(footprint, now, style);
  out += "Energy: " + energy_text(energy.total_mj()) + " at the device (" + quality_text(energy) + ')';
  if (auto const devices = devices_text(energy); !devices.empty()) out += "; " + devices;
  out += '\n';
  if (footprint.pue() > 1) out += fmt::format("Carbon includes PUE {:.2f}.\n", footprint.pue());
  if (energy.unknown_device_ms() > 0) {
    out += "Unknown: " + duration_text(Milliseconds(energy.unknown_device_ms())) +
           " of device time without a reading; not counted as zero.\n";
  }
  Table table({{"CO2e"}, {"MARGINAL", Table::Align::kRight}, {"AVERAGE", Table::Align::kRight}});
  auto const add = [&](std::string title, auto const& cell) {
    table.add({std::move(title), cell(footprint.marginal()), cell(footprint.average())});
  };
  add("this run", book_text);
  add("if started at submit (modelled)", baseline_text);
  add("saved by waiting", saving_text);
  add("energy without intensity", unpriced_text);
  add("intensity used", states_text);
  out += table.text(true, style);
  SourceLines sources(now);
  sources.add(footprint.marginal());
  sources.add(footprint.average());
  out += sources.text();
  for (auto const& note : energy.notes()) out += "Note: " + safe(note) + '\n';
  out += style.dim("The books answer different questions and are never added.") + '\n';
  return out;
}

}  // namespace greenq::client
