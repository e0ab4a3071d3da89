// greenq feeds: where intensity figures come from, how they are, and what to do about those that are not
// well.
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/feeds.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"

namespace greenq::client {
namespace {

std::string health_of(v1::Feed const& feed) {
  return feed.given_up() ? "given up" : feed_state_text(feed.state());
}

std::string moment_text(bool known, google::protobuf::Timestamp const& at, UtcTime now) {
  return known ? relative_time(instant(at), now) : "-";
}

Result<int> feeds(Context& context, bool no_header) {
  auto const list = list_feeds(context, kCallTimeout);
  if (!list) return tl::unexpected<Failure>(list.error());
  if (context.json()) {
    for (auto const& feed : *list) context.out() << to_json(feed) << '\n';
    return 0;
  }
  if (list->empty()) {
    context.out()
        << "No feed is configured, or `provider: auto` found none without an account: only typical days are "
           "known.\nAn operator adds one under `feeds:` in greenqd.yaml, e.g. `- provider: auto`, or "
           "watttime "
           "with an account, or a file;\n`greenqd feed check ZONE` shows what that would give.\n";
    return 0;
  }
  auto const now = context.now();
  Table table({{"ZONE"},
               {"KIND"},
               {"PROVIDER"},
               {"STATE"},
               {"IN USE"},
               {"LAST GOOD"},
               {"NEXT POLL"},
               {"POLLS"},
               {"REJECTED"}});
  for (auto const& feed : *list) {
    table.add({safe(feed.source().zone()), kind_text(feed.source().kind()), safe(feed.source().provider()),
               health_of(feed), feed.in_use() ? "yes" : "no",
               moment_text(feed.has_last_success_time(), feed.last_success_time(), now),
               moment_text(feed.has_next_poll_time(), feed.next_poll_time(), now),
               std::to_string(feed.polls()), std::to_string(feed.rejected_replies())});
  }
  context.out() << table.text(!no_header, context.style());
  for (auto const& feed : *list) {
    if (feed.last_error().empty()) continue;
    context.out() << safe(feed.source().provider()) << ' ' << safe(feed.source().zone()) << ": "
                  << words(feed.last_error(), now) << '\n';
  }
  return 0;
}

}  // namespace

void add_feeds(Cli& cli) {
  auto const no_header = std::make_shared<bool>(false);
  auto* const command = cli.add("feeds", "List the intensity feeds, their health and what is wrong with them",
                                [no_header](Context& context) { return feeds(context, *no_header); });
  command->add_flag("-n,--no-header", *no_header, "No line of titles");
  command->footer(
      "`greenqd feed check ZONE` asks each provider once. `greenq forecast --skill` shows how good they "
      "were.");
}

}  // namespace greenq::client
