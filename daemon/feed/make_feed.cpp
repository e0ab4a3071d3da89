#include "core/check.hpp"
#include "feed/catalogue.hpp"
#include "feed/feed.hpp"
#include "feed/file.hpp"
#include "feed/replay.hpp"

namespace greenq::feed {

core::Result<std::unique_ptr<app::Feed>> make_feed(FeedConfig const& config, FeedContext context) {
  GREENQ_CHECK(context.clock != nullptr && context.inbox != nullptr && context.host != nullptr);
  GREENQ_CHECK(context.random != nullptr);
  if (config.zone.empty()) {
    return core::fail(core::ErrorCode::kInvalidArgument, "BAD_FEED",
                      "a feed needs the zone of the site; set site.zone in greenqd.yaml");
  }
  if (config.provider == "file") return make_file(config, context);
  if (config.provider == "replay") return make_replay(config, context);
  CatalogueEntry const* const entry = find_provider(config.provider);
  if (entry == nullptr) {
    return core::fail(
        core::ErrorCode::kInvalidArgument, "BAD_FEED",
        "there is no feed provider `" + config.provider + "`; see `provider` in the settings reference");
  }
  auto provider = entry->make(config);
  if (!provider) return tl::unexpected(provider.error());
  return make_polled(std::move(*provider), config.rank, std::move(context));
}

}  // namespace greenq::feed
