#include "feed/json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace greenq::feed {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxValues = 200'000;

// Looks at every token without building anything; `problem` is set when the parse is refused.
struct Checker {
  static constexpr std::size_t max_object_size = kMaxValues;
  static constexpr std::size_t max_array_size = kMaxValues;
  static constexpr std::size_t max_key_size = 1 << 16;
  static constexpr std::size_t max_string_size = 1 << 22;

  std::string problem;
  std::vector<std::set<std::string>> keys;
  std::string key;
  std::size_t values = 0;

  bool refuse(json::error_code& failed, std::string why) {
    problem = std::move(why);
    failed = json::error::syntax;
    return false;
  }
  bool count(json::error_code& failed) {
    return ++values <= kMaxValues || refuse(failed, "it has too many values");
  }
  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code& failed) {
    keys.emplace_back();
    return count(failed);
  }
  bool on_object_end(std::size_t, json::error_code&) {
    keys.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code& failed) { return count(failed); }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& failed) {
    key.append(part.data(), part.size());
    bool const fresh = keys.back().insert(key).second;
    if (!fresh) return refuse(failed, "the key `" + key.substr(0, 40) + "` appears twice");
    key.clear();
    return true;
  }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code& failed) { return count(failed); }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code& failed) { return count(failed); }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code& failed) { return count(failed); }
  bool on_double(double value, json::string_view, json::error_code& failed) {
    return std::isfinite(value) ? count(failed) : refuse(failed, "it holds a number that is not finite");
  }
  bool on_bool(bool, json::error_code& failed) { return count(failed); }
  bool on_null(json::error_code& failed) { return count(failed); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

}  // namespace

core::Result<json::value> parse_json(std::string_view text) {
  auto const bad = [](std::string const& why) {
    return core::fail(core::ErrorCode::kInvalidArgument, "BAD_JSON", "the reply is not usable JSON: " + why);
  };
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return bad("it is empty");
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::basic_parser<Checker> checker(options);
  json::error_code failed;
  std::size_t const used = checker.write_some(false, text.data(), text.size(), failed);
  if (failed) {
    std::string const& problem = checker.handler().problem;
    return bad(problem.empty() ? failed.message() : problem);
  }
  if (text.find_first_not_of(" \t\r\n", used) != std::string_view::npos)
    return bad("something follows its end");
  json::value value = json::parse(text, failed, {}, options);
  if (failed) return bad(failed.message());
  return value;
}

std::optional<double> number_of(json::value const& value) {
  if (auto const* number = value.if_double()) return *number;
  if (auto const* number = value.if_int64()) return static_cast<double>(*number);
  if (auto const* number = value.if_uint64()) return static_cast<double>(*number);
  return std::nullopt;
}

}  // namespace greenq::feed
