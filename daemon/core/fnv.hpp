// FNV-1a, 64 bit: to notice changed bytes, not against anybody who wants to fool it.
#pragma once

#include <cstdint>
#include <string_view>

namespace greenq::core {

constexpr std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (char const c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

}  // namespace greenq::core
