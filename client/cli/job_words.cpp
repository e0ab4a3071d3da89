#include "client/cli/job_words.hpp"

#include <algorithm>

#include "client/cli/job_reference.hpp"

namespace greenq::client {

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool is_variable_name(std::string_view text) {
  auto const letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && text.size() <= 256 && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text.substr(0, 64)) + '"';
}

bool check_dependencies(config::Node const& list, config::Problems& problems) {
  using Kind = config::Node::Kind;
  bool good = true;
  auto const expect = [&](config::Node const& node, Kind kind, std::string const& path) {
    if (node.is(kind)) return;
    good = false;
    problems.add(node.mark, node.width, path,
                 std::string("must be ") + (kind == Kind::kMap ? "a map" : "a list of maps") + ", not " +
                     to_string(node.kind) + "; " + std::string(kDependencyExample));
  };
  expect(list, Kind::kSequence, "depends_on");
  for (std::size_t i = 0; good && i < list.children.size(); ++i) {
    expect(list.children[i], Kind::kMap, "depends_on[" + std::to_string(i) + ']');
  }
  return good;
}

void refuse_later_keys(config::MapReader& job) {
  for (auto const& later : later_keys()) job.not_yet(later.key, later.words);
}

}  // namespace greenq::client
