// What the runs of one instance gave, for people and for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/metrics.hpp"
#include "simulate/history.hpp"

namespace greenq::simulate {

struct Outcome {
  std::string policy;
  bool pauses = false;  // it paused a job
  sim::Schedule schedule;
  sim::Metrics metrics;
};

struct Bounds {  // kg that no schedule meeting every deadline can go below
  std::optional<double> with_pauses_kg;
  std::optional<double> without_pauses_kg;
};

struct Report {
  sim::Instance const* instance = nullptr;
  HistoryFacts const* history = nullptr;  // null: all is from files
  std::string forecast;                   // its name
  std::string disturbed;  // what else policies do not know, to follow it: ", no news ..."; empty: nothing
  sim::Metrics baseline;
  Bounds bounds;
  std::vector<Outcome> outcomes;
};

// Ends with the first policy in plain words.
std::string table_of(Report const& report);
std::string json_of(Report const& report);
// job_id,segment,start_s,end_s; seconds from the begin of the simulation.
std::string schedule_csv(sim::Instance const& instance, sim::Schedule const& schedule);

}  // namespace greenq::simulate
