#include <algorithm>
#include <array>

#include "feed/neso.hpp"
#include "feed/text.hpp"

namespace greenq::feed {
namespace {

constexpr std::array<std::string_view, 17> kNesoRegions{
    "northscotland", "southscotland",        "northwestengland", "northeastengland",
    "yorkshire",     "northwalesmerseyside", "southwales",       "westmidlands",
    "eastmidlands",  "eastengland",          "southwestengland", "southengland",
    "london",        "southeastengland",     "england",          "scotland",
    "wales"};

// Letters and digits, the letters small.
std::string plain_letters(std::string_view text) {
  std::string plain;
  for (char const c : text) {
    if (c >= 'A' && c <= 'Z') plain += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain += c;
  }
  return plain;
}

bool is_letter(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The part before the blank, or before the last three characters of a whole code: one or two letters, a
// digit, and perhaps one more of either.
std::optional<std::string> outward_code(std::string_view text) {
  std::string code;
  for (char const c : trim(text)) code += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  auto const blank = code.find(' ');
  if (blank != std::string::npos) {
    code.resize(blank);
  } else if (code.size() >= 5) {
    code.resize(code.size() - 3);
  }
  std::size_t const letters = code.size() > 1 && is_letter(code[1]) ? 2 : 1;
  bool const shaped =
      code.size() > letters && code.size() <= letters + 2 && is_letter(code[0]) && is_digit(code[letters]) &&
      std::all_of(code.begin(), code.end(), [](char c) { return is_letter(c) || is_digit(c); });
  return shaped ? std::optional(code) : std::nullopt;
}

}  // namespace

std::optional<std::string> neso_region(std::string_view zone_or_name) {
  constexpr std::string_view kPrefix = "GB-REG-";
  if (zone_or_name.starts_with(kPrefix)) zone_or_name.remove_prefix(kPrefix.size());
  std::string const name = plain_letters(zone_or_name);
  for (std::size_t i = 0; i < kNesoRegions.size(); ++i) {
    if (name == kNesoRegions[i] || zone_or_name == std::to_string(i + 1)) return std::to_string(i + 1);
  }
  if (name == "northwalesandmerseyside") return "6";
  return outward_code(zone_or_name);
}

}  // namespace greenq::feed
