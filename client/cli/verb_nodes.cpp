// greenq nodes
#include <fmt/format.h>

#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/nodes.hpp"

namespace greenq::client {
namespace {

int used_gpus(v1::Node const& node) {
  int used = 0;
  for (auto const& gpu : node.gpus()) used += gpu.job().empty() ? 0 : 1;
  return used;
}

Result<int> nodes(Context& context, bool no_header) {
  auto const list = list_nodes(context, kCallTimeout);
  if (!list) return tl::unexpected<Failure>(list.error());
  using Align = Table::Align;
  Table table({{"NODE"},
               {"ZONE"},
               {"CPU USED", Align::kRight},
               {"MEMORY USED", Align::kRight},
               {"GPU USED", Align::kRight},
               {"JOBS", Align::kRight}});
  Table gpus({{"GPU"}, {"MODEL"}, {"MEMORY", Align::kRight}, {"JOB"}});
  for (auto const& node : *list) {
    auto const name = safe(node.name().substr(node.name().find('/') + 1));
    if (context.json()) context.out() << to_json(node) << '\n';
    if (context.parsable()) context.out() << name << '\n';
    table.add({name, node.zone().empty() ? "not set" : safe(node.zone()),
               fmt::format("{}/{}", node.cpus_used(), node.cpus()),
               bytes_text(node.memory_used_bytes()) + "/" + bytes_text(node.memory_bytes()),
               fmt::format("{}/{}", used_gpus(node), node.gpus_size()), std::to_string(node.running_jobs())});
    for (auto const& gpu : node.gpus()) {
      auto const job = gpu.job().empty() ? std::string("free") : gpu.job();
      gpus.add({safe(gpu.uuid()), safe(gpu.model()), bytes_text(gpu.memory_bytes()),
                safe(job.starts_with("projects/") ? short_id(job) : job)});
    }
  }
  if (!context.for_people()) return 0;
  context.out() << table.text(!no_header, context.style());
  if (!gpus.empty()) context.out() << '\n' << gpus.text(!no_header, context.style());
  return 0;
}

}  // namespace

Result<std::vector<v1::Node>> list_nodes(Context& context, Milliseconds timeout) {
  auto& connection = context.connection();
  std::vector<v1::Node> nodes;
  v1::ListNodesRequest request;
  request.set_page_size(1000);
  while (true) {
    auto const page = connection.call<v1::ListNodesResponse>(
        connection.nodes(), &v1::NodeService::Stub::ListNodes, request, timeout);
    if (!page) return tl::unexpected<Failure>(page.error());
    nodes.insert(nodes.end(), page->nodes().begin(), page->nodes().end());
    if (page->next_page_token().empty()) return nodes;
    request.set_page_token(page->next_page_token());
  }
}

void add_nodes(Cli& cli) {
  auto const no_header = std::make_shared<bool>(false);
  auto* const command = cli.add("nodes", "List machines, what they have and what is in use",
                                [no_header](Context& context) { return nodes(context, *no_header); },
                                {.json = true, .ids = true});
  command->add_flag("-n,--no-header", *no_header, "No line of titles");
}

}  // namespace greenq::client
