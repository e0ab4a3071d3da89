#include "store/savings.hpp"

#include <algorithm>
#include <unordered_map>

#include "core/plan/plain_jobs.hpp"
#include "store/rows.hpp"

namespace greenq::store {

char const kAroundSql[] =
    "SELECT j.id FROM footprints f INDEXED BY footprints_ended CROSS JOIN jobs j ON j.id = f.job"
    " WHERE f.ended_at >= ?1 AND f.ended_at < ?2 AND j.submitted_at < ?3"
    " UNION SELECT id FROM jobs INDEXED BY jobs_unsettled"
    " WHERE state >= 5 AND settled = 0 AND ended_at >= ?1 AND ended_at < ?2 AND submitted_at < ?3"
    " UNION SELECT id FROM jobs INDEXED BY jobs_live WHERE state <= 4 AND submitted_at < ?3"
    " ORDER BY 1 LIMIT ?4";

char const kEarliestSql[] =
    "SELECT min(submitted_at) FROM (SELECT j.submitted_at FROM footprints f INDEXED BY footprints_ended"
    " CROSS JOIN jobs j ON j.id = f.job WHERE f.ended_at >= ?1 AND f.ended_at < ?2"
    " UNION ALL SELECT submitted_at FROM jobs INDEXED BY jobs_unsettled"
    " WHERE state >= 5 AND settled = 0 AND ended_at >= ?1 AND ended_at < ?2)";

namespace {

// The jobs around the period, and which of them the filter chose, by the same index.
struct Around {
  std::vector<core::QueuedOnce> jobs;
  std::vector<bool> wanted;
};

core::Instant earliest_submission(Db& db, core::Interval ended) {
  Statement row = db.prepare(kEarliestSql);
  row.bind(core::to_ms(ended.begin)).bind(core::to_ms(ended.end));
  if (!row.step() || row.null(0)) return ended.begin;
  return std::clamp(core::from_ms(row.integer(0)), ended.begin - kSavingsMargin, ended.begin);
}

// Of holds by hand. One that the daemon put on it for a missed bound is none: a plain queue would not have.
std::optional<core::Instant> last_release(Db& db, core::Job const& job) {
  if (job.bound_waived && job.spec->carbon.on_missed == core::OnMissed::kHold) return std::nullopt;
  Statement row =
      db.prepare("SELECT max(at) FROM events INDEXED BY events_job WHERE job = ? AND kind = ? AND at <= ?");
  core::Instant const start = job.started_at.value_or(core::Instant::max());
  row.bind(sql_id(job.id))
      .bind(static_cast<std::int64_t>(core::JobEventKind::kUnheld))
      .bind(core::to_ms(start));
  if (row.step() && !row.null(0)) return core::from_ms(row.integer(0));
  // Events are not kept for ever: then its start is what is known of the end of the hold.
  return job.spec->hold ? job.started_at : std::nullopt;
}

core::Result<Around> read_around(Db& db, app::SavingsQuery const& query) {
  Statement row = db.prepare(kAroundSql);
  row.bind(core::to_ms(earliest_submission(db, query.ended)))
      .bind(core::to_ms(query.ended.end + kSavingsMargin))
      .bind(core::to_ms(query.ended.end))
      .bind(static_cast<std::int64_t>(kSavingsJobsMax) + 1);
  Around around;
  while (row.step()) {
    if (around.jobs.size() == kSavingsJobsMax) {
      return core::fail(core::ErrorCode::kInvalidArgument, "TOO_MANY_JOBS",
                        "More than " + std::to_string(kSavingsJobsMax) +
                            " jobs would compete in the plain queue; choose a shorter period.");
    }
    auto const job = find_job(db, job_id(row.integer(0)));
    if (!job) continue;
    around.jobs.push_back(core::queued_once(*job, query.capacity, last_release(db, *job), query.now));
    around.wanted.push_back((query.project.empty() || query.project == job->spec->project) &&
                            (query.owner.empty() || query.owner == job->owner.name));
  }
  return around;
}

core::Interval span_of(std::vector<core::EnergySlice> const& slices) {
  core::Interval span{core::Instant::max(), core::Instant::min()};
  for (core::EnergySlice const& slice : slices) {
    span.begin = std::min(span.begin, slice.interval.begin);
    span.end = std::max(span.end, slice.interval.end);
  }
  return span;
}

// One kind of intensity over all runs. Where past figures do not reach, a job is priced as footprints are.
class KindPrices {
 public:
  KindPrices(Db& db, Prices const& prices, core::SignalKind kind, core::Interval whole)
      : db_(db), prices_(prices), kind_(kind), whole_(curve_for(db, prices, kind, whole, core::Span{0})) {}

