#include "simulate/history.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "core/carbon/utc_text.hpp"
#include "core/plan/fast_slots.hpp"
#include "sim/engine.hpp"
#include "simulate/figures.hpp"

namespace greenq::simulate {
namespace {

using core::Instant;
using core::Interval;
using core::PastJob;
using core::SignalKind;
using core::Span;

constexpr Span kLongestGapToLearnOver{std::chrono::hours{24}};
constexpr int kMostUnknownPercent = 25;
constexpr std::int64_t kMostSteps = 2'000'000;

double hours(Span span) {
  return static_cast<double>(span.count()) / 3'600'000;
}

std::string span_text(Interval interval) {
  return core::utc_text(interval.begin) + " to " + core::utc_text(interval.end);
}

bool mostly_known(Gaps const& gaps, Interval judged) {
  return gaps.borrowed * 100 <= judged.length() * kMostUnknownPercent;
}

tl::unexpected<core::Error> none_stored(Ledger const& ledger, SignalKind kind) {
  core::History const& history = ledger.history;
  std::string text = "no figures that were measured are stored";
  if (!history.zone.empty())
    text = fmt::format("no {} figures that were measured in that time are stored for zone {}",
                       core::to_string(kind), history.zone);
  for (auto const& [other, signal] : history.signals)
    text += fmt::format("; {} ones are (--kind {})", core::to_string(other), core::to_string(other));
  if (history.signals.empty()) text += "; `greenq feeds` says what the feeds give";
  return core::fail(core::ErrorCode::kFailedPrecondition, "NO_SIGNALS",
                    ledger.database + ": " + text + ", or give a file with --carbon");
}

SignalKind kind_of(Ledger const& ledger, std::optional<SignalKind> kind) {
  if (kind) return *kind;
  if (ledger.signal == core::SiteSignalChoice::kAverage) return SignalKind::kAverage;
  bool const only_average = ledger.signal == core::SiteSignalChoice::kNone &&
                            !ledger.history.signals.contains(SignalKind::kMarginal);
  return only_average && ledger.history.signals.contains(SignalKind::kAverage) ? SignalKind::kAverage
                                                                               : SignalKind::kMarginal;
}

// As far as it goes in equal steps.
sim::Issue even_issue(core::PastSignal::Issue const& issue) {
  sim::Issue out;
  out.issued = issue.issued_at;
  Interval at = issue.points.front().interval;
  out.first = at.begin - issue.issued_at;
  out.step = at.length();
  core::Curve const curve{issue.points};
  for (; auto const mean = curve.mean(at); at = {at.end, at.end + out.step}) out.values.push_back(*mean);
  return out;
}

void take_other_kind(core::PastSignal const& signal, Interval judged, sim::Instance& instance,
                     HistoryFacts& facts) {
  char const* const kind = core::to_string(signal.source.kind);
  if (Figures::steps_of(signal.actuals) > kMostSteps) return;
  Figures const figures{signal.actuals};
  Gaps const gaps = figures.gaps(judged);
  if (figures.span().empty() || !mostly_known(gaps, judged)) {
    facts.notes.push_back(fmt::format("The {} book is left out: of {:.1f} h, {:.1f} h are not stored.", kind,
                                      hours(judged.length()), hours(gaps.borrowed)));
    return;
  }
  instance.other = figures.series({figures.step_begin(instance.begin()), instance.end()});
  instance.other_kind = signal.source.kind;
  if (gaps.total() > Span{0})
    facts.notes.push_back(fmt::format("Of the {} book {:.1f} h were not stored and are filled likewise.",
                                      kind, hours(gaps.total())));
}

// Why a job cannot be taken; empty: it can.
std::string refusal(PastJob const& job, std::uint32_t units, Interval window, sim::Instance const& instance) {
  if (!core::is_terminal(job.state)) return "still queued, running or paused";
  if (job.runs.empty()) return "never ran";
  if (job.held) return "submitted on hold";
  if (job.runs.back().end > window.end) return "ended after that time";
  if (units == 0) return "without a " + instance.unit;
  if (units > instance.cluster_gpus) return "larger than the cluster";
  if (job.energy.value <= 0) return "without metered energy";
  if (job.ready < instance.begin()) return "before the first figure of intensity";
  if (job.ready >= instance.end()) return "after the last figure of intensity";
  return {};
}

class JobTaker {
 public:
  JobTaker(Ledger const& ledger, Interval window, sim::Instance& instance, HistoryFacts& facts)
      : ledger_(ledger),
        window_(window),
        instance_(instance),
        facts_(facts),
        grid_(core::grid_for(instance.truth.step(), instance.begin())) {
    for (PastJob const& job : ledger.history.jobs) {
      if (!job.runs.empty()) ends_[job.id] = job.runs.back().end;
    }
  }

