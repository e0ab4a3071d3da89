#include "config/reader/signals.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>
#include <vector>

#include "config/reader/suggest.hpp"

namespace greenq::config {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 14> kSignals{{
    {"SIGHUP", SIGHUP},
    {"SIGINT", SIGINT},
    {"SIGQUIT", SIGQUIT},
    {"SIGUSR1", SIGUSR1},
    {"SIGUSR2", SIGUSR2},
    {"SIGALRM", SIGALRM},
    {"SIGTERM", SIGTERM},
    {"SIGCONT", SIGCONT},
    {"SIGTSTP", SIGTSTP},
    {"SIGURG", SIGURG},
    {"SIGXCPU", SIGXCPU},
    {"SIGVTALRM", SIGVTALRM},
    {"SIGWINCH", SIGWINCH},
    {"SIGPWR", SIGPWR},
}};

}  // namespace

Quantity<int> parse_signal(std::string_view name) {
  std::string const full = name.starts_with("SIG") ? std::string(name) : "SIG" + std::string(name);
  std::vector<std::string_view> names;
  for (auto const& [known, number] : kSignals) {
    if (known == full) return number;
    names.push_back(known);
  }
  auto const hint = did_you_mean(name, names);
  return tl::unexpected('"' + std::string(name.substr(0, 64)) + "\" is not a signal that a job can catch" +
                        (hint.empty() ? "; use e.g. SIGUSR1" : hint));
}

std::string signal_name(int number) {
  for (auto const& [known, value] : kSignals) {
    if (value == number) return std::string(known);
  }
  return number == 0 ? std::string() : std::to_string(number);
}

}  // namespace greenq::config
