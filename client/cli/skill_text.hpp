// Tables of forecast skill.
#pragma once

#include <string>

#include "client/cli/cli.hpp"

namespace greenq::client {

// `days` as asked for.
std::string skill_text(v1::GetForecastSkillResponse const& response, int days, Style style);

}  // namespace greenq::client
