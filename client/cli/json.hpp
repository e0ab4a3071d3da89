// JSON for programs. Keys are the proto field names; scalars, lists and maps are always present, absent
// messages, optional fields and figures that the message says are unknown are null. 64-bit integers are
// numbers, enums their names, times RFC 3339 UTC with milliseconds, durations seconds as a number.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace greenq::client {

std::string quote_json(std::string_view text);  // with the quotes; invalid UTF-8 becomes U+FFFD
std::string to_json(google::protobuf::Message const& message);  // one line, no newline

}  // namespace greenq::client
