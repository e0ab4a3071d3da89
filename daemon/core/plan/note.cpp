#include "core/plan/note.hpp"

#include <algorithm>

#include "core/carbon/utc_text.hpp"

namespace greenq::core {
namespace {

// "2 h", "1 h 30 min", "45 min", "20 s"; rounded down to the minute from one hour on.
std::string span_text(Span span) {
  std::int64_t const seconds = span.count() / 1000;
  if (seconds < 60) return std::to_string(seconds) + " s";
  std::int64_t const minutes = seconds / 60;
  if (minutes < 60) return std::to_string(minutes) + " min";
  std::string text = std::to_string(minutes / 60) + " h";
  if (minutes % 60 != 0) text += " " + std::to_string(minutes % 60) + " min";
  return text;
}

std::string grams(Intensity intensity) {
  return std::to_string(divide_half_even(intensity.value, 1000));
}

// Minutes are enough for people.
std::string time_text(Instant t) {
  return utc_text(std::chrono::floor<std::chrono::minutes>(t));
}

std::string against_now(Plan const& plan) {
  if (!plan.mean || !plan.mean_if_now) return "";
  return "; " + grams(*plan.mean) + " g/kWh against " + grams(*plan.mean_if_now) + " now";
}

// Of a job that could have been paused.
std::string no_pause_note(PlanInput const& input, WaitingJob const& job) {
  bool const pausable = job.interruptible && duration_of(job) >= 2 * input.rules.min_segment;
  if (!pausable || job.pause_cost <= Span{0}) return "";
  return "; no pause saves enough, at " + span_text(job.pause_cost) + " each";
}

std::string pause_note(WaitingJob const& job) {
  std::string const note = "; a pause keeps no resources";
  return job.pause_cost > Span{0} ? note + " and costs " + span_text(job.pause_cost) : note;
}

std::string unknown_note(std::string const& length, PlanInput const& input, Plan const& plan) {
  bool const now = plan.segments.front().begin <= input.now;
  std::string const start = now                       ? "starts now"
                            : plan.waits_for_capacity ? "starts when there is room"
                                                      : "planned";
  return start + ": the intensity of all its " + length +
         " is not known, and an hour that is not known is never worth a wait";
}

std::string window_note(PlanInput const& input, WaitingJob const& job, Choice const& choice, Plan const& plan,
                        std::string const& length) {
  std::string const by = " with a start by " + time_text(job.latest);
  if (plan.segments.front().begin <= input.now) {
    std::string const mean = "; " + grams(*plan.mean) + " g/kWh";
    if (choice.cheapest) return "now is the cheapest " + length + " window" + by + mean;
    return "starts now: a cheaper " + length + " window" + by + " is not free or not worth the wait" + mean;
  }
  if (!choice.shifted) return "starts when other jobs leave room" + against_now(plan);
  return (choice.cheapest ? "cheapest " : "cheapest free ") + length + " window" + by + against_now(plan);
}

bool any_curve(PlanInput const& input, Lanes const& lanes, WaitingJob const& job) {
  return std::any_of(job.lanes.begin(), job.lanes.end(), [&](std::uint32_t lane) {
    return lanes.known(lane) && input.sites[lanes.site(lane)].has_curve();
  });
}

std::string queue_note(PlanInput const& input, Lanes const& lanes, WaitingJob const& job, Plan const& plan) {
  std::string why;
  if (!job.shift && job.latest < job.submitted) {
    why = "too late to keep its bound; ";
  } else if (job.shift && !any_curve(input, lanes, job)) {
    why = "not shifted, because no intensity signal is known; ";
  } else if (job.shift) {
    bool const late = job.latest < earliest_start(input, job);
    why = late ? "too late to keep its bound; " : "its latest start has come; ";
  }
  if (plan.segments.front().begin <= input.now) return why + "starts now";
  if (!plan.waits_for_capacity) return why + "starts as soon as it may";
  return why + "starts when the jobs before it leave room";
}

std::string sentence(PlanInput const& input, Lanes const& lanes, WaitingJob const& job, Choice const& choice,
                     Plan const& plan) {
  std::string const length = span_text(job.duration);
  switch (choice.kind) {
    case ChoiceKind::kWindow:
      if (!plan.mean) return unknown_note(length, input, plan);
      return window_note(input, job, choice, plan, length) + no_pause_note(input, job);
    case ChoiceKind::kPaused:
      return "cheapest " + std::to_string(plan.segments.size()) + " segments, " + length +
             " in all, with an end by " + time_text(job.latest + job.duration) + against_now(plan) +
             pause_note(job);
    case ChoiceKind::kLatestStart:
      return "no window at or below " + grams(*job.max_intensity) + " g/kWh with a start by " +
             time_text(job.latest) + ", so it is planned at its latest start" + against_now(plan);
    case ChoiceKind::kAfterLatest:
      return "no room before its latest start " + time_text(job.latest) +
             ", so it takes the earliest room after it";
    case ChoiceKind::kQueue:
      return queue_note(input, lanes, job, plan);
    case ChoiceKind::kNeverFits:
      return std::string{"needs more than "} + (lanes.sites() > 1 ? "any site" : "this machine") +
             " has; cancel it or give it fewer resources";
  }
  return "";
}

}  // namespace

std::string note_of(PlanInput const& input, Lanes const& lanes, WaitingJob const& job, Choice const& choice,
                    Plan const& plan) {
  std::string note = sentence(input, lanes, job, choice, plan);
  if (lanes.sites() > 1 && choice.kind != ChoiceKind::kNeverFits)
    note += "; on " + input.sites[lanes.site(choice.lane)].name;
  return note;
}

}  // namespace greenq::core
