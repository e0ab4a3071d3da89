// Version of the client, from the one in the root CMakeLists.txt.
#pragma once

#include <string_view>

namespace greenq::client {

inline constexpr std::string_view kVersion = GREENQ_VERSION;

}  // namespace greenq::client
