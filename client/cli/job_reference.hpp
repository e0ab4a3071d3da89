// Every key of a job file in one table: `greenq help jobfile` and config/JOBFILE.md are made from it. Tests
// compare it with what the reader asks for, and with the committed page.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace greenq::client {

struct JobKey {
  std::string_view key;      // dotted; "depends_on[].job" inside a list
  std::string_view value;    // type, unit and bounds
  std::string_view missing;  // what holds without the key
  std::string_view meaning;
  std::string_view example;  // one line that is valid beside `run:`; empty where another key's shows it
};

// A key that a later version will understand. It is refused with these words, never ignored.
struct LaterKey {
  std::string_view key;
  std::string_view words;
};

std::span<JobKey const> job_keys();
std::span<LaterKey const> later_keys();  // of the top level

std::string job_file_help();  // terse, for a terminal
std::string job_file_page();  // config/JOBFILE.md

}  // namespace greenq::client
