#include "feed/poll_round.hpp"

#include <algorithm>

namespace greenq::feed {
namespace {

tl::unexpected<core::Error> not_believed(std::string const& problem) {
  return core::fail(core::ErrorCode::kInvalidArgument, "IMPLAUSIBLE", problem);
}

core::Result<core::Signal> believable(Provider const& provider, std::vector<std::string> const& bodies,
                                      core::Instant now) {
  auto signal = provider.read(bodies, now);
  if (!signal) return signal;
  auto problem = core::problem_of(*signal);
  if (!problem) problem = implausible(*signal, now);
  if (problem) return not_believed(*problem);
  return signal;
}

}  // namespace

bool Round::whole() const {
  return std::count(bodies.begin(), bodies.end(), "") == 0;
}

bool is_json(std::string const& content_type) {
  std::string type;
  for (char const c : content_type.substr(0, content_type.find(';'))) {
    if (c != ' ' && c != '\t') type += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

core::Result<core::Signal> judge(Provider const& provider, Levels& levels,
                                 std::vector<std::string> const& bodies, core::Instant now) {
  auto signal = believable(provider, bodies, now);
  if (!signal) return signal;
  if (auto const problem = levels.judge(*signal, now)) return not_believed(*problem);
  return signal;
}

core::Result<core::Signal> judge_without(Provider const& provider, Levels& levels, Round& round,
                                         core::Instant now) {
  std::vector<std::size_t> extra;
  for (std::size_t i = 0; i < round.bodies.size(); ++i) {
    if (round.asks[i].optional && !round.bodies[i].empty()) extra.push_back(i);
  }
  std::vector<std::vector<std::size_t>> choices;
  for (std::size_t const i : extra) choices.insert(choices.begin(), {i});
  if (extra.size() > 1) choices.push_back(extra);
  for (auto const& choice : choices) {
    auto bodies = round.bodies;
    for (std::size_t const i : choice) bodies[i].clear();
    auto signal = judge(provider, levels, bodies, now);
    if (!signal) continue;
    for (std::size_t const i : choice) round.validators.erase(round.asks[i].url);
    round.bodies = std::move(bodies);
    return signal;
  }
  return core::fail(core::ErrorCode::kInvalidArgument, "BAD_REPLY", "");
}

core::Result<bool> history_came(Provider const& provider, Round const& round, core::Signal const& signal,
                                core::Instant now) {
  auto bodies = round.bodies;
  bool asked = false;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    if (!round.asks[i].history) continue;
    if (bodies[i].empty()) return false;
    asked = true;
    bodies[i].clear();
  }
  if (!asked) return true;
  auto const others = believable(provider, bodies, now);
  if (!others) return tl::unexpected(others.error());
  return others->points != signal.points;
}

}  // namespace greenq::feed
