#include "feed/catalogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "app/settings_table.hpp"
#include "feed/feed.hpp"
#include "feed/profiles.hpp"

namespace greenq::feed {
namespace {

using core::SignalKind;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Catalogue, MarginalComesBeforeAverage) {
  bool average = false;
  for (CatalogueEntry const& entry : catalogue()) {
    if (std::string(entry.provider) == "casdk") continue;  // of no kind of its own
    EXPECT_FALSE(average && entry.kind == SignalKind::kMarginal) << entry.provider;
    average = average || entry.kind == SignalKind::kAverage;
  }
}

// The settings list the providers, too; one of them could be added alone.
TEST(Catalogue, SettingsOfferTheSameProviders) {
  std::set<std::string> known{"auto", "file", "replay"};
  for (CatalogueEntry const& entry : catalogue()) known.insert(entry.provider);
  std::set<std::string> offered;
  for (auto const& row : app::feed_rows()) {
    if (row.key == "provider") offered.insert(row.shape.choices.begin(), row.shape.choices.end());
  }
  EXPECT_EQ(offered, known);
}

TEST(Catalogue, AutoAsksWhoKnowsTheZoneAndNeedsNoAccount) {
  EXPECT_THAT(auto_providers("US-CAL-CISO"), ElementsAre("midas"));
  EXPECT_THAT(auto_providers("GB"), ElementsAre("neso", "energy_charts"));
  EXPECT_THAT(auto_providers("GB-REG-13"), ElementsAre("neso"));
  EXPECT_THAT(auto_providers("GB-NIR"), ElementsAre("eirgrid"));
  EXPECT_THAT(auto_providers("IE"), ElementsAre("energy_charts", "eirgrid"));
  EXPECT_THAT(auto_providers("FR"), ElementsAre("energy_charts", "rte"));
  EXPECT_THAT(auto_providers("DK-DK1"), ElementsAre("energinet"));
  EXPECT_THAT(auto_providers("DE"), ElementsAre("energy_charts"));
}

TEST(Catalogue, NobodyAnswersForZonesThatOnlyLookKnown) {
  // The first three look like British postcodes.
  for (char const* zone :
       {"SE4", "DK1", "E1", "GB-REG-18", "GB-REG-0", "GB-", "US-TEX-ERCO", "de", "London", "ZZ", ""}) {
    EXPECT_THAT(auto_providers(zone), IsEmpty()) << zone;
  }
}

TEST(Catalogue, FindsByName) {
  EXPECT_STREQ(find_provider("midas")->provider, "midas");
  EXPECT_EQ(find_provider("crystal ball"), nullptr);
  EXPECT_EQ(find_provider("auto"), nullptr);
  EXPECT_EQ(find_provider("replay"), nullptr);
}

TEST(Catalogue, AddressesArePublicAndSafe) {
  for (CatalogueEntry const& entry : catalogue()) {
    std::string const url = entry.base_url;
    EXPECT_TRUE(url.empty() || url.starts_with("https://")) << entry.provider;
    EXPECT_FALSE(url.ends_with('/')) << entry.provider;
  }
}

TEST(LiveZones, EachHasAProviderThatTakesIt) {
  auto const zones = live_zones();
  EXPECT_EQ(zones.size(), 70U);
  EXPECT_TRUE(
      std::is_sorted(zones.begin(), zones.end(), [](auto const& a, auto const& b) { return a.id < b.id; }));
  for (LiveZone const& zone : zones) {
    EXPECT_FALSE(zone.name.empty());
    bool marginal = false;
    bool average = false;
    for (std::string const& name : auto_providers(zone.id)) {
      FeedConfig config;
      config.provider = name;
      config.zone = zone.id;
      auto const provider = find_provider(name)->make(config);
      ASSERT_TRUE(provider) << zone.id << " " << name << ": " << provider.error().message;
      EXPECT_EQ(provider->source.zone, zone.id);
      (provider->source.kind == SignalKind::kMarginal ? marginal : average) = true;
    }
    EXPECT_EQ(zone.marginal, marginal) << zone.id;
    EXPECT_EQ(zone.average, average) << zone.id;
  }
}

TEST(LiveZones, ZonesWithATypicalDayHaveTheSameName) {
  for (LiveZone const& live : live_zones()) {
    for (ShippedZone const& shipped : shipped_zones()) {
      if (live.id == shipped.id) {
        EXPECT_EQ(live.name, shipped.name);
      }
    }
  }
}

}  // namespace
}  // namespace greenq::feed
