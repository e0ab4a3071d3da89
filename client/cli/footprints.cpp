#include "client/cli/footprints.hpp"

#include "client/cli/format.hpp"
#include "client/cli/selectors.hpp"

namespace greenq::client {

Result<v1::Footprint> get_footprint(Context& context, std::string const& job) {
  auto& connection = context.connection();
  v1::GetFootprintRequest request;
  request.set_name(job);
  auto response = connection.call<v1::GetFootprintResponse>(
      connection.footprints(), &v1::FootprintService::Stub::GetFootprint, request);
  if (!response) return tl::unexpected<Failure>(response.error());
  return std::move(*response->mutable_footprint());
}

Result<std::unordered_map<std::string, v1::Footprint>> list_footprints(Context& context,
                                                                       FootprintQuery const& query,
                                                                       std::size_t limit) {
  auto& connection = context.connection();
  v1::ListFootprintsRequest request;
  request.set_parent(parent_of(query.project));
  request.set_owner(query.owner);
  request.set_page_size(1000);
  if (query.after) *request.mutable_ended_after() = timestamp(*query.after);
  if (query.before) *request.mutable_ended_before() = timestamp(*query.before);
  std::unordered_map<std::string, v1::Footprint> footprints;
  while (true) {
    auto page = connection.call<v1::ListFootprintsResponse>(
        connection.footprints(), &v1::FootprintService::Stub::ListFootprints, request);
    if (!page) return tl::unexpected<Failure>(page.error());
    for (auto& footprint : *page->mutable_footprints()) {
      auto name = footprint.job();
      footprints.emplace(std::move(name), std::move(footprint));
    }
    if (page->next_page_token().empty() || footprints.size() >= limit) return footprints;
    request.set_page_token(page->next_page_token());
  }
}

}  // namespace greenq::client
