// From files to an instance.
//
// A directory holds params.json (cluster_gpus; power_w_per_gpu, slack_h, step_s, resume_overhead_s, kind,
// name), jobs.csv, carbon.csv, and optionally history.csv, forecast.csv and second.csv (the second book). Or
// the same from single files and flags. Times count from the first row of the carbon series, or from `start`.
#pragma once

#include <optional>
#include <string>

#include "core/result.hpp"
#include "sim/instance.hpp"
#include "simulate/history.hpp"

namespace greenq::simulate {

struct Sources {
  std::string instance{};  // directory; else the fields below count
  std::string jobs{};
  std::string carbon{};
  std::string forecast{};                  // empty: none
  std::string second{};                    // empty: none; also beside a directory
  std::optional<core::SignalKind> kind{};  // of carbon; nothing: its comments say it
  std::optional<core::Instant> start{};    // what is before is history
  std::uint32_t gpus = 0;
  std::uint32_t cpus = 0;  // beside a ledger only
  double watts = 300;
  double slack_h = 24;
  double resume_overhead_s = 0;
};

// kInvalidArgument BAD_INPUT: all problems, a line each. Jobs without a deadline get the later of submit +
// duration + slack and their end under FCFS + EASY, so that a schedule that keeps all exists.
core::Result<sim::Instance> load_instance(Sources const& sources);

struct Loaded {
  sim::Instance instance;
  HistoryFacts facts;
};
// What the sources name from files, the rest from the ledger. Errors as above and those of history.hpp.
core::Result<Loaded> load_history(Sources const& sources, Ledger const& ledger, core::Interval window);

}  // namespace greenq::simulate
