// Servers of all providers of the catalogue: bodies in their documented shapes with figures of our own.
#pragma once

#include <algorithm>
#include <cstdio>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/carbon/utc_text.hpp"
#include "feed/catalogue.hpp"
#include "feed/eirgrid.hpp"
#include "feed/feed.hpp"

namespace greenq::test {

// One figure as it stands in the JSON text.
struct Entry {
  core::Instant begin{};
  std::string value;
};
using Entries = std::vector<Entry>;

struct ProviderDouble {
  std::string name;  // as in the catalogue
  std::string zone;
  std::string region{};
  core::SignalKind kind = core::SignalKind::kAverage;
  core::Span step{std::chrono::hours{1}};
  double unit = 1;                              // what 1 of its unit is worth in g/kWh
  core::Span before{0};                         // how long before now its main reply begins
  bool past_only = false;                       // its main reply ends before now
  std::string extra{};                          // part of the addresses of optional requests
  std::set<int> permanent{400, 404, 410, 422};  // statuses after which it is not asked again
  // The body for an address, ascending entries.
  std::function<std::string(ProviderDouble const&, std::string const& url, Entries const&, core::Instant now)>
      body{};

  bool is_login(std::string const& url) const { return url.find("/login") != std::string::npos; }
  bool is_access(std::string const& url) const { return url.find("/v3/my-access") != std::string::npos; }
  // Neither figures nor asked for in each poll.
  bool is_side(std::string const& url) const { return is_login(url) || is_access(url); }
  bool is_extra(std::string const& url) const {
    if (name == "electricity_maps") return url.find("/history?") == std::string::npos;
    if (name == "neso") return url.find("/fw48h") == std::string::npos;
    return !extra.empty() && url.find(extra) != std::string::npos;
  }

  feed::FeedConfig config(std::string const& base_url) const {
    feed::FeedConfig config;
    config.provider = name;
    config.zone = zone;
    config.region = region;
    config.base_url = base_url;
    if (name == "casdk") config.kind = kind;
    if (feed::find_provider(name)->needs_account) {
      config.user = "someone";
      config.secret = "hidden-word";
    }
    return config;
  }

