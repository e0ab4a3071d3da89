// Small worlds and an independent look at schedules.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "sim/engine.hpp"
#include "sim/policy.hpp"

namespace greenq::sim {

using core::Instant;
using core::Span;
using std::chrono::hours;
using std::chrono::minutes;

inline constexpr Instant kBegin{hours{24 * 365 * 51}};

inline std::vector<core::Intensity> grams(std::vector<double> const& values) {
  std::vector<core::Intensity> out;
  for (double const value : values) out.push_back({static_cast<std::int64_t>(value * 1000)});
  return out;
}

inline Instance world(std::uint32_t gpus, std::vector<double> const& intensity) {
  Instance out;
  out.name = "world";
  out.cluster_gpus = gpus;
  out.truth = Series{kBegin, hours{1}, grams(intensity)};
  return out;
}

inline SimJob& add(Instance& to, Span submit, Span duration, std::uint32_t gpus, Span slack = Span{0}) {
  SimJob job;
  job.id = to.jobs.size() + 1;
  job.name = std::to_string(job.id);
  job.submit = kBegin + submit;
  job.duration = duration;
  job.gpus = gpus;
  job.deadline = job.submit + duration + slack;
  to.jobs.push_back(job);
  return to.jobs.back();
}

// Busy in bursts, with days and noise in the intensity; every draw from `seed`.
inline Instance random_world(std::uint64_t seed, bool interruptible) {
  std::mt19937_64 chance{seed};
  auto const upto = [&](std::uint64_t most) { return static_cast<std::int64_t>(chance() % (most + 1)); };
  std::vector<double> intensity;
  for (int h = 0; h < 24 * 21; ++h)
    intensity.push_back(200.0 + 100.0 * (h % 24 < 8) + static_cast<double>(upto(80)));
  Instance out = world(static_cast<std::uint32_t>(4 + upto(8)), intensity);
  std::vector<double> past(24 * 28);
  for (std::size_t h = 0; h < past.size(); ++h)
    past[h] = 200.0 + 100.0 * (h % 24 < 8) + static_cast<double>(upto(80));
  out.history = Series{kBegin - hours{24 * 28}, hours{1}, grams(past)};
  out.slack = hours{24};
  if (upto(1) == 1) out.resume_overhead = minutes{3};
  Span at{0};
  for (int i = 0; i < 80; ++i) {
    if (upto(2) > 0) at += minutes{5 * upto(30)};
    SimJob& job =
        add(out, at, minutes{1 + upto(900)}, static_cast<std::uint32_t>(1 + upto(3)), minutes{upto(24 * 60)});
    job.interruptible = interruptible && upto(4) > 0;
  }
  return out;
}

inline Schedule schedule_by(std::string_view name, Instance const& instance, OutlookKind outlook) {
  auto const policy = make_policy(name, instance, make_outlook(outlook, instance));
  return run(instance, *policy).schedule;
}

// Every rule of a valid schedule, without the code that made it. Empty: valid.
inline std::string problem_of(Instance const& instance, Schedule const& schedule) {
  std::map<Instant, std::int64_t> change;
  for (SimJob const& job : instance.jobs) {
    auto const& runs = schedule.segments.at(job.id - 1);
    std::string const who = "job " + job.name;
    if (runs.empty()) return who + " never runs";
    if (runs.front().begin < job.submit) return who + " starts before its submit";
    if (runs.size() > 1 && !job.interruptible) return who + " was paused";
    Span held{0};
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (runs[i].empty()) return who + " has an empty run";
      if (i > 0 && runs[i].begin <= runs[i - 1].end) return who + " has runs that touch";
      held += runs[i].length();
      change[runs[i].begin] += job.gpus;
      change[runs[i].end] -= job.gpus;
    }
    auto const resumes = static_cast<std::int64_t>(runs.size()) - 1;
    if (held != job.duration + instance.resume_overhead * resumes)
      return who + " has runs that do not add up";
  }
  std::int64_t used = 0;
  for (auto const& [at, by] : change) {
    used += by;
    if (used > instance.cluster_gpus) return "more GPUs than there are";
  }
  return {};
}

}  // namespace greenq::sim
