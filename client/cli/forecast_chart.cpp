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
  // Mean 10th and 90th percentile, where all of the known part has them.
  std::optional<std::pair<double, double>> spread{};
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
  double low = 0;
  double high = 0;
  bool spread = true;
  std::int64_t covered = 0;
  for (auto const& point : forecast.points()) {
    auto const from = std::max(row.begin, instant(point.start_time()));
    auto const to = std::min(row.end, instant(point.end_time()));
    if (to <= from) continue;
    auto const weight = static_cast<double>((to - from).count());
    sum += static_cast<double>(point.mg_per_kwh()) * weight;
    low += static_cast<double>(point.low_mg_per_kwh()) * weight;
    high += static_cast<double>(point.high_mg_per_kwh()) * weight;
    spread = spread && point.has_low_mg_per_kwh() && point.has_high_mg_per_kwh();
    covered += (to - from).count();
    row.worst = std::max(row.worst, point.state());
  }
  if (covered == 0) return;
  auto const whole = static_cast<double>(covered);
  row.mg = sum / whole;
  if (spread) row.spread = std::pair{low / whole, high / whole};
}

bool overlaps(Row const& row, v1::PlannedWindow const& window) {
  return instant(window.start_time()) < row.end && row.begin < instant(window.end_time());
}

void mark(Row& row, v1::Plan const& plan) {
  if (plan.segments_size() == 0) row.chosen = plan.has_chosen() && overlaps(row, plan.chosen());
  for (auto const& segment : plan.segments()) row.chosen = row.chosen || overlaps(row, segment);
}

// Rows begin at full steps (12:00, 12:15), only the first one at the moment of asking.
std::vector<Row> rows_of(v1::GetForecastResponse const& forecast, ChartOptions const& options,
                         Milliseconds step) {
  std::vector<Row> rows;
  auto const late =
      step < std::chrono::minutes(1) ? Milliseconds(0) : options.begin.time_since_epoch() % step;
  for (auto at = options.begin - late; at < options.end; at += step) {
    Row row{std::max(at, options.begin),
            std::min(at + step, options.end),
            std::nullopt,
            std::nullopt,
            v1::POINT_STATE_UNSPECIFIED,
            false};
    fill(row, forecast);
    if (options.plan) mark(row, *options.plan);
    rows.push_back(row);
  }
  return rows;
}

std::string label(Row const& row, Milliseconds step, UtcTime now) {
  if (step < std::chrono::minutes(1)) return relative_time(std::max(row.begin, now), now);
  return row.begin == now ? "now" : local_time(row.begin, now);
}

bool is_forecast(v1::PointState state) {
  return state == v1::POINT_STATE_FORECAST || state == v1::POINT_STATE_ACTUAL;
}

// What all known rows are, when it is not a forecast and the same for all.
std::optional<v1::PointState> common_state(std::vector<Row> const& rows) {
  std::optional<v1::PointState> common;
  for (auto const& row : rows) {
    if (!row.mg) continue;
    if (is_forecast(row.worst) || (common && *common != row.worst)) return std::nullopt;
    common = row.worst;
  }
  return common;
}

// Where the rest is unknown; rows.size() when the last row is known.
std::size_t known_rows(std::vector<Row> const& rows) {
  auto count = rows.size();
  while (count > 0 && !rows[count - 1].mg) --count;
  return count;
}

std::string title(v1::SignalSource const& source, std::optional<v1::PointState> common, UtcTime now,
                  Style style) {
  auto out = style.bold(kind_title(source.kind()) + " carbon intensity" +
                        (source.zone().empty() ? "" : " of " + safe(source.zone())) +
                        ", g CO2e/kWh, times in " + zone_name(now)) +
             '\n';
  auto const& origin = source.label().empty() ? source.provider() : source.label();
  out += "Source: " + (origin.empty() ? "not named" : safe(origin)) + source_age(source, now);
  if (common) out += "; every figure is a " + point_state_text(*common) + ", not a forecast";
  return out + '\n';
}

std::string learned_text(std::int64_t hours) {
  return hours < 48 ? fmt::format("{} h", hours) : fmt::format("{} days", hours / 24);
}

std::string spread_text(std::pair<double, double> const& spread) {
  return intensity_text(static_cast<std::int64_t>(spread.first)) + " to " +
         intensity_text(static_cast<std::int64_t>(spread.second));
}

std::string legend(v1::Plan const& plan, UtcTime now) {
  auto text =
      std::string(plan.not_shifted_reason().empty() ? "> best window: " : "> not shifted, so it would run ") +
      window_text(plan.chosen(), now);
  if (plan.segments_size() > 1) text += fmt::format(" in {} parts", plan.segments_size());
  if (plan.chosen().known()) {
    text +=
        ", " + intensity_text(plan.chosen().mean_mg_per_kwh()) + " g/kWh " + kind_text(plan.source().kind());
  }
  if (plan.now().known()) text += ", " + intensity_text(plan.now().mean_mg_per_kwh()) + " if started now";
  return text + '\n';
}

}  // namespace

std::string forecast_chart(v1::GetForecastResponse const& forecast, ChartOptions const& options, UtcTime now,
                           Style style) {
  auto const step = step_of(options.end - options.begin, options.rows);
  auto const rows = rows_of(forecast, options, step);
  auto const common = common_state(rows);
  auto const known = known_rows(rows);
  double top = 1;
  std::size_t width = 0;
  for (auto const& row : rows) {
    top = std::max(top, row.mg.value_or(0));
    width = std::max(width, label(row, step, now).size());
  }
  bool const spreads =
      std::any_of(rows.begin(), rows.end(), [](Row const& row) { return row.spread.has_value(); });
  auto const room = std::clamp(options.columns - static_cast<int>(width) - (spreads ? 40 : 26), 10, 60);
  auto out = title(forecast.source(), common, now, style);
  for (std::size_t i = 0; i < std::min(known + 1, rows.size()); ++i) {
    auto const& row = rows[i];
    out += fmt::format("{} {:>{}}  ", row.chosen ? '>' : ' ', label(row, step, now), width);
    if (!row.mg) {
      out += i == known && known + 1 < rows.size() ? "unknown from here on\n" : "unknown\n";
      continue;
    }
    auto const drawn = bar(*row.mg / top, room, options.utf8);
    out += fmt::format("{:>5} ", intensity_text(static_cast<std::int64_t>(*row.mg)));
    out += row.chosen ? style.green(drawn) : drawn;
    if (row.spread) out += ' ' + style.dim(spread_text(*row.spread));
    if (!common && !is_forecast(row.worst)) out += ' ' + style.dim(point_state_text(row.worst));
    out += '\n';
  }
  if (spreads) out += "\"to\": four of five hours fall between these figures.\n";
  if (forecast.learned_hours() > 0) {
    out += fmt::format("Corrected by {} of what was measured.\n", learned_text(forecast.learned_hours()));
  }
  if (options.plan && options.plan->has_chosen()) out += legend(*options.plan, now);
  if (!forecast.source().attribution().empty())
    out += "Data: " + safe(forecast.source().attribution()) + '\n';
  return out;
}

}  // namespace greenq::client