  std::string value(double grams) const {
    char text[32];
    std::snprintf(text, sizeof text, "%.6f", grams / unit);
    return text;
  }
  core::Instant floor(core::Instant time) const { return time - time.time_since_epoch() % step; }
  // `count` figures around `grams`, as the address wants them: of the past, or from now on.
  Entries entries(std::string const& url, core::Instant now, std::size_t count, int grams) const {
    bool const forecast = name == "electricity_maps" && url.find("/forecast?") != std::string::npos;
    bool const past = !forecast && (past_only || is_extra(url));
    auto const length = static_cast<std::int64_t>(count);
    core::Instant const begin = past ? floor(now) - length * step : floor(now - before);
    Entries out;
    for (std::int64_t i = 0; i < length; ++i) {
      out.push_back({begin + i * step, value(grams + static_cast<int>(i % 7))});
    }
    return out;
  }
  // Enough entries for more than 12 hours.
  Entries entries(std::string const& url, core::Instant now, int grams) const {
    auto const whole = (std::chrono::hours{15} + before) / step;
    return entries(url, now, static_cast<std::size_t>(whole), grams);
  }
  // A reply of /v3/my-access.
  static std::string access(std::vector<std::string> const& regions) {
    std::string list;
    for (std::string const& region : regions) {
      list += (list.empty() ? "" : ",") + (R"({"region":")" + region) +
              R"(","region_full_name":"A place","parent":"","data_point_period_seconds":300,"endpoints":[)"
              R"({"endpoint":"v3/forecast","models":[{"model":"2025-01-01"}]}]})";
    }
    return R"({"signal_types":[{"signal_type":"co2_moer","regions":[)" + list + "]}]}";
  }
  std::string good(std::string const& url, core::Instant now, int grams) const {
    if (is_login(url)) return R"({"token":"a-token"})";
    if (is_access(url)) return access({region});
    return body(*this, url, entries(url, now, grams), now);
  }
};

namespace doubles {

// Joins what `each` makes of the entries.
template <class Each>
std::string list(Entries const& entries, Each each) {
  std::string text = "[";
  for (Entry const& entry : entries) {
    if (text.size() > 1) text += ",";
    text += each(entry);
  }
  return text + "]";
}
inline std::string quote(std::string const& text) {
  return "\"" + text + "\"";
}
inline std::string time(core::Instant at) {
  return quote(core::utc_text(at));
}
// "2026-03-01" and "10:05:00".
inline std::pair<std::string, std::string> date_and_time(core::Instant at) {
  std::string const text = core::utc_text(at);
  return {text.substr(0, 10), text.substr(11, 5) + ":00"};
}

inline std::string watttime(ProviderDouble const& self, std::string const& url, Entries const& entries,
                            core::Instant now) {
  std::string text = R"({"data":)" + list(entries, [](Entry const& e) {
                       return R"({"point_time":)" + time(e.begin) + R"(,"value":)" + e.value + "}";
                     });
  text += R"(,"meta":{"data_point_period_seconds":)" + std::to_string(self.step.count() / 1000) +
          R"(,"region":"CAISO_NORTH","signal_type":"co2_moer","units":"lbs_co2_per_mwh","warnings":[])";
  if (!self.is_extra(url)) text += R"(,"generated_at":)" + time(self.floor(now));
  return text + "}}";
}

inline std::string sgip(ProviderDouble const& self, std::string const& url, Entries const& entries,
                        core::Instant now) {
  bool const history = self.is_extra(url);
  std::string const rows = list(entries, [&](Entry const& e) {
    return R"({"point_time":)" + time(e.begin) + (history ? R"(,"freq":300,"moer":)" : R"(,"value":)") +
           e.value + R"(,"version":"2.0","ba":"SGIP_CAISO_PGE"})";
  });
  if (history) return rows;
  return R"({"generated_at":)" + time(self.floor(now)) + R"(,"forecast":)" + rows + "}";
}

inline std::string midas(ProviderDouble const&, std::string const&, Entries const& entries,
                         core::Instant now) {
  return R"({"RateID":"USCA-SGIP-MOER-SMUD","SystemTime_UTC":)" + time(now) + R"(,"ValueInformation":)" +
         list(entries,
              [](Entry const& e) {
                auto const [date, clock] = date_and_time(e.begin);
                return R"({"DateStart":)" + quote(date) + R"(,"TimeStart":)" + quote(clock) +
                       R"(,"Unit":"g/kWh CO2","Value":)" + e.value + "}";
              }) +
         "}";
}

inline std::string electricity_maps(ProviderDouble const& self, std::string const& url,
                                    Entries const& entries, core::Instant now) {
  bool const forecast = url.find("/forecast?") != std::string::npos;
  char const* const key = forecast ? "forecast" : self.is_extra(url) ? "data" : "history";
  std::string text = R"({"zone":)" + quote(self.region.empty() ? self.zone : self.region) + "," + quote(key) +
                     ":" + list(entries, [](Entry const& e) {
                       return R"({"carbonIntensity":)" + e.value + R"(,"datetime":)" + time(e.begin) + "}";
                     });
  if (forecast) text += R"(,"updatedAt":)" + time(now);
  return text + "}";
}

inline std::string neso(ProviderDouble const& self, std::string const& url, Entries const& entries,
                        core::Instant) {
  char const* const state = self.is_extra(url) ? "actual" : "forecast";
  std::string const data = list(entries, [&](Entry const& e) {
    return R"({"from":)" + time(e.begin) + R"(,"to":)" + time(e.begin + std::chrono::minutes{30}) +
           R"(,"intensity":{)" + quote(state) + ":" + e.value + "}}";
  });
  auto const part = url.find("/regionid/");
  if (part == std::string::npos) return R"({"data":)" + data + "}";
  return R"({"data":{"regionid":)" + url.substr(part + 10) + R"(,"data":)" + data + "}}";
}

inline std::string energinet(ProviderDouble const& self, std::string const& url, Entries const& entries,
                             core::Instant) {
  std::string text =
      R"({"dataset":)" + quote(self.is_extra(url) ? "CO2Emis" : "CO2EmisProg") + R"(,"records":)";
  return text +
         list(entries,
              [](Entry const& e) {
                auto const [date, clock] = date_and_time(e.begin);
                std::string const when =
                    R"({"Minutes5UTC":)" + quote(date + "T" + clock) + R"(,"CO2Emission":)" + e.value;
                return when + R"(,"PriceArea":"DK1"},)" + when + R"(,"PriceArea":"DK2"})";
              }) +
         "}";
}

inline std::string energy_charts(ProviderDouble const& self, std::string const&, Entries const& entries,
                                 core::Instant now) {
  auto const past = [&](Entry const& e) { return e.begin + self.step <= now; };
  return R"({"unix_seconds":)" +
         list(entries, [](Entry const& e) { return std::to_string(core::to_ms(e.begin) / 1000); }) +
         R"(,"co2eq":)" + list(entries, [&](Entry const& e) { return past(e) ? e.value : "null"; }) +
         R"(,"co2eq_forecast":)" + list(entries, [&](Entry const& e) { return past(e) ? "null" : e.value; }) +
         "}";
}

inline std::string rte(ProviderDouble const& self, std::string const& url, Entries entries, core::Instant) {
  std::reverse(entries.begin(), entries.end());
  std::string const rows = list(entries, [](Entry const& e) {
    return R"({"taux_co2":)" + e.value + R"(,"date_heure":)" + time(e.begin) + "}";
  });
  return self.is_extra(url) ? rows : R"({"total_count":9,"results":)" + rows + "}";
}

inline std::string eirgrid(ProviderDouble const&, std::string const&, Entries const& entries, core::Instant) {
  static constexpr char const* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return R"({"ErrorMessage":null,"Rows":)" +
         list(entries,
              [](Entry const& e) {
                bool const summer = feed::eu_summer_time(e.begin);
                auto const [date, clock] = date_and_time(e.begin + std::chrono::hours{summer ? 1 : 0});
                auto const month = static_cast<std::size_t>(std::stoi(date.substr(5, 2)) - 1);
                return R"({"EffectiveTime":)" +
                       quote(date.substr(8, 2) + "-" + kMonths[month] + "-" + date.substr(0, 4) + " " +
                             clock) +
                       R"(,"FieldName":"CO2_INTENSITY","Region":"ROI","Value":)" + e.value + "}";
              }) +
         "}";
}

inline std::string casdk(ProviderDouble const& self, std::string const& url, Entries const& entries,
                         core::Instant now) {
  if (self.is_extra(url)) {
    return list(entries, [](Entry const& e) {
      return R"({"location":"IE","time":)" + time(e.begin) + R"(,"rating":)" + e.value +
             R"(,"duration":"00:05:00"})";
    });
  }
  return R"([{"generatedAt":)" + time(self.floor(now)) + R"(,"location":"northeurope","forecastData":)" +
         list(entries,
              [](Entry const& e) {
                return R"({"location":"IE","duration":5,"timestamp":)" + time(e.begin) + R"(,"value":)" +
                       e.value + "}";
              }) +
         "}]";
}

}  // namespace doubles

// In the order of the catalogue.
inline std::vector<ProviderDouble> provider_doubles() {
  using core::SignalKind;
  using std::chrono::hours;
  using std::chrono::minutes;
  constexpr auto kMarginal = SignalKind::kMarginal;
  constexpr auto kAverage = SignalKind::kAverage;
  std::vector<ProviderDouble> all{
      {"watttime",
       "US-CAL-CISO",
       "CAISO_NORTH",
       kMarginal,
       minutes{5},
       0.45359237,
       {},
       false,
       "/v3/historical"},
      {"sgip", "US-CAL-CISO", "", kMarginal, minutes{5}, 1000, {}, false, "/sgipmoer"},
      {"midas", "US-CAL-BANC", "", kMarginal, minutes{5}, 1, hours{1}, false, "/api/historicaldata"},
      {"electricity_maps", "DE", "", kAverage, hours{1}, 1, {}, true, ""},
      {"neso", "GB", "", kAverage, minutes{30}, 1, {}, false, ""},
      {"energinet", "DK-DK1", "", kAverage, minutes{5}, 1, {}, false, "/CO2Emis?"},
      {"energy_charts", "DE", "", kAverage, minutes{15}, 1, hours{2}, false, "&start="},
      {"rte", "FR", "", kAverage, minutes{15}, 1, {}, true, "/exports/"},
      {"eirgrid", "IE", "", kAverage, minutes{15}, 1, {}, true, ""},
      {"casdk", "IE", "northeurope", kMarginal, minutes{5}, 1, {}, false, "/bylocation"},
  };
  decltype(ProviderDouble::body) const bodies[] = {
      doubles::watttime,  doubles::sgip,          doubles::midas, doubles::electricity_maps, doubles::neso,
      doubles::energinet, doubles::energy_charts, doubles::rte,   doubles::eirgrid,          doubles::casdk};
  for (std::size_t i = 0; i < all.size(); ++i) all[i].body = bodies[i];
  all[0].permanent.insert(403);
  all[1].permanent.insert(403);
  all[3].permanent.erase(404);
  return all;
}

}  // namespace greenq::test
