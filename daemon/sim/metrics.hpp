// A schedule in figures: what it emits, what it makes people wait, and what it asks of the machine room.
//
// Never quote one of them alone: a schedule that breaks bounds can save more than any that keeps them.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/instance.hpp"
#include "sim/schedule.hpp"

namespace greenq::sim {

struct Waits {  // hours; percentile p: element floor(p * (n - 1)) of the ordered waits
  double mean = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
};

struct Book {
  core::SignalKind kind = core::SignalKind::kMarginal;
  double kg = 0;
  double saving_percent = 0;  // against the baseline; negative: worse
};

struct Metrics {
  std::size_t jobs = 0;
  Book decided;  // the book that decides
  std::optional<Book> other{};
  Waits wait;                              // end - submit - duration: all that is not work, pauses too
  double start_delay_h = 0;                // mean of first start - submit
  std::size_t missed = 0;                  // ended after their deadline
  std::size_t missed_beyond_baseline = 0;  // of them, those that the baseline had in time
  double worst_late_h = 0;
  std::size_t pauses = 0;
  std::size_t pausing_jobs = 0;
  double resume_gpu_h = 0;           // GPU hours that resumes cost
  std::size_t most_starts_5min = 0;  // starts and resumes in any five minutes
  double peak_kw = 0;
  double mean_kw = 0;  // from the first submit to the last end
  double makespan_h = 0;
  std::size_t beyond_series = 0;  // jobs that end after the carbon series, charged with its last value

  double missed_percent() const {
    return jobs == 0 ? 0 : 100.0 * static_cast<double>(missed) / static_cast<double>(jobs);
  }
  double segments_per_job() const {
    return jobs == 0 ? 0 : 1 + static_cast<double>(pauses) / static_cast<double>(jobs);
  }
};

// From SimJob::draw() x mg/kWh x ms.
double kg_of(Instance const& instance, double draw_intensity_ms);
double emissions_kg(Instance const& instance, Series const& book, Schedule const& schedule);
// The baseline is FCFS + EASY of the same submissions on the same capacity, unless the caller says otherwise.
Metrics measure(Instance const& instance, Schedule const& schedule, Schedule const& baseline);

}  // namespace greenq::sim
