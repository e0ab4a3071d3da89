#include "client/cli/plan_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "client/cli/format.hpp"
#include "client/cli/plan_text.hpp"

namespace greenq::client {
namespace {

constexpr int kRows = 6;

using Line = std::vector<std::string>;  // one cell a column

std::string joined(Line const& line) {
  std::string out;
  for (auto const& cell : line) out += cell;
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

void write(Line& line, std::size_t column, std::string_view text) {
  for (std::size_t i = 0; i < text.size() && column + i < line.size(); ++i) line[column + i] = text[i];
}

// Time cut into columns.
struct Strip {
  UtcTime begin;
  UtcTime end;
  int width;

  UtcTime at(int column) const { return begin + (end - begin) * column / width; }
  int column(UtcTime time) const {
    return std::clamp(static_cast<int>((time - begin) * width / (end - begin)), 0, width - 1);
  }
  std::size_t cells() const { return static_cast<std::size_t>(width); }
  Line blank(std::string const& cell) const { return Line(cells(), cell); }
  // Every window has one column at least.
  void paint(Line& line, v1::PlannedWindow const& window, std::string const& cell) const {
    int const first = column(instant(window.start_time()));
    int const last = std::max(first, column(instant(window.end_time()) - Milliseconds(1)));
    for (int i = first; i <= last; ++i) line[static_cast<std::size_t>(i)] = cell;
  }
};

Strip strip_of(v1::Plan const& plan, int width) {
  auto const begin = instant(plan.now().start_time());
  auto end = std::max(instant(plan.now().end_time()), instant(plan.chosen().end_time()));
  if (plan.has_latest()) end = std::max(end, instant(plan.latest().end_time()));
  for (auto const& one : plan.rejected()) end = std::max(end, instant(one.window().end_time()));
  return {begin, std::max(end, begin + Milliseconds(width)), width};
}

// Means in mg/kWh; nothing where less than half of a column is known.
std::vector<std::optional<double>> means(v1::Plan const& plan, Strip const& strip) {
  std::vector<std::optional<double>> out;
  for (int i = 0; i < strip.width; ++i) {
    double sum = 0;
    Milliseconds known{0};
    for (auto const& point : plan.curve()) {
      auto const from = std::max(strip.at(i), instant(point.start_time()));
      auto const to = std::min(strip.at(i + 1), instant(point.end_time()));
      if (to <= from) continue;
      sum += static_cast<double>(point.mg_per_kwh()) * static_cast<double>((to - from).count());
      known += to - from;
    }
    bool const enough = known.count() > 0 && known * 2 >= strip.at(i + 1) - strip.at(i);
    out.push_back(enough ? std::optional(sum / static_cast<double>(known.count())) : std::nullopt);
  }
  return out;
}

// `level` of one in that row, counted from the bottom.
std::string cell(double level, int row, bool utf8) {
  static constexpr std::array<std::string_view, 9> kEighths{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array<std::string_view, 4> kThirds{" ", ".", ":", "#"};
  auto const pick = [&](auto const& blocks) {
    auto const steps = static_cast<double>(blocks.size() - 1);
    auto const filled = std::max(1.0, std::round(level * kRows * steps)) - row * steps;
    return std::string(blocks[static_cast<std::size_t>(std::clamp(filled, 0.0, steps))]);
  };
  return utf8 ? pick(kEighths) : pick(kThirds);
}

std::string bars(std::vector<std::optional<double>> const& values, double top, std::size_t gutter,
                 bool utf8) {
  std::string out;
  for (int row = kRows - 1; row >= 0; --row) {
    Line line;
    for (auto const& value : values) {
      line.push_back(value ? cell(*value / top, row, utf8) : (row == 0 ? "?" : " "));
    }
    bool const labelled = row == kRows - 1 || row == kRows / 2 - 1;
    auto const scale = static_cast<std::int64_t>(top * (row + 1) / kRows);
    out += fmt::format("{:>{}} {}", labelled ? intensity_text(scale) : "", gutter - 2,
                       utf8 ? (labelled ? "┤" : "│") : (labelled ? "+" : "|")) +
           joined(line) + '\n';
  }
  return out;
}

Milliseconds tick_step(Strip const& strip) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  static constexpr std::array<Milliseconds, 19> kSteps{
      seconds(1), seconds(2), seconds(5),  seconds(10), seconds(20), seconds(30), minutes(1),
      minutes(2), minutes(5), minutes(10), minutes(20), minutes(30), hours(1),    hours(2),
      hours(3),   hours(6),   hours(12),   hours(24),   hours(48)};
  constexpr int kLabel = 11;  // "Mon 23:40" and room
  for (auto const step : kSteps) {
    if (step * strip.width >= (strip.end - strip.begin) * kLabel) return step;
  }
  return strip.end - strip.begin;
}

// The axis and the times below it: "now" at its left end, then full steps of local time.
std::string axis(Strip const& strip, v1::Plan const& plan, std::size_t gutter, bool utf8) {
  Line ruler = strip.blank(utf8 ? "─" : "-");
  Line labels = strip.blank(" ");
  write(labels, 0, "now");
  std::size_t free = 4;
  auto const step = tick_step(strip);
  bool const quick = step < std::chrono::minutes(1);
  auto const offset = quick ? -strip.begin.time_since_epoch() : zone_offset(strip.begin);
  auto named = strip.begin;
  auto at = strip.begin + (step - (strip.begin.time_since_epoch() + offset) % step);
  for (; at < strip.end; at += step) {
    auto const column = static_cast<std::size_t>(strip.column(at));
    auto const text = quick ? relative_time(at, strip.begin) : local_time(at, named);
    ruler[column] = utf8 ? "┬" : "+";
    if (column < free || column + text.size() > labels.size()) continue;
    write(labels, column, text);
    free = column + text.size() + 1;
    named = at;
  }
  if (plan.has_latest()) {
    ruler[static_cast<std::size_t>(strip.column(instant(plan.latest().start_time())))] = "^";
  }
  return fmt::format("{:>{}} {}", 0, gutter - 2, utf8 ? "└" : "+") + joined(ruler) + '\n' +
         std::string(gutter, ' ') + joined(labels) + '\n';
}

std::string letter(int index) {
  return std::string(1, static_cast<char>('a' + index % 26));
}

// The chosen window and the rejected ones, in one line unless they share a column.
std::string marks(Strip const& strip, v1::Plan const& plan, std::size_t gutter) {
  Line chosen = strip.blank(" ");
  Line rejected = strip.blank(" ");
  if (plan.segments_size() == 0) strip.paint(chosen, plan.chosen(), "=");
  for (auto const& segment : plan.segments()) strip.paint(chosen, segment, "=");
  for (int i = 0; i < plan.rejected_size(); ++i) strip.paint(rejected, plan.rejected(i).window(), letter(i));
  bool clash = false;
  for (std::size_t i = 0; i < strip.cells(); ++i) clash = clash || (chosen[i] != " " && rejected[i] != " ");
  std::string const left(gutter, ' ');
  if (clash) return left + joined(chosen) + '\n' + left + joined(rejected) + '\n';
  for (std::size_t i = 0; i < strip.cells(); ++i) {
    if (chosen[i] == " ") chosen[i] = rejected[i];
  }
  return left + joined(chosen) + '\n';
}

std::string list(v1::Plan const& plan, UtcTime now) {
  Table table({{""}, {""}, {"", Table::Align::kRight}, {""}});
  for (int i = 0; i < plan.rejected_size(); ++i) {
    auto const& one = plan.rejected(i);
    table.add({letter(i), window_text(one.window(), now),
               intensity_text(one.window().mean_mg_per_kwh()) + " g/kWh", words(one.message(), now)});
  }
  return table.text(false, Style{});
}

std::string legend(v1::Plan const& plan, bool gaps, UtcTime now) {
  std::string out = "= chosen";
  if (plan.has_latest()) {
    auto const at = instant(plan.latest().start_time());
    bool const soon = at - now < std::chrono::minutes(2);
    out += ", ^ latest start " + (soon ? relative_time(at, now) : local_time(at, now));
  }
  if (gaps) out += ", ? not known";
  return out + (plan.rejected_size() > 0 ? "; not chosen:\n" : "\n");
}

}  // namespace

std::string plan_chart(v1::Plan const& plan, int columns, bool utf8, UtcTime now, Style style) {
  if (plan.curve_size() == 0 || !plan.has_chosen() || !plan.has_now()) return {};
  double top = 1;
  for (auto const& point : plan.curve()) top = std::max(top, static_cast<double>(point.mg_per_kwh()));
  auto const gutter = std::max<std::size_t>(3, intensity_text(static_cast<std::int64_t>(top)).size()) + 2;
  auto const strip = strip_of(plan, std::clamp(columns - static_cast<int>(gutter), 10, 96));
  auto const values = means(plan, strip);
  bool const gaps = std::any_of(values.begin(), values.end(), [](auto const& value) { return !value; });
  return style.bold(kind_title(plan.source().kind()) + " carbon intensity" +
                    (plan.source().zone().empty() ? "" : " of " + safe(plan.source().zone())) +
                    ", g CO2e/kWh") +
         '\n' + bars(values, top, gutter, utf8) + axis(strip, plan, gutter, utf8) +
         marks(strip, plan, gutter) + legend(plan, gaps, now) + list(plan, now);
}

}  // namespace greenq::client
