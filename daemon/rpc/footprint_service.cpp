#include "greenq/v1/footprint_service.grpc.pb.h"
#include "rpc/call.hpp"
#include "rpc/carbon_mapping.hpp"
#include "rpc/paging.hpp"
#include "rpc/savings_mapping.hpp"
#include "rpc/services.hpp"
#include "rpc/time_mapping.hpp"

namespace greenq::rpc {
namespace {

template <class Request>
core::Result<app::FootprintQuery> read_query(Request const& request) {
  app::FootprintQuery query;
  auto project = parse_query_parent(request.parent());
  if (!project) return tl::unexpected(project.error());
  query.project = std::move(*project);
  query.owner = request.owner();
  if (request.has_ended_after()) {
    query.ended_after = to_instant(request.ended_after());
    if (!query.ended_after) {
      return tl::unexpected(invalid_field("ended_after", "must be a time in the years 1 to 9999."));
    }
  }
  if (request.has_ended_before()) {
    query.ended_before = to_instant(request.ended_before());
    if (!query.ended_before) {
      return tl::unexpected(invalid_field("ended_before", "must be a time in the years 1 to 9999."));
    }
  }
  return query;
}

void get_footprint(CallPtr<v1::GetFootprintResponse> const& call, v1::GetFootprintRequest const& request) {
  auto const name = parse_job_name(request.name());
  if (failed(call, name)) return;
  call->context().parts.reads->footprint(name->id, [call, wanted = *name, text = request.name()](
                                                       core::Result<app::JobFootprint> found) {
    bool const missing = !found && found.error().code == core::ErrorCode::kNotFound;
    bool const elsewhere = found && !wanted.project.empty() && wanted.project != found->job.spec->project;
    if (missing || elsewhere) return call->fail(job_not_found(text));
    if (failed(call, found)) return;
    call->answer([&](v1::GetFootprintResponse& response) {
      footprint_to_wire(*found, call->context().parts.engine->view()->site, *response.mutable_footprint());
    });
  });
}

void list_footprints(CallPtr<v1::ListFootprintsResponse> const& call,
                     v1::ListFootprintsRequest const& request) {
  auto const page = read_ledger_page(request, rule_of(call->rpc()).method);
  if (failed(call, page)) return;
  auto query = read_query(request);
  if (failed(call, query)) return;
  query->before_id = page->cursor;
  query->limit = page->size + 1;
  call->context().parts.reads->list_footprints(
      std::move(*query), [call, page = *page](core::Result<std::vector<app::JobFootprint>> found) {
        if (failed(call, found)) return;
        auto const site = call->context().parts.engine->view()->site;
        call->answer([&](v1::ListFootprintsResponse& response) {
          bool const more = found->size() > static_cast<std::size_t>(page.size);
          if (more) found->resize(static_cast<std::size_t>(page.size));
          for (auto const& footprint : *found) footprint_to_wire(footprint, site, *response.add_footprints());
          if (more) response.set_next_page_token(make_page_token(found->back().job.id, page.filter_hash));
        });
      });
}

core::Result<std::vector<app::GroupKey>> read_keys(v1::AggregateFootprintsRequest const& request) {
  std::vector<app::GroupKey> keys;
  for (int const key : request.group_by()) {
    switch (key) {
      case v1::AggregateFootprintsRequest::GROUP_BY_USER:
        keys.push_back(app::GroupKey::kUser);
        break;
      case v1::AggregateFootprintsRequest::GROUP_BY_PROJECT:
        keys.push_back(app::GroupKey::kProject);
        break;
      case v1::AggregateFootprintsRequest::GROUP_BY_DAY:
        keys.push_back(app::GroupKey::kDay);
        break;
      case v1::AggregateFootprintsRequest::GROUP_BY_DISPLAY_NAME:
        keys.push_back(app::GroupKey::kName);
        break;
      default:
        return tl::unexpected(
            invalid_field("group_by", "holds the unknown value " + std::to_string(key) + "."));
    }
    if (std::ranges::count(keys, keys.back()) > 1) {
      return tl::unexpected(invalid_field("group_by", "must not name a key twice."));
    }
  }
  if (keys.empty()) return tl::unexpected(invalid_field("group_by", "must name at least one key."));
  return keys;
}

void aggregate(CallPtr<v1::AggregateFootprintsResponse> const& call,
               v1::AggregateFootprintsRequest const& request) {
  auto const page = read_page(request, rule_of(call->rpc()).method);
  if (failed(call, page)) return;
  auto query = read_query(request);
  if (failed(call, query)) return;
  auto keys = read_keys(request);
  if (failed(call, keys)) return;
  call->context().parts.reads->aggregate(
      std::move(*query), std::move(*keys),
      [call, page = *page](core::Result<std::vector<app::FootprintGroup>> found) {
        if (failed(call, found)) return;
        auto const site = call->context().parts.engine->view()->site;
        call->answer([&](v1::AggregateFootprintsResponse& response) {
          response.set_next_page_token(page_through(page, found->size(), [&](std::size_t i) {
            group_to_wire((*found)[i], site, *response.add_groups());
          }));
        });
      });
}

core::Result<app::SavingsQuery> read_savings_query(v1::GetSavingsRequest const& request,
                                                   app::View const& view, core::Instant now) {
  constexpr core::Span kDefaultPeriod = std::chrono::hours{24 * 30};
  auto filter = read_query(request);
  if (!filter) return tl::unexpected(filter.error());
  app::SavingsQuery query{std::move(filter->project), std::move(filter->owner), {}, view.capacity, now};
  query.ended.end = std::min(filter->ended_before.value_or(now), now);
  query.ended.begin = filter->ended_after.value_or(query.ended.end - kDefaultPeriod);
  if (query.ended.empty())
    return tl::unexpected(invalid_field("ended_after", "must be before `ended_before` and before now."));
  return query;
}

void get_savings(CallPtr<v1::GetSavingsResponse> const& call, v1::GetSavingsRequest const& request) {
  auto const view = call->context().parts.engine->view();
  auto query = read_savings_query(request, *view, call->context().now());
  if (failed(call, query)) return;
  call->context().parts.reads->savings(std::move(*query), [call, view](core::Result<core::Savings> found) {
    if (failed(call, found)) return;
    call->answer([&](v1::GetSavingsResponse& response) {
      savings_to_wire(*found, view->site, view->capacity, *response.mutable_savings());
    });
  });
}

class FootprintServiceImpl final : public v1::FootprintService::CallbackService {
 public:
  explicit FootprintServiceImpl(ContextPtr context) : context_(std::move(context)) {}

