// What the functions that make providers share: checking settings, and the words of error bodies.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

// BAD_FEED: the settings of the feed are unusable; `what` says which to set.
tl::unexpected<core::Error> bad_feed(std::string const& what);
// Nothing, or what to do about a `kind` in the settings of a feed that has averages only.
std::optional<std::string> not_average(FeedConfig const& config);
// The configured address or the provider's own, without a slash at the end.
std::string base_url_of(FeedConfig const& config, char const* own);
// Letters, digits, '-' and '_' only, at least one: fit to stand in an address as it is.
bool plain_name(std::string_view text);
// A provider with this source and with the certificates and the proxy of the configuration.
Provider provider_of(core::SignalSource source, FeedConfig const& config);

// How far back revised actuals are looked for where the provider does not say how long it revises.
inline constexpr core::Span kRevisedFor{std::chrono::hours{24}};

// The history to be asked for, on whole ticks: from where actuals are known (at least `always` back, at least
// kRevisedFor when the moment is one to `revise`, at most `reach`) to now. Empty when not even one tick is
// new.
core::Interval history_window(PollMoment const& moment, core::Span tick, core::Span reach,
                              core::Span always = core::Span{0});

// The reply as an object. BAD_JSON, BAD_REPLY, or NO_DATA when it is an error object in a good reply.
core::Result<boost::json::value> object_of(std::string const& body);
// Text of strangers for a message: at most 200 characters, without control characters.
std::string printable(std::string_view text);
// One line of at most 1000 plain characters, whatever a server says, with `***` for secrets of 4 and more.
std::string one_line(std::string text, std::vector<std::string> const& secrets);
// Scheme and host of an address: the rest may repeat a key in a form that nobody knows.
std::string place_of(std::string const& address);
inline constexpr char kNotFollowed[] = ", which is not followed; set base_url to the right address";
// What an error body says (`message`, `error`, `error.message` or `detail`), shortened and printable; may be
// empty.
std::string error_words(std::string const& body);

}  // namespace greenq::feed
