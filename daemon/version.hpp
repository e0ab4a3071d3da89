#pragma once

namespace greenq {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace greenq
