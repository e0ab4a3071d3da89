// greenq zones: the grid zones this daemon knows, and where their signals come from.
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/feeds.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"

namespace greenq::client {
namespace {

Result<std::vector<v1::Zone>> list_zones(Context& context) {
  auto& connection = context.connection();
  std::vector<v1::Zone> zones;
  v1::ListZonesRequest request;
  request.set_page_size(1000);
  while (true) {
    auto const page = connection.call<v1::ListZonesResponse>(connection.carbon(),
                                                             &v1::CarbonService::Stub::ListZones, request);
    if (!page) return tl::unexpected<Failure>(page.error());
    zones.insert(zones.end(), page->zones().begin(), page->zones().end());
    if (page->next_page_token().empty()) return zones;
    request.set_page_token(page->next_page_token());
  }
}

std::string zone_id(v1::Zone const& zone) {
  return zone.name().substr(zone.name().find('/') + 1);
}

std::vector<v1::Feed> feeds_of(v1::Zone const& zone, std::vector<v1::Feed> const& feeds) {
  std::vector<v1::Feed> found;
  for (auto const& feed : feeds) {
    if (feed.source().zone() == zone_id(zone)) found.push_back(feed);
  }
  return found;
}

std::string typical_days(v1::Zone const& zone) {
  std::string text;
  for (int i = 0; i < zone.profile_kinds_size(); ++i)
    text += (i > 0 ? ", " : "") + kind_text(zone.profile_kinds(i));
  return text.empty() ? "-" : text;
}

std::string feeds_text(std::vector<v1::Feed> const& feeds) {
  std::string text;
  for (auto const& feed : feeds) {
    text += (text.empty() ? "" : "; ") + kind_text(feed.source().kind()) + " from " +
            safe(feed.source().provider()) + " (" + feed_state_text(feed.state()) + ')';
  }
  return text.empty() ? "-" : text;
}

std::string json_of(v1::Zone const& zone, std::vector<v1::Feed> const& feeds) {
  std::string list;
  for (auto const& feed : feeds) list += (list.empty() ? "" : ",") + to_json(feed);
  return "{\"zone\":" + to_json(zone) + ",\"feeds\":[" + list + "]}";
}

Result<int> zones(Context& context, bool no_header) {
  auto const list = list_zones(context);
  if (!list) return tl::unexpected<Failure>(list.error());
  if (context.parsable()) {
    for (auto const& zone : *list) context.out() << safe(zone_id(zone)) << '\n';
    return 0;
  }
  auto const feeds = list_feeds(context, kCallTimeout);
  if (!feeds) return tl::unexpected<Failure>(feeds.error());
  Table table({{"ZONE"}, {"NAME"}, {"TYPICAL DAY"}, {"FEED"}});
  bool site = false;
  for (auto const& zone : *list) {
    auto const of_zone = feeds_of(zone, *feeds);
    if (context.json()) context.out() << json_of(zone, of_zone) << '\n';
    auto const id = zone_id(zone);
    table.add({safe(id) + (zone.site() ? " *" : ""),
               zone.display_name() == id ? "-" : safe(zone.display_name()), typical_days(zone),
               feeds_text(of_zone)});
    site = site || zone.site();
  }
  if (context.json()) return 0;
  context.out() << table.text(!no_header, context.style());
  context.out() << (site ? "* is the zone of this machine. "
                         : "This machine has no zone; see site.zone in greenqd.yaml. ")
                << "Only feeds and typical days of that zone move and price jobs.\n";
  return 0;
}

}  // namespace

void add_zones(Cli& cli) {
  auto const no_header = std::make_shared<bool>(false);
  auto* const command = cli.add(
      "zones", "List the grid zones that are known, their signals and feeds (JSON Lines with -o json)",
      [no_header](Context& context) { return zones(context, *no_header); }, {.json = true, .ids = true});
  command->add_flag("-n,--no-header", *no_header, "No line of titles");
}

}  // namespace greenq::client
