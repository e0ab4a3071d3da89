#include "client/cli/job_words.hpp"

#include <algorithm>

namespace greenq::client {

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_variable_name(std::string_view text) {
  auto const letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && text.size() <= 256 && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text.substr(0, 64)) + '"';
}

void refuse_later_keys(config::MapReader& job) {
  for (char const* key : {"budget", "budgets"}) job.not_yet(key, "budgets come in a later version; remove the key");
  job.not_yet("limits", "limits per job come with budgets in a later version; remove the key");
  job.not_yet("on_exceed", "limits per job come with budgets in a later version; remove the key");
  job.not_yet("sweep", "sweeps come in a later version; write one document per job, separated by ---");
  job.not_yet("array", "arrays come in a later version; write one document per job, separated by ---");
  job.not_yet("report", "run reports come in a later version; remove the key");
  job.not_yet("site", "several sites come in a later version; remove the key");
  job.not_yet("sites", "several sites come in a later version; remove the key");
}

}  // namespace greenq::client
