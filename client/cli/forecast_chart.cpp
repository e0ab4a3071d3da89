#include "client/cli/forecast_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "client/cli/format.hpp"
#include "client/cli/plan_text.hpp"

namespace greenq::client {
namespace {

struct Row {
  UtcTime begin;
  UtcTime end;
  std::optional<double> mg;  // mean over the known part
  v1::PointState worst = v1::POINT_STATE_UNSPECIFIED;
  bool chosen = false;
};

// The smallest pleasant step that needs at most `rows` lines.
Milliseconds step_of(Milliseconds length, int rows) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  static constexpr std::array<Milliseconds, 16> kSteps{
      seconds(1),  seconds(2),  seconds(5), seconds(10), seconds(30), minutes(1), minutes(5), minutes(10),
      minutes(15), minutes(30), hours(1),   hours(2),    hours(3),    hours(6),   hours(12),  hours(24)};
  for (auto const step : kSteps) {
    if (step * rows >= length) return step;
  }
  return length / rows + Milliseconds(1);
}

void fill(Row& row, v1::GetForecastResponse const& forecast) {
  double sum = 0;
  std::int64_t covered = 0;
  for (auto const& point : forecast.points()) {
    auto const from = std::max(row.begin, instant(point.start_time()));
    auto const to = std::min(row.end, instant(point.end_time()));
    if (to <= from) continue;
    sum += static_cast<double>(point.mg_per_kwh()) * static_cast<double>((to - from).count());
    covered += (to - from).count();
    row.worst = std::max(row.worst, point.state());
  }
  if (covered > 0) row.mg = sum / static_cast<double>(covered);
}

bool overlaps(Row const& row, v1::PlannedWindow const& window) {
  return instant(window.start_time()) < row.end && row.begin < instant(window.end_time());
}

void mark(Row& row, v1::Plan const& plan) {
  if (plan.segments_size() == 0) row.chosen = plan.has_chosen() && overlaps(row, plan.chosen());
  for (auto const& segment : plan.segments()) row.chosen = row.chosen || overlaps(row, segment);
}

std::vector<Row> rows_of(v1::GetForecastResponse const& forecast, ChartOptions const& options) {
  auto const step = step_of(options.end - options.begin, options.rows);
  std::vector<Row> rows;
  for (auto at = options.begin; at < options.end; at += step) {
    Row row{at, std::min(at + step, options.end), std::nullopt, v1::POINT_STATE_UNSPECIFIED, false};
    fill(row, forecast);
    if (options.plan) mark(row, *options.plan);
    rows.push_back(row);
  }
  return rows;
}

std::string label(UtcTime at, Milliseconds step, UtcTime now) {
  if (step < std::chrono::minutes(1)) return relative_time(std::max(at, now), now);
  return local_time(at, now);
}

std::string legend(v1::Plan const& plan, UtcTime now) {
  auto text = "> chosen window " + window_text(plan.chosen(), now);
  if (plan.segments_size() > 1) text += fmt::format(" in {} parts", plan.segments_size());
  if (plan.chosen().known()) text += ": " + intensity_text(plan.chosen().mean_mg_per_kwh()) + " g/kWh";
  if (plan.now().known()) text += ", " + intensity_text(plan.now().mean_mg_per_kwh()) + " if started now";
  return text + '\n';
}

}  // namespace

std::string forecast_chart(v1::GetForecastResponse const& forecast, ChartOptions const& options, UtcTime now,
                           Style style) {
  auto const rows = rows_of(forecast, options);
  auto const step = rows.empty() ? Milliseconds(0) : rows.front().end - rows.front().begin;
  double top = 1;
  std::size_t width = 0;
  for (auto const& row : rows) {
    top = std::max(top, row.mg.value_or(0));
    width = std::max(width, label(row.begin, step, now).size());
  }
  auto const room = std::clamp(options.columns - static_cast<int>(width) - 26, 10, 60);
  auto out = style.bold("Carbon intensity, g CO2e/kWh (" + source_text(forecast.source(), now) +
                        "), times in " + zone_name(now)) +
             '\n';
  for (auto const& row : rows) {
    out += fmt::format("{} {:>{}}  ", row.chosen ? '>' : ' ', label(row.begin, step, now), width);
    if (!row.mg) {
      out += "unknown\n";
      continue;
    }
    auto const drawn = bar(*row.mg / top, room, options.utf8);
    out += fmt::format("{:>5} ", intensity_text(static_cast<std::int64_t>(*row.mg)));
    out += row.chosen ? style.green(drawn) : drawn;
    if (row.worst != v1::POINT_STATE_FORECAST && row.worst != v1::POINT_STATE_ACTUAL) {
      out += ' ' + style.dim(point_state_text(row.worst));
    }
    out += '\n';
  }
  if (options.plan && options.plan->has_chosen()) out += legend(*options.plan, now);
  if (!forecast.not_shifted_reason().empty())
    out += "Jobs are not shifted: " + safe(forecast.not_shifted_reason()) + '\n';
  if (!forecast.source().attribution().empty()) out += safe(forecast.source().attribution()) + '\n';
  return out;
}

}  // namespace greenq::client
