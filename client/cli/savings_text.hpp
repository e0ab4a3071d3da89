// What was saved beside a plain queue, for people. The two books stand side by side and are never added; a
// negative saving is said to be more than the plain queue.
#pragma once

#include <string>

#include "client/cli/environment.hpp"
#include "client/cli/table.hpp"
#include "greenq/v1/savings.pb.h"

namespace greenq::client {

std::string savings_text(v1::Savings const& savings, UtcTime now, Style style);

// "1.50 kg less than the plain queue", "300 g more than the plain queue".
std::string saved_words(std::int64_t saving_mg);
// "between 1.20 kg and 3.40 kg less", "between 300 g more and 1.20 kg less", "no less and no more".
std::string range_words(std::int64_t low_mg, std::int64_t high_mg);

}  // namespace greenq::client