  core::SavingsSum::Priced price(std::vector<core::EnergySlice> const& actual,
                                 std::vector<core::EnergySlice> const& plain) const {
    core::Interval const run = span_of(actual);
    core::Interval const moved = span_of(plain);
    if (was_measured(run) && was_measured(moved)) return with(whole_, actual, plain);
    return with(curve_for(db_, prices_, kind_, run, moved.begin - run.begin), actual, plain);
  }

 private:
  bool was_measured(core::Interval interval) const {
    auto const worst = whole_.curve.worst_state(interval);
    return worst && *worst <= core::PointState::kEstimated;
  }
  core::SavingsSum::Priced with(PricedCurve const& priced, std::vector<core::EnergySlice> const& actual,
                                std::vector<core::EnergySlice> const& plain) const {
    std::int64_t const pue = prices_.site.pue_milli;
    return {core::price(actual, kind_, priced.curve, priced.source, pue, std::nullopt),
            core::price(plain, kind_, priced.curve, priced.source, pue, std::nullopt)};
  }

  Db& db_;
  Prices const& prices_;
  core::SignalKind kind_;
  PricedCurve whole_;
};

struct Compared {
  core::QueuedOnce const* job;
  core::Interval plain;  // its run in the plain queue
};

// Chosen jobs that ended in the period and are in both queues; counts the others.
std::vector<Compared> choose(Around const& around,
                             std::unordered_map<core::JobId, core::Interval> const& plain,
                             core::Interval ended, core::SavingsSum& sum) {
  std::vector<Compared> compared;
  for (std::size_t i = 0; i < around.jobs.size(); ++i) {
    core::QueuedOnce const& job = around.jobs[i];
    if (!around.wanted[i]) continue;
    if (!job.end) {
      sum.leave_out(core::LeftOut::kNotEnded);
    } else if (!ended.contains(*job.end)) {
      continue;
    } else if (job.ran.empty()) {
      sum.leave_out(core::LeftOut::kNeverRan);
    } else if (!job.competes) {
      sum.leave_out(core::LeftOut::kDoesNotFit);
    } else {
      compared.push_back({&job, plain.at(job.plain.id)});
    }
  }
  return compared;
}

core::Interval whole_of(std::vector<Compared> const& compared) {
  core::Interval whole{core::Instant::max(), core::Instant::min()};
  for (Compared const& one : compared) {
    whole.begin = std::min({whole.begin, one.job->ran.front().begin, one.plain.begin});
    whole.end = std::max({whole.end, one.job->ran.back().end, one.plain.end});
  }
  return whole;
}

void add(Db& db, Compared const& one, KindPrices const& marginal, KindPrices const& average,
         core::SavingsSum& sum) {
  core::QueuedOnce const& job = *one.job;
  core::Instant const submitted = job.plain.submitted;
  sum.compare(job.bound, {submitted, job.ran.front().begin, job.ran.back().end, job.length()},
              {submitted, one.plain.begin, one.plain.end, one.plain.length()});
  std::vector<core::EnergySlice> const slices = read_slices(db, job.plain.id);
  core::EnergyTotal energy;
  for (core::EnergySlice const& slice : slices) energy.add(slice);
  if (energy.parts.empty()) return sum.leave_out(core::LeftOut::kEnergyUnknown);
  std::vector<core::EnergySlice> const moved = core::moved_profile(slices, job.ran, one.plain.begin);
  sum.price(submitted, energy, marginal.price(slices, moved), average.price(slices, moved));
}

}  // namespace

core::Result<core::Savings> savings(Db& db, Prices const& prices, app::SavingsQuery const& query) {
  if (query.ended.length() > app::kSavingsPeriodMax) {
    return core::fail(core::ErrorCode::kInvalidArgument, "PERIOD_TOO_LONG",
                      "A period has at most 366 days; choose a shorter one.");
  }
  auto const around = read_around(db, query);
  if (!around) return tl::unexpected(around.error());
  std::vector<core::PlainJob> const competing = core::competitors(around->jobs);
  std::vector<core::Interval> const runs = core::plain_queue(query.capacity, competing);
  std::unordered_map<core::JobId, core::Interval> plain;
  for (std::size_t i = 0; i < runs.size(); ++i) plain[competing[i].id] = runs[i];
  core::SavingsSum sum(query.ended);
  std::vector<Compared> const compared = choose(*around, plain, query.ended, sum);
  if (!compared.empty()) {
    core::Interval const whole = whole_of(compared);
    KindPrices const marginal(db, prices, core::SignalKind::kMarginal, whole);
    KindPrices const average(db, prices, core::SignalKind::kAverage, whole);
    for (Compared const& one : compared) add(db, one, marginal, average, sum);
  }
  return std::move(sum).take(static_cast<std::int64_t>(competing.size()));
}

}  // namespace greenq::store
