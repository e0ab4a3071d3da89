#include "simulate/chart.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/carbon/utc_text.hpp"

namespace greenq::simulate {
namespace {

using core::Instant;
using core::Span;

constexpr double kWidth = 1100;
constexpr double kLeft = 70;
constexpr double kRight = 20;
constexpr double kMostPieces = 720;
constexpr double kMostTimeMarks = 10;

constexpr char kStyle[] = R"(<style>
  svg { background: #ffffff; font: 13px system-ui, sans-serif; fill: #24292f; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  .load { fill: #1a7f37; fill-opacity: .30; stroke: #1a7f37; stroke-width: 1.5; }
  .base { fill: none; stroke: #9a6700; stroke-width: 1.5; stroke-dasharray: 5 3; }
  .full { stroke: #cf222e; stroke-width: 1; stroke-dasharray: 2 3; }
  .grid-intensity { fill: none; stroke: #0969da; stroke-width: 1.5; }
  .title { font-weight: 600; font-size: 15px; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; fill: #e6edf3; }
    .grid { stroke: #30363d; }
    .load { fill: #3fb950; stroke: #3fb950; }
    .base { stroke: #d29922; }
    .full { stroke: #f85149; }
    .grid-intensity { stroke: #58a6ff; }
  }
</style>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '<' || c == '>' || c == '&' || c == '"') {
      out += fmt::format("&#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

struct TimeAxis {
  Instant begin{};
  Instant end{};
  Span piece{std::chrono::hours{1}};

  std::size_t pieces() const { return static_cast<std::size_t>((end - begin + piece - Span{1}) / piece); }
  double x(Instant t) const {
    return kLeft + (kWidth - kLeft - kRight) * static_cast<double>((t - begin).count()) /
                       static_cast<double>((end - begin).count());
  }
  Instant at(std::size_t i) const { return std::min(end, begin + piece * static_cast<std::int64_t>(i)); }
};

TimeAxis axis_of(sim::Instance const& instance, std::initializer_list<sim::Schedule const*> schedules) {
  TimeAxis axis{instance.begin(), instance.begin() + std::chrono::hours{1}};
  if (!instance.jobs.empty()) axis.begin = instance.jobs.front().submit;
  for (sim::Schedule const* schedule : schedules) {
    for (auto const& runs : schedule->segments) axis.end = std::max(axis.end, runs.back().end);
  }
  for (int const minutes : {5, 15, 30, 60, 120, 180, 360, 720, 1440}) {
    axis.piece = Span{std::chrono::minutes{minutes}};
    if (static_cast<double>(axis.pieces()) <= kMostPieces) return axis;
  }
  axis.piece *= static_cast<std::int64_t>(std::ceil(static_cast<double>(axis.pieces()) / kMostPieces));
  return axis;
}

// Mean units in use of each piece.
std::vector<double> load_of(sim::Instance const& instance, sim::Schedule const& schedule,
                            TimeAxis const& axis) {
  std::vector<double> out(axis.pieces());
  for (sim::SimJob const& job : instance.jobs) {
    for (core::Interval const& run : schedule.segments[job.id - 1]) {
      for (auto i = static_cast<std::size_t>((run.begin - axis.begin) / axis.piece); i < out.size(); ++i) {
        core::Interval const part = core::intersect(run, {axis.at(i), axis.at(i + 1)});
        if (part.empty()) break;
        out[i] +=
            job.gpus * static_cast<double>(part.length().count()) / static_cast<double>(axis.piece.count());
      }
    }
  }
  return out;
}

std::vector<double> intensity_of(sim::Instance const& instance, TimeAxis const& axis) {
  std::vector<double> out;
  for (std::size_t i = 0; i < axis.pieces(); ++i) {
    core::Interval const piece{axis.at(i), axis.at(i + 1)};
    out.push_back(static_cast<double>(instance.truth.integral(piece)) /
                  static_cast<double>(piece.length().count()) / 1000);
  }
  return out;
}

// A round figure at or above a fifth of the value.
double mark_step(double most) {
  double const rough = std::max(most, 1e-9) / 5;
  double const unit = std::pow(10, std::floor(std::log10(rough)));
  for (double const factor : {1.0, 2.0, 5.0}) {
    if (factor * unit >= rough) return factor * unit;
  }
  return 10 * unit;
}

class Panel {
 public:
  Panel(TimeAxis const& axis, double top, double height, double most)
      : axis_(axis), top_(top), height_(height), step_(mark_step(most)) {
    most_ = step_ * std::ceil(most / step_ - 1e-9);
  }

  double y(double value) const { return top_ + height_ * (1 - value / most_); }

  std::string frame(std::string const& label) const {
    std::string out;
    for (double value = 0; value <= most_ * (1 + 1e-9); value += step_) {
      out += fmt::format(R"(<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>)", kLeft,
                         kWidth - kRight, y(value), y(value));
      out += fmt::format(R"(<text x="{}" y="{:.1f}" text-anchor="end">{:g}</text>)"
                         "\n",
                         kLeft - 6, y(value) + 4, value);
    }
    return out + fmt::format(
                     R"_(<text transform="translate(16 {:.1f}) rotate(-90)" text-anchor="middle">{}</text>)_"
                     "\n",
                     top_ + height_ / 2, label);
  }

  std::string steps(char const* name, std::vector<double> const& values, bool closed) const {
    std::string path;
    for (std::size_t i = 0; i < values.size(); ++i) {
      path += fmt::format("{}{:.1f} {:.1f}H{:.1f}", i == 0 ? "M" : "L", axis_.x(axis_.at(i)), y(values[i]),
                          axis_.x(axis_.at(i + 1)));
    }
    if (closed && !values.empty()) path += fmt::format("V{:.1f}H{:.1f}Z", y(0), axis_.x(axis_.begin));
    return fmt::format("<path class=\"{}\" d=\"{}\"/>\n", name, path);
  }

 private:
  TimeAxis const& axis_;
  double top_;
  double height_;
  double step_;
  double most_ = 0;
};

std::string time_marks(TimeAxis const& axis, double top, double bottom) {
  Span step{std::chrono::hours{1}};
  for (int const hours : {1, 3, 6, 12, 24, 48, 96, 168, 336, 24 * 28, 24 * 56, 24 * 112}) {
    step = Span{std::chrono::hours{hours}};
    if (static_cast<double>((axis.end - axis.begin) / step) <= kMostTimeMarks) break;
  }
  std::string out;
  Span const past = axis.begin.time_since_epoch() % step;
  for (Instant t = axis.begin - past + (past == Span{0} ? Span{0} : step); t <= axis.end; t += step) {
    std::string const text = core::utc_text(t);
    out += fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>)", axis.x(t), top,
                       bottom);
    std::string const shown = step >= std::chrono::hours{24} ? text.substr(0, 10) : text.substr(5, 11);
    out += fmt::format(R"(<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>)"
                       "\n",
                       axis.x(t), bottom + 18, shown);
  }
  return out;
}

std::string legend(double x, char const* name, bool filled, std::string const& text) {
  std::string const sample =
      filled ? fmt::format(R"(<rect class="{}" x="{}" y="42" width="22" height="10"/>)", name, x)
             : fmt::format(R"(<path class="{}" d="M{} 47h22"/>)", name, x);
  return sample + fmt::format("<text x=\"{}\" y=\"52\">{}</text>\n", x + 28, escaped(text));
}

}  // namespace

std::string svg_of(Report const& report, sim::Schedule const& baseline) {
  sim::Instance const& instance = *report.instance;
  Outcome const& outcome = report.outcomes.front();
  TimeAxis const axis = axis_of(instance, {&outcome.schedule, &baseline});
  auto const load = load_of(instance, outcome.schedule, axis);
  auto const base = load_of(instance, baseline, axis);
  auto const intensity = intensity_of(instance, axis);
  double const used =
      std::max(*std::max_element(load.begin(), load.end()), *std::max_element(base.begin(), base.end()));
  bool const show_full = instance.cluster_gpus <= 3 * used;
  Panel const above{axis, 66, 230, std::max(1.0, show_full ? instance.cluster_gpus : used)};
  Panel const below{axis, 320, 130, std::max(1.0, *std::max_element(intensity.begin(), intensity.end()))};
  std::string const title =
      fmt::format("{}: {} saves {:.1f} % ({} intensity)", escaped(instance.name), escaped(outcome.policy),
                  outcome.metrics.decided.saving_percent, core::to_string(instance.kind));
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} 490\" role=\"img\">\n<title>{}</title>\n{}",
      kWidth, title, kStyle);
  out += fmt::format("<text class=\"title\" x=\"{}\" y=\"24\">{}</text>\n", kLeft, title);
  out += legend(kLeft, "load", true, outcome.policy) +
         legend(kLeft + 200, "base", false, "first come, first served");
  if (show_full) out += legend(kLeft + 420, "full", false, instance.unit + "s of the cluster");
  out += legend(kLeft + 620, "grid-intensity", false, "carbon intensity");
  out += time_marks(axis, 66, 450) + above.frame(instance.unit + "s in use") + below.frame("gCO2e/kWh");
  out += above.steps("load", load, true) + above.steps("base", base, false);
  if (show_full)
    out += fmt::format("<path class=\"full\" d=\"M{} {:.1f}H{}\"/>\n", kLeft, above.y(instance.cluster_gpus),
                       kWidth - kRight);
  out += below.steps("grid-intensity", intensity, false);
  return out + fmt::format("<text x=\"{}\" y=\"486\" text-anchor=\"middle\">time (UTC)</text>\n</svg>\n",
                           (kLeft + kWidth - kRight) / 2);
}

}  // namespace greenq::simulate
