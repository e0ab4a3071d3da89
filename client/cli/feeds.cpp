#include "client/cli/feeds.hpp"

namespace greenq::client {

Result<std::vector<v1::Feed>> list_feeds(Context& context, Milliseconds timeout) {
  auto& connection = context.connection();
  v1::ListFeedsRequest request;
  request.set_page_size(1000);
  auto const page = connection.call<v1::ListFeedsResponse>(
      connection.carbon(), &v1::CarbonService::Stub::ListFeeds, request, timeout);
  if (!page) return tl::unexpected<Failure>(page.error());
  return std::vector<v1::Feed>(page->feeds().begin(), page->feeds().end());
}

std::string feed_state_text(v1::FeedState state) {
  switch (state) {
    case v1::FEED_STATE_FRESH:
      return "fresh";
    case v1::FEED_STATE_STALE:
      return "stale";
    case v1::FEED_STATE_DEAD:
      return "dead";
    default:
      return "not asked yet";
  }
}

}  // namespace greenq::client
