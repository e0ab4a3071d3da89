#include "app/settings_table.hpp"

namespace greenq::app {
namespace {

core::SignalKind signal_kind(std::string const& text) {
  if (text == "marginal") return core::SignalKind::kMarginal;
  return text == "average" ? core::SignalKind::kAverage : core::SignalKind::kRelative;
}

std::vector<Row<FeedSettings>> make_feed_rows() {
  using F = FeedSettings;
  using V = Value;
  std::vector<Row<FeedSettings>> rows;
  rows.push_back(make_row<F>("provider", {ValueType::kChoice, "", "", "", "", {"replay", "neso"}},
                             "replay: plays a recorded file. neso: Great Britain, live, without a key.",
                             [](F& f, V const& v) { f.provider = v.text; }));
  rows.push_back(make_row<F>("zone", {ValueType::kText, "", "site"},
                             "Zone of the figures; site: the site's zone.",
                             [](F& f, V const& v) { f.zone = v.text; }));
  rows.push_back(
      make_row<F>("kind", {ValueType::kChoice, "marginal", "", "", "", {"marginal", "average", "relative"}},
                  "replay: what the recorded figures mean. neso is always average.",
                  [](F& f, V const& v) { f.kind = signal_kind(v.text); }));
  rows.push_back(make_row<F>("path", {ValueType::kPath},
                             "replay: CSV file with the columns time_utc,gco2_per_kwh; required.",
                             [](F& f, V const& v) { f.path = v.text; }));
  rows.push_back(
      make_row<F>("issues", {ValueType::kPath, "", "none"},
                  "replay: CSV file of recorded forecasts; without it the recording itself is the forecast.",
                  [](F& f, V const& v) { f.issues = v.text; }));
  rows.push_back(make_row<F>(
      "start", {ValueType::kInstant, "", "beginning"},
      "replay: recorded time that is played when the daemon starts, e.g. 2020-06-10T04:00:00Z.",
      [](F& f, V const& v) { f.start = v.unset ? std::nullopt : std::optional(core::from_ms(v.integer)); }));
  rows.push_back(make_row<F>("speed", {ValueType::kRatio, "1", "", "0.001", "100000"},
                             "replay: recorded time per real time; 1800 plays an hour in two seconds.",
                             [](F& f, V const& v) { f.speed = v.ratio; }));
  rows.push_back(make_row<F>("loop", {ValueType::kBool, "false"}, "replay: begin again at the end.",
                             [](F& f, V const& v) { f.loop = v.flag; }));
  rows.push_back(make_row<F>("base_url", {ValueType::kText, "", "public"},
                             "neso: another address of the service, e.g. a proxy.",
                             [](F& f, V const& v) { f.base_url = v.text; }));
  rows.push_back(make_row<F>("ca_file", {ValueType::kPath, "", "system"},
                             "neso: certificates to trust instead of the system's.",
                             [](F& f, V const& v) { f.ca_file = v.text; }));
  return rows;
}

}  // namespace

std::vector<Row<FeedSettings>> const& feed_rows() {
  static auto const& rows = *new auto(make_feed_rows());
  return rows;
}

}  // namespace greenq::app
