#include "feed/provider_parts.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <utility>

#include "feed/json.hpp"
#include "feed/reply.hpp"

namespace greenq::feed {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kShortestSecret = 4;  // of those that are looked for in texts

std::string words_in(json::value const& value) {
  json::value const* error = member(value, "error");
  for (auto const& found :
       {text_member(value, "message"), error == nullptr ? std::nullopt : text_member(*error, "message"),
        text_member(value, "error"), text_member(value, "detail")}) {
    if (found) return printable(*found);
  }
  return {};
}

}  // namespace

tl::unexpected<core::Error> bad_feed(std::string const& what) {
  return core::fail(core::ErrorCode::kInvalidArgument, "BAD_FEED", what);
}

std::optional<std::string> not_average(FeedConfig const& config) {
  if (!config.kind || *config.kind == core::SignalKind::kAverage) return std::nullopt;
  return "the " + config.provider + " feed is average; leave `kind` out or choose another provider";
}

std::string base_url_of(FeedConfig const& config, char const* own) {
  std::string base = config.base_url.empty() ? own : config.base_url;
  while (base.ends_with('/')) base.pop_back();
  return base;
}

bool plain_name(std::string_view text) {
  auto const plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), plain);
}

Provider provider_of(core::SignalSource source, FeedConfig const& config) {
  Provider provider;
  provider.source = std::move(source);
  provider.request.ca_file = config.ca_file;
  provider.request.proxy = config.proxy;
  return provider;
}

core::Interval history_window(PollMoment const& moment, core::Span tick, core::Span reach,
                              core::Span always) {
  auto const floor = [tick](core::Instant at) { return core::Instant{at - at.time_since_epoch() % tick}; };
  core::Instant const end = floor(moment.now);
  if (moment.revise) always = std::max(always, kRevisedFor);
  return {std::min(std::max(floor(moment.known_until), end - reach), end - always), end};
}

std::string printable(std::string_view text) {
  std::string words;
  for (char const c : text.substr(0, 200)) words += c >= ' ' && c <= '~' ? c : ' ';
  return words;
}

std::string one_line(std::string text, std::vector<std::string> const& secrets) {
  for (std::string const& secret : secrets) {
    if (secret.size() < kShortestSecret) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      text.replace(at, secret.size(), "***");
    }
  }
  text.resize(std::min(text.size(), kLongestReason));
  for (char& c : text) c = c >= ' ' && c <= '~' ? c : '?';
  return text;
}

std::string place_of(std::string const& address) {
  auto const url = boost::urls::parse_uri(address);
  if (!url || url->host_address().empty()) return "another place";
  std::string text = std::string(url->scheme()) + "://" + url->host_address();
  if (!url->port().empty()) text += ":" + std::string(url->port());
  return printable(text + "/");
}

core::Result<json::value> object_of(std::string const& body) {
  auto parsed = parse_json(body);
  if (!parsed) return parsed;
  if (!parsed->is_object()) return bad_reply("it is not an object");
  json::value const* error = member(*parsed, "error");
  if (error != nullptr && !error->is_null()) {
    std::string const words = words_in(*parsed);
    return no_data(words.empty() ? "an error object" : words);
  }
  return parsed;
}

std::string error_words(std::string const& body) {
  auto const parsed = parse_json(body);
  return parsed ? words_in(*parsed) : std::string{};
}

}  // namespace greenq::feed
