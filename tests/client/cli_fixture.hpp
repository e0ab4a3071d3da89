// Runs the whole CLI in this process with fake surroundings: fixed time, string streams, a private directory.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "config/reader/quantity.hpp"
#include "tests/support/temp_dir.hpp"

namespace greenq::client {

using test::TempDir;

inline UtcTime at(char const* text) {
  return *config::parse_instant(text);
}

// Monday, 2026-11-23, 17:38 UTC.
inline UtcTime const kNow = at("2026-11-23T17:38:00Z");

struct Surroundings {
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  std::map<std::string, std::string> variables;
  int uuids = 0;
  Environment env{out, err, in};

  Surroundings() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    env.variable = [this](std::string const& name) -> std::optional<std::string> {
      auto const found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    env.now = [] { return kNow; };
    env.new_uuid = [this] { return "uuid-" + std::to_string(++uuids); };
    env.sleep = [](Milliseconds) {};
    env.uid = 1000;
    env.user = "ada";
    env.home = "/home/ada";
    env.directory = "/srv/ada";
  }
};

class CliTest : public ::testing::Test {
 protected:
  // Returns the exit code; output is in out() and err().
  int greenq(std::vector<std::string> arguments) {
    here.out.str("");
    here.err.str("");
    return run(std::move(arguments), here.env);
  }
  std::string out() const { return here.out.str(); }
  std::string err() const { return here.err.str(); }

  TempDir dir;
  Surroundings here;
};

}  // namespace greenq::client
