// The providers there are, the zones they know, and what `provider: auto` stands for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/carbon/signal.hpp"
#include "core/result.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

struct CatalogueEntry {
  char const* provider;
  char const* base_url;  // its public address; empty: has none
  core::SignalKind kind;
  bool needs_account;  // user, password or key
  bool (*covers)(std::string_view zone);
  core::Result<Provider> (*make)(FeedConfig const& config);
};

// Providers asked over the network, in the order of preference of `auto`: marginal before average.
std::vector<CatalogueEntry> const& catalogue();
CatalogueEntry const* find_provider(std::string_view name);
// Names of the providers that `auto` stands for in that zone: those that know it and need no account.
std::vector<std::string> auto_providers(std::string_view zone);

struct LiveZone {
  std::string id;
  std::string name;
  bool marginal = false;
  bool average = false;
};
// Zones with a provider that needs no account, ordered by id.
std::vector<LiveZone> live_zones();

}  // namespace greenq::feed
