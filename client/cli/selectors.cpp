#include "client/cli/selectors.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "client/cli/lists.hpp"

namespace greenq::client {
namespace {

constexpr std::uint64_t kMostId = std::numeric_limits<std::int64_t>::max();

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > kMostId)
    return std::nullopt;
  return value;
}

tl::unexpected<Failure> bad(std::string_view word) {
  return fail(Exit::kUsage, "USAGE",
              '"' + std::string(word.substr(0, 64)) +
                  "\" is not a job; write an id (4213), a list (3-5,9), last or all");
}

tl::unexpected<Failure> too_many() {
  return fail(Exit::kUsage, "USAGE", "more than 10000 jobs are selected; select fewer at a time");
}

// One part of a list: "4213", "3-5", "vision/4213", "projects/vision/jobs/4213".
bool add_part(std::string_view part, Selector& selector) {
  if (part.starts_with("projects/") && part.find("/jobs/") != std::string_view::npos) {
    selector.names.emplace_back(part);
    return true;
  }
  if (auto const slash = part.find('/'); slash != std::string_view::npos) {
    if (slash == 0 || !number(part.substr(slash + 1))) return false;
    selector.names.push_back(parent_of(part.substr(0, slash)) + "/jobs/" +
                             std::string(part.substr(slash + 1)));
    return true;
  }
  auto const dash = part.find('-');
  auto const first = number(part.substr(0, dash));
  auto const last = dash == std::string_view::npos ? first : number(part.substr(dash + 1));
  if (!first || !last || *last < *first || *last - *first >= kMaxSelected) return false;
  for (auto id = *first; id <= *last; ++id) selector.names.push_back("projects/-/jobs/" + std::to_string(id));
  return true;
}

}  // namespace

std::string parent_of(std::string_view project) {
  return "projects/" + (project.empty() ? "-" : std::string(project));
}

Result<Selector> parse_selectors(std::vector<std::string> const& words) {
  Selector selector;
  for (auto const& word : words) {
    if (word == "last") {
      selector.last = true;
      continue;
    }
    if (word == "all") {
      selector.all = true;
      continue;
    }
    for (std::string_view rest = word;;) {
      auto const comma = rest.find(',');
      if (!add_part(rest.substr(0, comma), selector)) return bad(word);
      if (selector.names.size() > kMaxSelected) return too_many();
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return selector;
}

Result<std::vector<std::string>> select(Context& context, std::vector<std::string> const& words) {
  auto selector = parse_selectors(words);
  if (!selector) return tl::unexpected<Failure>(selector.error());
  if (selector->all || selector->last) {
    JobQuery query;
    query.owner = context.env().user;
    if (selector->all) query.states = live_states();
    query.limit = selector->all ? kMaxSelected : 1;
    auto const jobs = list_jobs(context, query);
    if (!jobs) return tl::unexpected<Failure>(jobs.error());
    if (selector->last && jobs->jobs.empty())
      return fail(Exit::kNotFound, "NOT_FOUND", "you have no jobs yet");
    for (auto const& job : jobs->jobs) selector->names.push_back(job.name());
  }
  std::set<std::string> seen;
  std::vector<std::string> names;
  for (auto& name : selector->names) {
    if (seen.insert(name).second) names.push_back(std::move(name));
  }
  return names;
}

Result<std::string> select_one(Context& context, std::string const& word) {
  auto const one = [&] {
    return fail(Exit::kUsage, "USAGE",
                '"' + word.substr(0, 64) + "\" is not one job; write an id (4213) or last");
  };
  if (word == "all") return one();
  auto names = select(context, {word});
  if (!names) return tl::unexpected<Failure>(names.error());
  if (names->size() != 1) return one();
  return names->front();
}

}  // namespace greenq::client