  void take() {
    std::vector<PastJob const*> taken;
    for (PastJob const& job : ledger_.history.jobs) {
      std::string const why = refusal(job, units(job), window_, instance_);
      if (why.empty()) taken.push_back(&job);
      if (!why.empty()) ++facts_.left_out[why];
    }
    std::stable_sort(taken.begin(), taken.end(),
                     [&](PastJob const* a, PastJob const* b) { return comes(*a) < comes(*b); });
    std::vector<core::JobId> open;
    for (PastJob const* const job : taken) {
      sim::SimJob const made = sim_job(*job);
      if (!job->shifts || !job->latest_start) open.push_back(made.id);
      instance_.jobs.push_back(made);
      facts_.recorded.segments.push_back(job->runs);
    }
    instance_.step = grid_.slot;
    instance_.power_per_gpu = {1};  // draws are in mW
    set_deadlines(instance_, open);
    for (sim::SimJob& job : instance_.jobs)
      job.deadline = grid_.begin_of(grid_.from(job.deadline)) + grid_.slot;
    note_power();
    note_crowd();
  }

 private:
  std::uint32_t units(PastJob const& job) const { return instance_.unit == "GPU" ? job.gpus : job.cpus; }

  Instant comes(PastJob const& job) const {
    Instant ready = job.ready;
    for (core::JobId const id : job.after) {
      if (auto const found = ends_.find(id); found != ends_.end()) ready = std::max(ready, found->second);
    }
    ready = std::min(ready, job.runs.front().begin);
    return std::max(grid_.begin_of(grid_.holding(ready)), instance_.begin());
  }

  sim::SimJob sim_job(PastJob const& job) const {
    sim::SimJob out;
    out.id = instance_.jobs.size() + 1;
    out.name = std::to_string(job.id);
    out.user = job.user;
    out.submit = comes(job);
    out.duration = core::running_time(job);
    out.estimate = job.expected;
    out.gpus = units(job);
    out.interruptible = job.interruptible;
    if (job.latest_start) out.deadline = std::max(*job.latest_start, out.submit) + out.duration;
    // mJ over ms are W, of which a PUE in thousandths makes mW.
    out.own_draw = std::max<std::int64_t>(
        1, core::divide_half_even(static_cast<__int128>(job.energy.value) * ledger_.pue_milli,
                                  out.duration.count()));
    return out;
  }

  void note_power() {
    double energy = 0;
    double held = 0;
    for (sim::SimJob const& job : instance_.jobs) {
      energy += static_cast<double>(*job.own_draw) * hours(job.duration);
      held += job.gpus * hours(job.duration);
    }
    if (held > 0) facts_.mean_power = {std::llround(energy / held)};
  }

  // A ledger of another machine, or of one that has changed.
  void note_crowd() {
    std::vector<std::pair<Instant, std::int64_t>> changes;
    for (sim::SimJob const& job : instance_.jobs) {
      for (Interval const& run : facts_.recorded.segments[job.id - 1]) {
        changes.emplace_back(run.begin, job.gpus);
        changes.emplace_back(run.end, -std::int64_t{job.gpus});
      }
    }
    std::sort(changes.begin(), changes.end());
    std::int64_t used = 0;
    std::int64_t most = 0;
    for (auto const& [at, change] : changes) most = std::max(most, used += change);
    if (most <= instance_.cluster_gpus) return;
    facts_.notes.push_back(
        fmt::format("{} {}s were in use at once, more than the cluster is taken to have; say how many there "
                    "were with --{}s.",
                    most, instance_.unit, instance_.unit == "GPU" ? "gpu" : "cpu"));
  }

