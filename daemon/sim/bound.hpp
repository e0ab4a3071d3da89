// What no schedule can beat that ends every job by its due time on this cluster, with the truth known.
//
// With pauses: jobs flow like water, at most their GPUs at a time, steps of the series are filled in order of
// their intensity, each as far as the others allow. Loads that keep all due times form a polymatroid, so this
// greedy is the optimum of the fluid problem (Edmonds 1970), found with augmenting paths on integers.
// Without pauses: Lagrangian relaxation of the capacity (Held and Karp 1970). Every price vector gives a
// valid bound; prices are improved by subgradient steps. What resumes cost is left out of both, so they stay
// bounds.
#pragma once

#include <vector>

#include "sim/instance.hpp"
#include "sim/schedule.hpp"

namespace greenq::sim {

// Of each job: the later of its deadline and its end in the baseline.
std::vector<core::Instant> due_times(Instance const& instance, Schedule const& baseline);

// Both in kg and at most the emissions of any such schedule. Requires that one exists (due times as above),
// that the truth covers all due times that matter (after its end its last value holds), and that no job has a
// draw of its own.
double bound_with_pauses_kg(Instance const& instance, std::vector<core::Instant> const& due);
double bound_without_pauses_kg(Instance const& instance, std::vector<core::Instant> const& due,
                               int iterations = 400);

}  // namespace greenq::sim
