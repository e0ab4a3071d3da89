// Version of the daemon, from the one in the root CMakeLists.txt.
#pragma once

namespace greenq {

inline constexpr char kVersion[] = GREENQ_VERSION;

}  // namespace greenq
