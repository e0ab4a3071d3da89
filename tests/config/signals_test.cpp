#include "config/reader/signals.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace greenq::config {
namespace {

TEST(Signals, NamesWithAndWithoutPrefix) {
  EXPECT_EQ(parse_signal("SIGUSR1").value(), SIGUSR1);
  EXPECT_EQ(parse_signal("TERM").value(), SIGTERM);
  EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
  EXPECT_EQ(signal_name(SIGKILL), "9");
  EXPECT_EQ(signal_name(0), "");
}

TEST(Signals, WhatAJobCannotCatchIsRefusedWithAHint) {
  EXPECT_EQ(parse_signal("SIGKILL").error(),
            "\"SIGKILL\" is not a signal that a job can catch; use e.g. SIGUSR1");
  EXPECT_EQ(parse_signal("SIGUSR3").error(),
            "\"SIGUSR3\" is not a signal that a job can catch; did you mean \"SIGUSR1\"?");
  EXPECT_FALSE(parse_signal(""));
}

}  // namespace
}  // namespace greenq::config
