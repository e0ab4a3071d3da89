#include "store/pricing.hpp"

#include <algorithm>

#include "store/codec.hpp"
#include "store/rows.hpp"
#include "store/signals.hpp"

namespace greenq::store {
namespace {

using Points = std::vector<core::IntensityPoint>;

constexpr core::Span kLongestPoint = std::chrono::hours{24};

Points issue_before(Db& db, std::int64_t source, core::Instant moment) {
  Statement row = db.prepare(
      "SELECT points FROM forecasts WHERE source = ? AND issued_at <= ?"
      " ORDER BY issued_at DESC, received_at DESC LIMIT 1");
  row.bind(source).bind(core::to_ms(moment));
  return row.step() ? decode_points(row.blob(0)) : Points();
}

// What a recording that is played says of now: it is no issue, and not over yet.
Points newest_given(Db& db, std::int64_t source) {
  Statement row = db.prepare("SELECT latest FROM signal_sources WHERE id = ? AND latest <> ''");
  row.bind(source);
  if (!row.step()) return {};
  core::Signal signal = decode_signal(row.text(0));
  return signal.as_given && signal.issue_time_is_receipt ? std::move(signal.points) : Points();
}

core::Span run_time(core::Job const& job, std::vector<core::EnergySlice> const& slices) {
  core::Instant last{};
  for (core::EnergySlice const& slice : slices) last = std::max(last, slice.interval.end);
  core::Span total{0};
  for (core::Attempt const& attempt : job.attempts) {
    for (core::Segment const& segment : attempt.segments) {
      core::Instant const end = segment.end.value_or(std::max(last, segment.begin));
      total += std::max(end - segment.begin, core::Span{0});
    }
  }
  return total;
}

}  // namespace

PricedCurve curve_for(Db& db, Prices const& prices, core::SignalKind kind, core::Interval run,
                      core::Span shift) {
  core::Interval const whole{std::min(run.begin, run.begin + shift), std::max(run.end, run.end + shift)};
  std::vector<StoredSource> const feeds = sources_of(db, prices.site.zone, kind);
  Points points;
  std::optional<core::SignalSource> best;
  auto const fill = [&](StoredSource const& feed, Points const& more) {
    std::size_t const before = points.size();
    points = core::fill_gaps(points, more, whole);
    if (!best && points.size() > before) best = feed.source;
  };
  for (StoredSource const& feed : feeds)
    fill(feed, measured(db, feed.id, {whole.begin - kLongestPoint, whole.end}));
  for (StoredSource const& feed : feeds) {
    if (!core::Curve(points).covered(whole)) fill(feed, newest_given(db, feed.id));
  }
  for (StoredSource const& feed : feeds)
    fill(feed, core::fill_gaps({}, issue_before(db, feed.id, run.begin), run));
  for (StoredSource const& feed : feeds) fill(feed, issue_before(db, feed.id, whole.begin));
  for (StoredSource const& feed : feeds) fill(feed, issue_before(db, feed.id, whole.end));
  // A feed that is silent now may still deliver: its name keeps the book provisional.
  if (!best && !feeds.empty()) best = feeds.front().source;
  for (core::Profile const& profile : prices.profiles) {
    if (profile.source.kind != kind || profile.source.zone != prices.site.zone) continue;
    points = core::fill_gaps(points, core::climatology(profile, whole), whole);
    if (!best) best = profile.source;
    break;
  }
  for (core::YearlyFactor const& factor : prices.factors) {
    if (factor.source.kind != kind || factor.source.zone != prices.site.zone) continue;
    points = core::fill_gaps(points, {{whole, factor.value, core::PointState::kConstant}}, whole);
    if (!best) best = factor.source;
    break;
  }
  return {core::Curve(std::move(points)), std::move(best)};
}

core::Footprint price_job(Db& db, Prices const& prices, core::Job const& job) {
  std::vector<core::EnergySlice> const slices = read_slices(db, job.id);
  core::Footprint footprint;
  footprint.marginal.kind = core::SignalKind::kMarginal;
  footprint.average.kind = core::SignalKind::kAverage;
  footprint.run = run_time(job, slices);
  core::Interval run{core::Instant::max(), core::Instant::min()};
  for (core::EnergySlice const& slice : slices) {
    footprint.energy.add(slice);
    run.begin = std::min(run.begin, slice.interval.begin);
    run.end = std::max(run.end, slice.interval.end);
  }
  if (slices.empty()) return footprint;
  std::optional<core::Span> shift;
  if (job.started_at) shift = job.submitted_at - *job.started_at;
  for (core::Book* book : {&footprint.marginal, &footprint.average}) {
    PricedCurve const priced = curve_for(db, prices, book->kind, run, shift.value_or(core::Span{0}));
    *book = core::price(slices, book->kind, priced.curve, priced.source, prices.site.pue_milli, shift);
  }
  return footprint;
}

bool is_final(Db& db, core::Job const& job, core::Footprint const& footprint) {
  if (!core::is_terminal(job.state)) return false;
  Statement meter = db.prepare("SELECT 1 FROM meters WHERE job = ? LIMIT 1");
  meter.bind(sql_id(job.id));
  if (meter.step()) return false;
  auto const settled = [](core::Book const& book) { return !book.source || book.settled(); };
  return settled(footprint.marginal) && settled(footprint.average);
}

}  // namespace greenq::store
