// What an operator may say about plans.
#pragma once

#include <optional>

#include "core/units.hpp"

namespace greenq::core {

struct PlanRules {
  // A wait that saves less than this share of the carbon of an earlier start is not worth it.
  double min_saving = 0.01;
  // Nor one that saves fewer grams for each hour of waiting; as far as the power of the job is known.
  double min_grams_per_hour = 0;
  // Price of waiting: share of the forecast error for each day of it; nothing: what fits the kind of signal.
  std::optional<double> wait_charge{};
  // How long after its bound a plan may put a job when not all bounds can be kept. Only while its
  // latest start lies ahead: then it is next in the queue.
  Span lateness_limit{std::chrono::hours{36}};
  // Shortest running segment worth a pause.
  Span min_segment{std::chrono::minutes{30}};

  friend bool operator==(PlanRules const&, PlanRules const&) = default;
};

}  // namespace greenq::core