  Ledger const& ledger_;
  Interval window_;
  sim::Instance& instance_;
  HistoryFacts& facts_;
  core::SlotGrid grid_;
  std::map<core::JobId, Instant> ends_;
};

}  // namespace

std::string left_out_text(HistoryFacts const& facts) {
  std::string text;
  for (auto const& [why, count] : facts.left_out) text += fmt::format("; {} {}", count, why);
  return text;
}

void set_deadlines(sim::Instance& instance, std::vector<core::JobId> const& of) {
  auto const policy = sim::make_policy("easy", instance, nullptr);
  sim::Schedule const base = sim::run(instance, *policy).schedule;
  for (core::JobId const id : of) {
    sim::SimJob& job = instance.jobs[id - 1];
    job.deadline = std::max(job.submit + job.duration + instance.slack, base.segments[id - 1].back().end);
  }
}

core::Result<Capacity> capacity_of(Ledger const& ledger, std::uint32_t gpus, std::uint32_t cpus) {
  if (gpus > 0) return Capacity{"GPU", gpus, "--gpus"};
  if (cpus > 0) return Capacity{"CPU", cpus, "--cpus"};
  if (ledger.gpus > 0) return Capacity{"GPU", ledger.gpus, "this machine"};
  auto const& jobs = ledger.history.jobs;
  auto const on_gpus = std::count_if(jobs.begin(), jobs.end(), [](auto const& job) { return job.gpus > 0; });
  if (on_gpus == 0) return Capacity{"CPU", ledger.cpus, ledger.cpus_from};
  return core::fail(
      core::ErrorCode::kFailedPrecondition, "NO_CAPACITY",
      fmt::format(
          "{} jobs of the ledger used GPUs and this machine has none; say how many there were with --gpus",
          on_gpus));
}

core::Result<void> take_signals(Ledger const& ledger, Interval window, std::optional<SignalKind> wanted,
                                sim::Instance& instance, HistoryFacts& facts) {
  SignalKind const kind = kind_of(ledger, wanted);
  auto const found = ledger.history.signals.find(kind);
  if (found == ledger.history.signals.end()) return none_stored(ledger, kind);
  core::PastSignal const& signal = found->second;
  if (Figures::steps_of(signal.actuals) > kMostSteps) {
    return core::fail(core::ErrorCode::kFailedPrecondition, "TOO_MANY_STEPS",
                      ledger.database +
                          ": the figures of that time are of a recording that was played fast, with "
                          "more steps than can be simulated; choose a shorter time");
  }
  Figures const figures{signal.actuals};
  Interval const judged{std::max(figures.step_begin(window.begin), figures.span().begin), figures.span().end};
  if (judged.empty()) return none_stored(ledger, kind);
  Gaps const gaps = figures.gaps(judged);
  if (!mostly_known(gaps, judged)) {
    return core::fail(
        core::ErrorCode::kFailedPrecondition, "TOO_MANY_GAPS",
        fmt::format("{}: of the {} intensity from {} only {:.1f} of {:.1f} h are stored; choose "
                    "another time with --since and --until, or give a file with --carbon",
                    ledger.database, core::to_string(kind), span_text(judged),
                    hours(judged.length() - gaps.borrowed), hours(judged.length())));
  }
  instance.kind = kind;
  instance.truth = figures.series(judged);
  Instant const past = figures.after_gap(kLongestGapToLearnOver, judged.begin);
  if (past < judged.begin) instance.history = figures.series({past, judged.begin});
  for (core::PastSignal::Issue const& issue : signal.issues) {
    if (!issue.points.empty()) instance.issues.push_back(even_issue(issue));
  }
  facts.zone = ledger.history.zone;
  facts.intensity_from = signal.source.label;
  facts.priced = judged.length();
  facts.bridged = gaps.bridged;
  facts.borrowed = gaps.borrowed;
  if (figures.step() < core::kFastStep)
    facts.notes.emplace_back(
        "The figures are of a recording that is played faster than time; --forecast perfect sees what the "
        "daemon "
        "saw.");
  for (auto const& [other, stored] : ledger.history.signals) {
    if (other != kind) take_other_kind(stored, judged, instance, facts);
  }
  return {};
}

core::Result<void> take_past_jobs(Ledger const& ledger, Interval window, sim::Instance& instance,
                                  HistoryFacts& facts) {
  JobTaker{ledger, window, instance, facts}.take();
  facts.own_jobs = true;
  if (!instance.jobs.empty()) return {};
  std::string const text =
      ledger.history.jobs.empty() ? "no job was submitted" : "no job can be simulated that was submitted";
  return core::fail(core::ErrorCode::kFailedPrecondition, "NO_JOBS",
                    fmt::format("{}: {} from {}", ledger.database, text, span_text(window)) +
                        left_out_text(facts) +
                        "; choose another time with --since and --until, or give a file with --jobs");
}

}  // namespace greenq::simulate
