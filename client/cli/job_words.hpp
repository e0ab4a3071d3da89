// Words of job files: names, quoting, and the keys of later versions.
#pragma once

#include <string>
#include <string_view>

#include "config/reader/map_reader.hpp"

namespace greenq::client {

bool is_name(std::string_view text);           // [a-z0-9][a-z0-9-]{0,62}
bool is_variable_name(std::string_view text);  // of the environment
std::string in_quotes(std::string_view text);  // cut at 64 bytes
// How depends_on is written, for complaints about it.
inline constexpr std::string_view kDependencyExample = "e.g. depends_on: [{job: prep, when: succeeded}]";
// False, with problems, unless this is a list of maps.
bool check_dependencies(config::Node const& list, config::Problems& problems);
// Keys that a later version will understand are refused with a word, never ignored.
void refuse_later_keys(config::MapReader& job);

}  // namespace greenq::client
