// Writes the script of fake_nvml.cpp. One file for the whole process: the environment is set once, before any
// thread of the library can read it.
#pragma once

#include <stdlib.h>

#include <string>

#include "meter/temp_tree.hpp"

namespace greenq::test {

inline void script_nvml(std::string const& text) {
  static TempTree const tree;
  static int const set = ::setenv("GREENQ_FAKE_NVML", tree.path("script").c_str(), 1);
  static_cast<void>(set);
  tree.replace("script", text);
}

}  // namespace greenq::test
