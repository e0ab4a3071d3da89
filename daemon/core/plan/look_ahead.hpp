// Which tasks should run in the current hour, seen that more work will come.
//
// A fluid dual over hours: known tasks and phantoms of the arrivals to expect take their cheapest hours under
// price + lambda, lambda rises where more is taken than there is. Only the answer "runs in this hour" of
// known tasks is used, not lambda as a price: that would count known tasks twice. Source: reference
// "planner-method", step D. Costs O(rounds x (tasks + 144) x hours of a window).
#pragma once

#include <map>
#include <vector>

#include "core/plan/arrivals.hpp"
#include "core/plan/timetable.hpp"

namespace greenq::core {

class LookAhead {
 public:
  static constexpr int kHours = 120;  // of the horizon, and the usual slack
  // Sets pull of each task. `slack`: usual slack of a job in hours. `busy`: share of the cluster that work
  // outside of the tasks holds, by hour from the current one on. `pausable`: so are most jobs that come. The
  // prices of lane 0 stand for all.
  void judge(Timetable const& table, std::vector<Task>& tasks, Arrivals::Expected const& arrivals,
             double slack, bool pausable, std::vector<double> const& busy);

 private:
  std::map<Slot, double> lambda_;  // by hour; of the last call
};

}  // namespace greenq::core
