#include "sim/gpu_calendar.hpp"

#include <algorithm>
#include <limits>

namespace greenq::sim {
namespace {

using core::Instant;
using core::Interval;
using core::Span;

constexpr Span kForever{std::chrono::hours{24 * 366 * 20}};
constexpr core::Intensity kUnknown{std::numeric_limits<std::int64_t>::max()};

core::Capacity gpus_only(std::uint32_t gpus) {
  core::Capacity out;
  out.pools.push_back({"", 0, std::vector<std::string>(gpus)});
  return out;
}

core::Need need(std::uint32_t gpus) {
  return {{0, 0, gpus}, 0};
}

std::vector<Interval> joined(std::vector<Interval> runs) {
  std::sort(runs.begin(), runs.end(), [](Interval const& a, Interval const& b) { return a.begin < b.begin; });
  std::vector<Interval> out;
  for (Interval const& run : runs) {
    if (!out.empty() && out.back().end == run.begin) {
      out.back().end = run.end;
    } else {
      out.push_back(run);
    }
  }
  return out;
}

// The first `total` of the parts; empty: they are not that long.
template <class Parts>
std::vector<Interval> first_of(Parts const& parts, Span total) {
  std::vector<Interval> out;
  for (auto const& part : parts) {
    Span const taken = std::min(total, part.at.length());
    out.push_back({part.at.begin, part.at.begin + taken});
    total -= taken;
    if (total <= Span{0}) return joined(std::move(out));
  }
  return {};
}

struct Resumes {
  Span overhead{0};
  std::optional<Instant> free_at;  // a first run that begins then is no resume
};

// As first_of(), with the time that the resumes between the runs take.
template <class Parts>
std::vector<Interval> enough_of(Parts const& parts, Span needs, Resumes const& resumes) {
  for (Span total = needs;;) {
    std::vector<Interval> runs = first_of(parts, total);
    if (runs.empty() || resumes.overhead == Span{0}) return runs;
    bool const paused_first = resumes.free_at && runs.front().begin != *resumes.free_at;
    auto const count = static_cast<std::int64_t>(runs.size()) - (paused_first ? 0 : 1);
    Span const wanted = needs + resumes.overhead * count;
    if (wanted <= total) return runs;
    total = wanted;
  }
}

}  // namespace

GpuCalendar::GpuCalendar(Instant from, std::uint32_t gpus, std::shared_ptr<Outlook> outlook)
    : capacity_(gpus_only(gpus)), calendar_(from, capacity_), prices_(std::move(outlook)) {}

void GpuCalendar::clear(Instant from) {
  calendar_ = core::Calendar(from, capacity_);
}

void GpuCalendar::book(Interval run, std::uint32_t gpus) {
  calendar_.book(run, need(gpus));
}

std::optional<Instant> GpuCalendar::cheapest_start(SimJob const& job, Span needs, Instant now) {
  if (job.deadline <= now) return std::nullopt;
  calendar_.free_runs({now, job.deadline}, need(job.gpus), free_);
  std::vector<Interval> starts;
  for (Interval const& run : free_) {
    if (run.length() >= needs) starts.push_back({run.begin, run.end - needs});
  }
  if (starts.empty()) return std::nullopt;
  auto const best = prices_.at(now).cheapest(starts, needs);
  return best ? std::optional(best->start) : std::nullopt;
}

Interval GpuCalendar::book_whole(SimJob const& job, Span needs, Instant now) {
  auto start = cheapest_start(job, needs, now);
  if (!start) start = calendar_.earliest_fit(need(job.gpus), needs, now);
  Interval const run{*start, *start + needs};
  book(run, job.gpus);
  return run;
}

std::vector<GpuCalendar::Part> GpuCalendar::free_parts(Interval range, std::uint32_t gpus) {
  std::vector<Part> out;
  if (range.empty()) return out;
  auto const& points = prices_.curve(range.begin).points();
  calendar_.free_runs(range, need(gpus), free_);
  for (Interval const& run : free_) {
    Instant at = run.begin;
    auto point = std::partition_point(points.begin(), points.end(), [&](core::IntensityPoint const& p) {
      return p.interval.end <= run.begin;
    });
    for (; point != points.end() && point->interval.begin < run.end; ++point) {
      Interval const known = core::intersect(point->interval, run);
      if (at < known.begin) out.push_back({kUnknown, {at, known.begin}});
      out.push_back({point->value, known});
      at = known.end;
    }
    if (at < run.end) out.push_back({kUnknown, {at, run.end}});
  }
  return out;
}

std::vector<Interval> GpuCalendar::book_parts(SimJob const& job, Span needs, Instant now, Span overhead,
                                              bool runs) {
  Resumes const resumes{overhead, runs ? std::optional(now) : std::nullopt};
  std::vector<Part> parts = free_parts({now, std::max(now, job.deadline)}, job.gpus);
  std::stable_sort(parts.begin(), parts.end(),
                   [](Part const& a, Part const& b) { return a.price < b.price; });
  std::vector<Interval> out = enough_of(parts, needs, resumes);
  if (out.empty()) out = enough_of(free_parts({now, now + kForever}, job.gpus), needs, resumes);
  for (Interval const& run : out) book(run, job.gpus);
  return out;
}

}  // namespace greenq::sim
