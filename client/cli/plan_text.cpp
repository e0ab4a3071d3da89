#include "client/cli/plan_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/cli/format.hpp"

namespace greenq::client {
namespace {

Milliseconds length(v1::PlannedWindow const& window) {
  return instant(window.end_time()) - instant(window.start_time());
}

Milliseconds planned_length(v1::Plan const& plan) {
  if (plan.segments_size() < 2) return length(plan.chosen());
  Milliseconds total{0};
  for (auto const& segment : plan.segments()) total += length(segment);
  return total;
}

std::string change(v1::Plan const& plan) {
  auto const now = static_cast<double>(plan.now().carbon_mg());
  if (now <= 0) return {};
  auto const ratio = (static_cast<double>(plan.chosen().carbon_mg()) - now) / now;
  return fmt::format("{:+.0f} %; ", ratio * 100);
}

std::string length_text(v1::Plan const& plan, bool assumed) {
  auto const text = duration_text(planned_length(plan));
  if (plan.learned_runs() > 0 && plan.learned_part() > 0) {
    return text + fmt::format(" ({} {} runs took {} of what they stated)",
                              plan.learned_of_all_names() ? "your last" : "its last", plan.learned_runs(),
                              percent_text(plan.learned_part()));
  }
  if (plan.learned_runs() > 0) return text + fmt::format(" as its last {} runs took", plan.learned_runs());
  return assumed ? text + " assumed; set expected_duration" : text;
}

std::string latest_note(v1::Plan const& plan) {
  std::string text = "latest that keeps the bound";
  bool const known = plan.latest().known() && plan.has_chosen() && plan.chosen().known();
  bool const cheaper = known && plan.latest().carbon_mg() * 100 < plan.chosen().carbon_mg() * 98;
  return cheaper ? text + "; not free, or not worth the longer wait" : text;
}

std::string condition_text(v1::Dependency::Condition condition) {
  switch (condition) {
    case v1::Dependency::CONDITION_FINISHED:
      return " has ended";
    case v1::Dependency::CONDITION_FAILED:
      return " has failed";
    case v1::Dependency::CONDITION_STARTED:
      return " has started";
    default:
      return " has succeeded";
  }
}

}  // namespace

std::string window_text(v1::PlannedWindow const& window, UtcTime now) {
  auto const begin = instant(window.start_time());
  auto const end = instant(window.end_time());
  if (end - begin < std::chrono::minutes(2)) {
    bool const soon = begin - now < std::chrono::minutes(10);
    return (soon ? relative_time(std::max(begin, now), now) : local_time(begin, now)) + " for " +
           duration_text(end - begin);
  }
  return local_time(begin, now) + '-' + local_time(end, end - begin < std::chrono::hours(20) ? end : now);
}

bool is_the_assumed(Milliseconds expected) {
  return expected == std::chrono::hours(1);
}

std::string plan_line(v1::Plan const& plan, bool assumed, UtcTime now) {
  if (!plan.has_chosen()) return "no plan yet";
  auto const start = instant(plan.chosen().start_time());
  auto text = start <= now + std::chrono::seconds(1)  ? std::string("starts now")
              : start - now < std::chrono::minutes(2) ? "planned start " + relative_time(start, now)
                                                      : "planned start " + local_time(start, now);
  text += ", " + length_text(plan, assumed);
  if (plan.segments_size() > 1) text += fmt::format(" in {} parts", plan.segments_size());
  if (!plan.chosen().known()) {
    text += " · carbon unknown";
  } else if (plan.now().known() && start > now + std::chrono::seconds(1)) {
    text +=
        fmt::format(" · {} CO2e planned, {} if started now ({}{})", carbon_text(plan.chosen().carbon_mg()),
                    carbon_text(plan.now().carbon_mg()), change(plan), source_text(plan.source(), now));
  } else {
    text += fmt::format(" · {} CO2e planned ({})", carbon_text(plan.chosen().carbon_mg()),
                        source_text(plan.source(), now));
  }
  if (!plan.not_shifted_reason().empty()) {
    text += " · " + not_shifted_text(plan.not_shifted_reason(), now);
  } else if (auto const caution = average_caution(plan.source().kind()); !caution.empty()) {
    text += " · " + caution;
  }
  return text;
}

std::string plan_table(v1::Plan const& plan, bool assumed, UtcTime now, Style style) {
  using Align = Table::Align;
  Table table({{"WINDOW (" + zone_name(now) + ")"},
               {kind_title(plan.source().kind()) + " g/kWh", Align::kRight},
               {"EST. ENERGY", Align::kRight},
               {"EST. CARBON", Align::kRight},
               {"NOTE"}});
  auto const add = [&](std::string window, v1::PlannedWindow const& planned, std::string note) {
    table.add({std::move(window), planned.known() ? intensity_text(planned.mean_mg_per_kwh()) : "unknown",
               energy_text(planned.energy_mj()),
               planned.known() ? carbon_text(planned.carbon_mg()) : "unknown", std::move(note)});
  };
  bool const at_once = plan.has_chosen() && plan.has_now() &&
                       plan.chosen().start_time().seconds() <= plan.now().start_time().seconds();
  bool const at_last = plan.has_latest() && plan.has_chosen() && plan.segments_size() < 2 &&
                       window_text(plan.latest(), now) == window_text(plan.chosen(), now);
  if (plan.has_now()) add("now", plan.now(), at_once ? "chosen" : "");
  if (plan.has_chosen() && !at_once) {
    add(window_text(plan.chosen(), now), plan.chosen(),
        at_last ? "chosen, the latest that keeps the bound" : "chosen");
  }
  if (plan.has_latest() && !at_last) add(window_text(plan.latest(), now), plan.latest(), latest_note(plan));
  auto out = table.text(true, style);
  for (int i = 0; plan.segments_size() > 1 && i < plan.segments_size(); ++i) {
    out += fmt::format("part {}: {}\n", i + 1, window_text(plan.segments(i), now));
  }
  out += "Intensity: " + source_text(plan.source(), now) + ". Energy is modelled.\n";
  if (plan.has_chosen() && plan.learned_runs() > 0) {
    out += "Run time: " + length_text(plan, false) + ".\n";
  } else if (assumed && plan.has_chosen()) {
    out += "Run time: " + length_text(plan, true) + " for a better plan.\n";
  }
  if (!plan.note().empty()) out += "Why: " + words(plan.note(), now) + '\n';
  if (!plan.not_shifted_reason().empty()) {
    out += "Note: " + not_shifted_text(plan.not_shifted_reason(), now) + '\n';
  } else if (auto const caution = average_caution(plan.source().kind()); !caution.empty()) {
    out += "Note: " + caution + '\n';
  }
  return out;
}

std::string dependency_text(v1::JobSpec const& spec) {
  std::string text;
  for (auto const& dependency : spec.depends_on()) {
    text +=
        (text.empty() ? "after " : " and ") + safe(dependency.job()) + condition_text(dependency.condition());
  }
  return text.empty() ? text : text + ", at a time that is not known";
}

}  // namespace greenq::client
