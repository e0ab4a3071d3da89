#include "app/settings_table.hpp"

namespace greenq::app {
namespace {

core::SignalKind signal_kind(std::string const& text) {
  if (text == "marginal") return core::SignalKind::kMarginal;
  return text == "average" ? core::SignalKind::kAverage : core::SignalKind::kRelative;
}

using F = FeedSettings;
using V = Value;
using Rows = std::vector<Row<FeedSettings>>;

void add_source_rows(Rows& rows) {
  rows.push_back(make_row<F>("provider",
                             {ValueType::kChoice,
                              "",
                              "",
                              "",
                              "",
                              {"auto", "watttime", "sgip", "midas", "electricity_maps", "neso",
                               "energy_charts", "energinet", "rte", "eirgrid", "casdk", "file", "replay"}},
                             "auto: all below that know the zone and need no key, marginal ones first. "
                             "Marginal: watttime (account), sgip "
                             "(account; California), midas (California). Average: electricity_maps (key), "
                             "neso (Great Britain and its "
                             "regions), energy_charts (Europe), energinet (Denmark), rte (France), eirgrid "
                             "(Ireland). casdk: a Carbon Aware "
                             "SDK of your own. file: a file whose times are real, read again when it "
                             "changes. replay: plays a recorded file "
                             "at a chosen speed.",
                             [](F& f, V const& v) { f.provider = v.text; }));
  rows.push_back(
      make_row<F>("zone", {ValueType::kText, "", "site"},
                  "Zone of the figures; site: the site's zone. Figures of other zones are kept and shown.",
                  [](F& f, V const& v) { f.zone = v.text; }));
}

void add_recording_rows(Rows& rows) {
  rows.push_back(make_row<F>("path", {ValueType::kPath},
                             "replay and file, required: file with the columns time_utc,gco2_per_kwh, or "
                             "JSON with a unit and points.",
                             [](F& f, V const& v) { f.path = v.text; }));
  rows.push_back(make_row<F>(
      "issues", {ValueType::kPath, "", "none"},
      "replay and file: CSV file of recorded forecasts; without it the recording itself is the forecast.",
      [](F& f, V const& v) { f.issues = v.text; }));
  rows.push_back(make_row<F>(
      "kind", {ValueType::kChoice, "", "recorded", "", "", {"marginal", "average", "relative"}},
      "file, replay, casdk, watttime: what the figures mean; recorded: as the file says (watttime: "
      "marginal).",
      [](F& f, V const& v) { f.kind = v.unset ? std::nullopt : std::optional(signal_kind(v.text)); }));
  rows.push_back(make_row<F>(
      "basis", {ValueType::kChoice, "", "recorded", "", "", {"direct", "lifecycle"}},
      "file, replay, electricity_maps, casdk: whether upstream emissions are included; recorded: as the file "
      "says (electricity_maps: lifecycle; casdk: not known).",
      [](F& f, V const& v) {
        auto const basis = v.text == "direct" ? core::SignalBasis::kDirect : core::SignalBasis::kLifecycle;
        f.basis = v.unset ? std::nullopt : std::optional(basis);
      }));
  rows.push_back(make_row<F>(
      "start", {ValueType::kInstant, "", "beginning"},
      "replay: recorded time that is played first, e.g. 2020-07-13T01:00:00Z.",
      [](F& f, V const& v) { f.start = v.unset ? std::nullopt : std::optional(core::from_ms(v.integer)); }));
  rows.push_back(make_row<F>("speed", {ValueType::kInteger, "1", "", "1", "100000"},
                             "replay: recorded time per real time; 1800 plays an hour in two seconds.",
                             [](F& f, V const& v) { f.speed = v.integer; }));
  rows.push_back(make_row<F>("loop", {ValueType::kBool, "false"}, "replay: begin again at the end.",
                             [](F& f, V const& v) { f.loop = v.flag; }));
  rows.push_back(make_row<F>(
      "anchor", {ValueType::kInstant, "", "daemon-start"},
      "replay: real time at which `start` plays, so that a restarted daemon goes on where it was.",
      [](F& f, V const& v) { f.anchor = v.unset ? std::nullopt : std::optional(core::from_ms(v.integer)); }));
}

void add_network_rows(Rows& rows) {
  rows.push_back(make_row<F>(
      "region", {ValueType::kText, "", "known"},
      "The provider's own name of the zone, e.g. CAISO_NORTH, which WattTime needs; known: what GreenQ "
      "knows it to be called there, else the zone's own name.",
      [](F& f, V const& v) { f.region = v.text; }));
  rows.push_back(make_row<F>("user", {ValueType::kText, "", "none"}, "watttime, sgip: name of the account.",
                             [](F& f, V const& v) { f.user = v.text; }));
  rows.push_back(
      make_row<F>("secret_file", {ValueType::kText, "", "none"},
                  "watttime, sgip: file with the password. electricity_maps: file with the key. Only its "
                  "owner may read it (chmod 600); a bare name is looked up in $CREDENTIALS_DIRECTORY.",
                  [](F& f, V const& v) { f.secret_file = v.text; }));
  rows.push_back(make_row<F>("base_url", {ValueType::kText, "", "public"},
                             "Another address of the service; casdk: required.",
                             [](F& f, V const& v) { f.base_url = v.text; }));
  rows.push_back(make_row<F>("ca_file", {ValueType::kPath, "", "system"},
                             "Certificates to trust besides the system's.",
                             [](F& f, V const& v) { f.ca_file = v.text; }));
  rows.push_back(
      make_row<F>("proxy", {ValueType::kText, "", "environment"},
                  "Proxy to connect through, http://host:port; environment: as HTTPS_PROXY and NO_PROXY "
                  "say; none: no proxy.",
                  [](F& f, V const& v) { f.proxy = v.text; }));
}

Rows make_feed_rows() {
  Rows rows;
  add_source_rows(rows);
  add_recording_rows(rows);
  add_network_rows(rows);
  return rows;
}

}  // namespace

std::vector<Row<FeedSettings>> const& feed_rows() {
  static auto const& rows = *new auto(make_feed_rows());
  return rows;
}

}  // namespace greenq::app