  grpc::ServerUnaryReactor* GetFootprint(grpc::CallbackServerContext* call,
                                         v1::GetFootprintRequest const* request,
                                         v1::GetFootprintResponse* response) override {
    return handle(context_, call, response, Rpc::kGetFootprint, true,
                  [&](auto const& c) { get_footprint(c, *request); });
  }
  grpc::ServerUnaryReactor* ListFootprints(grpc::CallbackServerContext* call,
                                           v1::ListFootprintsRequest const* request,
                                           v1::ListFootprintsResponse* response) override {
    return handle(context_, call, response, Rpc::kListFootprints, true,
                  [&](auto const& c) { list_footprints(c, *request); });
  }
  grpc::ServerUnaryReactor* AggregateFootprints(grpc::CallbackServerContext* call,
                                                v1::AggregateFootprintsRequest const* request,
                                                v1::AggregateFootprintsResponse* response) override {
    return handle(context_, call, response, Rpc::kAggregateFootprints, true,
                  [&](auto const& c) { aggregate(c, *request); });
  }
  grpc::ServerUnaryReactor* GetSavings(grpc::CallbackServerContext* call,
                                       v1::GetSavingsRequest const* request,
                                       v1::GetSavingsResponse* response) override {
    return handle(context_, call, response, Rpc::kGetSavings, true,
                  [&](auto const& c) { get_savings(c, *request); });
  }

 private:
  ContextPtr context_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_footprint_service(ContextPtr context) {
  return std::make_unique<FootprintServiceImpl>(std::move(context));
}

}  // namespace greenq::rpc
