#include "feed/eirgrid.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/carbon/utc_text.hpp"
#include "feed/json.hpp"
#include "feed/provider_parts.hpp"
#include "feed/reply.hpp"
#include "feed/time_text.hpp"

namespace greenq::feed {
namespace {

namespace json = boost::json;
using core::Instant;
using core::Span;

constexpr Span kEirgridStep{std::chrono::minutes{15}};
constexpr Span kEirgridReach{
    std::chrono::hours{24 * 28}};  // a month in one reply is known to work, three are not
constexpr std::array<std::string_view, 12> kEirgridMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

core::SignalSource eirgrid_source(std::string zone, std::string const& region) {
  return {std::move(zone),
          core::SignalKind::kAverage,
          core::SignalBasis::kUnknown,
          "eirgrid",
          "EirGrid Smart Grid Dashboard, " + region + ", average",
          "EirGrid and SONI, Smart Grid Dashboard, https://www.smartgriddashboard.com"};
}

// "01-Mar-2026" of the local day.
std::string dublin_date(Instant time) {
  Instant const local = time + (eu_summer_time(time) ? std::chrono::hours{1} : std::chrono::hours{0});
  std::string const text = core::utc_text(local);  // 2026-03-01T…
  auto const month = static_cast<std::size_t>((text[5] - '0') * 10 + (text[6] - '0') - 1);
  return text.substr(8, 2) + "-" + std::string(kEirgridMonths[month]) + "-" + text.substr(0, 4);
}

core::Result<std::vector<Sample>> read_eirgrid_rows(json::array const& rows, std::string const& region) {
  std::vector<Sample> samples;
  std::optional<Instant> before;
  for (json::value const& row : rows) {
    auto const text = text_member(row, "EffectiveTime");
    auto const time = text ? parse_dublin_time(*text) : std::nullopt;
    if (!time) return bad_reply("an entry has no readable `EffectiveTime`");
    std::string const where = "the entry of " + *text;
    if (text_member(row, "FieldName") != "CO2_INTENSITY") return bad_reply(where + " is not a CO2 intensity");
    if (text_member(row, "Region") != region) return bad_reply(where + " is not for region " + region);
    auto const value = figure(member(row, "Value"), 1, core::SignalKind::kAverage, where);
    if (!value) return tl::unexpected(value.error());
    if (time->utc.time_since_epoch() % kEirgridStep != Span{0})
      return bad_reply(where + " is not on a quarter hour");
    if (!time->certain) continue;
    if (before && time->utc <= *before) return bad_reply(where + " is out of order or appears twice");
    before = time->utc;
    if (*value) samples.push_back({time->utc, **value});
  }
  return samples;
}

}  // namespace

std::optional<std::string> eirgrid_region(std::string_view zone) {
  if (zone == "IE") return "ROI";
  if (zone == "GB-NIR") return "NI";
  return std::nullopt;
}

bool eu_summer_time(Instant time) {
  using namespace std::chrono;
  auto const year = year_month_day{floor<days>(time)}.year();
  Instant const begin = sys_days{year / March / Sunday[last]} + hours{1};
  Instant const end = sys_days{year / October / Sunday[last]} + hours{1};
  return begin <= time && time < end;
}

std::optional<DublinTime> parse_dublin_time(std::string_view text) {
  if (text.size() != 20 || text[2] != '-' || text[6] != '-' || text[11] != ' ') return std::nullopt;
  auto const month = std::find(kEirgridMonths.begin(), kEirgridMonths.end(), text.substr(3, 3));
  if (month == kEirgridMonths.end()) return std::nullopt;
  std::string const number = std::to_string(month - kEirgridMonths.begin() + 101).substr(1);
  std::string iso(text.substr(7, 4));
  iso.append("-")
      .append(number)
      .append("-")
      .append(text.substr(0, 2))
      .append("T")
      .append(text.substr(12))
      .append("Z");
  auto const local = parse_time(iso);
  if (!local) return std::nullopt;
  Instant const in_summer = *local - std::chrono::hours{1};
  bool const summer = eu_summer_time(in_summer);
  bool const winter = !eu_summer_time(*local);
  return DublinTime{summer ? in_summer : *local, summer != winter};
}

std::vector<Ask> eirgrid_asks(std::string const& base_url, std::string const& region,
                              PollMoment const& moment) {
  Instant const from = std::clamp(moment.known_until, moment.now - kEirgridReach, moment.now - kEirgridStep);
  return {{base_url + "/api/chart/?region=" + region + "&chartType=co2&dateRange=day&dateFrom=" +
           dublin_date(from) + "&dateTo=" + dublin_date(moment.now) + "&areas=co2intensity"}};
}

core::Result<core::Signal> read_eirgrid(std::vector<std::string> const& bodies, std::string const& zone,
                                        std::string const& region, Instant now) {
  if (bodies.empty()) return no_data("there is no reply");
  auto const reply = object_of(bodies.front());
  if (!reply) return tl::unexpected(reply.error());
  json::value const* error = member(*reply, "ErrorMessage");
  if (error != nullptr && !error->is_null() && text_member(*reply, "ErrorMessage") != "") {
    return no_data(printable(text_member(*reply, "ErrorMessage").value_or("an error")));
  }
  if (member(*reply, "Rows") == nullptr) return no_data("`Rows` is absent");
  json::array const* rows = array_member(*reply, "Rows");
  if (rows == nullptr) return bad_reply("`Rows` is not a list");
  auto const samples = read_eirgrid_rows(*rows, region);
  if (!samples) return tl::unexpected(samples.error());
  auto points = lay_out(*samples, kEirgridStep, now);
  if (!points) return tl::unexpected(points.error());
  std::erase_if(*points, [](auto const& point) { return point.state != core::PointState::kActual; });
  if (points->empty()) return no_data("no entry of the past has a figure");
  core::Signal signal;
  signal.source = eirgrid_source(zone, region);
  signal.issued_at = now;
  signal.received_at = now;
  signal.points = std::move(*points);
  return signal;
}

core::Result<Provider> eirgrid_provider(FeedConfig const& config) {
  if (auto const problem = not_average(config)) return bad_feed(*problem);
  auto const region = config.region.empty() ? eirgrid_region(config.zone) : std::optional(config.region);
  if (region != "ROI" && region != "NI" && region != "ALL") {
    return bad_feed("eirgrid covers zones IE and GB-NIR, not " + config.zone +
                    "; set `region` to ROI, NI or ALL, or choose another provider");
  }
  Provider provider = provider_of(eirgrid_source(config.zone, *region), config);
  std::string const base = base_url_of(config, kEirgridBaseUrl);
  provider.asks = [base, region = *region](PollMoment const& moment) {
    return eirgrid_asks(base, region, moment);
  };
  provider.read = [zone = config.zone, region = *region](auto const& bodies, Instant now) {
    return read_eirgrid(bodies, zone, region, now);
  };
  provider.refused = [](int status, std::string const&) -> std::optional<Refusal> {
    if (status != 400 && status != 404 && status != 410) return std::nullopt;
    return Refusal{
        "the Smart Grid Dashboard does not answer at this address any more; set `base_url` if it moved, or "
        "choose another provider",
        true};
  };
  provider.poll.interval = std::chrono::minutes{15};
  provider.poll.jitter = std::chrono::minutes{2};
  return provider;
}

}  // namespace greenq::feed
