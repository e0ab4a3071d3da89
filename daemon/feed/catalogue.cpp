#include "feed/catalogue.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "feed/casdk.hpp"
#include "feed/eirgrid.hpp"
#include "feed/electricity_maps.hpp"
#include "feed/energinet.hpp"
#include "feed/energy_charts.hpp"
#include "feed/midas.hpp"
#include "feed/neso.hpp"
#include "feed/rte.hpp"
#include "feed/sgip.hpp"
#include "feed/watttime.hpp"

namespace greenq::feed {
namespace {

using core::SignalKind;

template <auto region>
bool known_to(std::string_view zone) {
  return region(zone).has_value();
}

// By its own names only: neso_region() takes postcodes too, and zones of other countries look like some.
bool known_to_neso(std::string_view zone) {
  return zone == "GB" || (zone.starts_with("GB-REG-") && neso_region(zone));
}

bool nowhere(std::string_view) {
  return false;  // only by `region`, which the site or its account knows
}

// Ids as Electricity Maps uses them. Names for people.
constexpr std::array<std::pair<char const*, char const*>, 70> kZones{{
    {"US-CAL-CISO", "California ISO"},
    {"US-CAL-LDWP", "Los Angeles Department of Water and Power"},
    {"US-CAL-BANC", "Balancing Authority of Northern California"},
    {"US-CAL-IID", "Imperial Irrigation District"},
    {"US-CAL-TIDC", "Turlock Irrigation District"},
    {"US-NW-PACW", "PacifiCorp West"},
    {"US-NW-NEVP", "Nevada Power"},
    {"US-SW-WALC", "Western Area Lower Colorado"},
    {"GB", "Great Britain"},
    {"GB-REG-1", "North Scotland"},
    {"GB-REG-2", "South Scotland"},
    {"GB-REG-3", "North West England"},
    {"GB-REG-4", "North East England"},
    {"GB-REG-5", "Yorkshire"},
    {"GB-REG-6", "North Wales and Merseyside"},
    {"GB-REG-7", "South Wales"},
    {"GB-REG-8", "West Midlands"},
    {"GB-REG-9", "East Midlands"},
    {"GB-REG-10", "East England"},
    {"GB-REG-11", "South West England"},
    {"GB-REG-12", "South England"},
    {"GB-REG-13", "London"},
    {"GB-REG-14", "South East England"},
    {"GB-REG-15", "England"},
    {"GB-REG-16", "Scotland"},
    {"GB-REG-17", "Wales"},
    {"AL", "Albania"},
    {"AM", "Armenia"},
    {"AZ", "Azerbaijan"},
    {"BY", "Belarus"},
    {"MT", "Malta"},
    {"UA", "Ukraine"},
    {"AT", "Austria"},
    {"BA", "Bosnia and Herzegovina"},
    {"BE", "Belgium"},
    {"BG", "Bulgaria"},
    {"CH", "Switzerland"},
    {"CY", "Cyprus"},
    {"CZ", "Czechia"},
    {"DE", "Germany"},
    {"DK", "Denmark"},
    {"DK-DK1", "West Denmark"},
    {"DK-DK2", "East Denmark"},
    {"EE", "Estonia"},
    {"ES", "Spain"},
    {"FI", "Finland"},
    {"FR", "France"},
    {"GE", "Georgia"},
    {"GR", "Greece"},
    {"HR", "Croatia"},
    {"HU", "Hungary"},
    {"IE", "Ireland"},
    {"GB-NIR", "Northern Ireland"},
    {"IT", "Italy"},
    {"LT", "Lithuania"},
    {"LU", "Luxembourg"},
    {"LV", "Latvia"},
    {"MD", "Moldova"},
    {"ME", "Montenegro"},
    {"MK", "North Macedonia"},
    {"NL", "Netherlands"},
    {"NO", "Norway"},
    {"PL", "Poland"},
    {"PT", "Portugal"},
    {"RO", "Romania"},
    {"RS", "Serbia"},
    {"SE", "Sweden"},
    {"SI", "Slovenia"},
    {"SK", "Slovakia"},
    {"XK", "Kosovo"},
}};

}  // namespace

std::vector<CatalogueEntry> const& catalogue() {
  static std::vector<CatalogueEntry> const all{
      {"watttime", kWattTimeBaseUrl, SignalKind::kMarginal, true, nowhere, watttime_provider},
      {"sgip", kSgipBaseUrl, SignalKind::kMarginal, true, known_to<sgip_ba>, sgip_provider},
      {"midas", kMidasBaseUrl, SignalKind::kMarginal, false, known_to<sgip_ba>, midas_provider},
      {"electricity_maps", kElectricityMapsBaseUrl, SignalKind::kAverage, true,
       known_to<electricity_maps_region>, electricity_maps_provider},
      {"neso", kNesoBaseUrl, SignalKind::kAverage, false, known_to_neso, neso_provider},
      {"energinet", kEnerginetBaseUrl, SignalKind::kAverage, false, known_to<energinet_region>,
       energinet_provider},
      {"energy_charts", kEnergyChartsBaseUrl, SignalKind::kAverage, false, known_to<energy_charts_region>,
       energy_charts_provider},
      {"rte", kRteBaseUrl, SignalKind::kAverage, false, known_to<rte_region>, rte_provider},
      {"eirgrid", kEirgridBaseUrl, SignalKind::kAverage, false, known_to<eirgrid_region>, eirgrid_provider},
      {"casdk", "", SignalKind::kAverage, true, nowhere, casdk_provider},
  };
  return all;
}

CatalogueEntry const* find_provider(std::string_view name) {
  auto const& all = catalogue();
  auto const found =
      std::find_if(all.begin(), all.end(), [&](auto const& entry) { return entry.provider == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> auto_providers(std::string_view zone) {
  std::vector<std::string> out;
  for (CatalogueEntry const& entry : catalogue()) {
    if (!entry.needs_account && entry.covers(zone)) out.emplace_back(entry.provider);
  }
  return out;
}

std::vector<LiveZone> live_zones() {
  std::vector<LiveZone> out;
  for (auto const& [id, name] : kZones) {
    LiveZone zone{id, name};
    for (std::string const& provider : auto_providers(id)) {
      (find_provider(provider)->kind == SignalKind::kMarginal ? zone.marginal : zone.average) = true;
    }
    if (zone.marginal || zone.average) out.push_back(std::move(zone));
  }
  std::sort(out.begin(), out.end(), [](LiveZone const& a, LiveZone const& b) { return a.id < b.id; });
  return out;
}

}  // namespace greenq::feed
