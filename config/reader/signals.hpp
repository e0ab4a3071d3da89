// Signals that can ask a job to save its work. The one list for job files and for the wire.
#pragma once

#include <string>
#include <string_view>

#include "config/reader/quantity.hpp"

namespace greenq::config {

// "SIGUSR1" or "USR1" -> its number; or the rest of a sentence that begins with the field's name.
Quantity<int> parse_signal(std::string_view name);
// 10 -> "SIGUSR1"; the number itself for other signals, empty for 0.
std::string signal_name(int number);

}  // namespace greenq::config
