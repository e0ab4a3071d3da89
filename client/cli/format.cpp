#include "client/cli/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

#include "config/reader/quantity.hpp"
#include "config/reader/text_check.hpp"

namespace greenq::client {
namespace {

// Three significant digits for what is below 1000.
std::string digits(double value) {
  auto const size = std::abs(value);
  if (size < 9.995) return fmt::format("{:.2f}", value);
  if (size < 99.95) return fmt::format("{:.1f}", value);
  return fmt::format("{:.0f}", value);
}

std::tm local(UtcTime time) {
  std::time_t const seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return parts;
}

std::string strftime_text(char const* pattern, UtcTime time) {
  auto const parts = local(time);
  std::array<char, 64> buffer{};
  auto const length = std::strftime(buffer.data(), buffer.size(), pattern, &parts);
  return {buffer.data(), length};
}

std::string after(std::string_view name, std::string_view mark) {
  auto const at = name.find(mark);
  if (at == std::string_view::npos) return {};
  auto const rest = name.substr(at + mark.size());
  return std::string(rest.substr(0, rest.find('/')));
}

std::string lower_tail(std::string_view name, std::string_view prefix) {
  std::string text(name.substr(std::min(prefix.size(), name.size())));
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    if (c == '_') return ' ';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

}  // namespace

UtcTime instant(google::protobuf::Timestamp const& time) {
  return UtcTime(std::chrono::seconds(time.seconds()) + Milliseconds(time.nanos() / 1'000'000));
}

google::protobuf::Timestamp timestamp(UtcTime time) {
  auto const seconds = std::chrono::floor<std::chrono::seconds>(time);
  google::protobuf::Timestamp result;
  result.set_seconds(seconds.time_since_epoch().count());
  result.set_nanos(static_cast<std::int32_t>((time - seconds).count() * 1'000'000));
  return result;
}

Milliseconds span(google::protobuf::Duration const& duration) {
  return std::chrono::seconds(duration.seconds()) + Milliseconds(duration.nanos() / 1'000'000);
}

google::protobuf::Duration duration(Milliseconds span) {
  google::protobuf::Duration result;
  result.set_seconds(span.count() / 1000);
  result.set_nanos(static_cast<std::int32_t>(span.count() % 1000 * 1'000'000));
  return result;
}

std::string duration_text(Milliseconds span) {
  if (span.count() < 0) return "-" + duration_text(-span);
  if (span.count() == 0) return "0s";
  if (span < std::chrono::seconds(1))
    return fmt::format("{:.1f}s", std::max(0.1, static_cast<double>(span.count()) / 1000));
  auto const seconds = span.count() / 1000;
  if (seconds < 60) return fmt::format("{}s", seconds);
  auto const two = [](std::int64_t big, char const* big_unit, std::int64_t small, char const* small_unit) {
    return small == 0 ? fmt::format("{}{}", big, big_unit)
                      : fmt::format("{}{}{:02}{}", big, big_unit, small, small_unit);
  };
  if (seconds < 3600) return two(seconds / 60, "m", seconds % 60, "s");
  if (seconds < 86'400) return two(seconds / 3600, "h", seconds % 3600 / 60, "m");
  return two(seconds / 86'400, "d", seconds % 86'400 / 3600, "h");
}

std::string energy_text(std::int64_t millijoule) {
  auto const joule = static_cast<double>(millijoule) / 1e3;
  if (std::abs(joule) >= 3.6e6) return digits(joule / 3.6e6) + " kWh";
  if (std::abs(joule) >= 360) return digits(joule / 3600) + " Wh";
  return millijoule == 0 ? "0 J" : digits(joule) + " J";
}

std::string carbon_text(std::int64_t milligram) {
  auto const gram = static_cast<double>(milligram) / 1e3;
  if (std::abs(gram) >= 999.5) return digits(gram / 1e3) + " kg";
  if (std::abs(gram) >= 0.9995) return digits(gram) + " g";
  return fmt::format("{} mg", milligram);
}

std::string intensity_text(std::int64_t mg_per_kwh) {
  return fmt::format("{:.0f}", static_cast<double>(mg_per_kwh) / 1e3);
}

std::string bytes_text(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{} {}", value == std::round(value) ? fmt::format("{:.0f}", value) : digits(value),
                     kUnits[unit]);
}

std::string percent_text(double ratio) {
  return fmt::format("{:.0f} %", ratio * 100);
}

std::string rfc3339(UtcTime time) {
  auto const day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day const date(day);
  auto const ms = (time - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), ms / 3'600'000,
                     ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

std::string local_time(UtcTime time, UtcTime now) {
  auto const then = local(time);
  auto const today = local(now);
  if (then.tm_year == today.tm_year && then.tm_yday == today.tm_yday) return strftime_text("%H:%M", time);
  auto const distance = time > now ? time - now : now - time;
  if (distance < std::chrono::days(6)) return strftime_text("%a %H:%M", time);
  return strftime_text("%Y-%m-%d %H:%M", time);
}

std::string local_time_seconds(UtcTime time, UtcTime now) {
  return local_time(time, now) + strftime_text(":%S", time);
}

std::string local_time_with_zone(UtcTime time, UtcTime now) {
  return local_time(time, now) + ' ' + zone_name(time);
}

std::string zone_name(UtcTime time) {
  return strftime_text("%Z", time);
}

Milliseconds zone_offset(UtcTime time) {
  return std::chrono::seconds(local(time).tm_gmtoff);
}

std::string zone_line(UtcTime now) {
  return "Times in " + zone_name(now) + ".\n";
}

std::string relative_time(UtcTime time, UtcTime now) {
  auto const distance = time - now;
  if (std::chrono::abs(distance) < std::chrono::seconds(1)) return "now";
  if (distance.count() > 0) return "in " + duration_text(distance);
  return duration_text(-distance) + " ago";
}

std::string short_id(std::string_view job_name) {
  return after(job_name, "/jobs/");
}
std::string project_of(std::string_view job_name) {
  return after(job_name, "projects/");
}
std::string full_id(std::string_view job_name) {
  return project_of(job_name) + '/' + short_id(job_name);
}

std::string state_text(v1::Job::State state) {
  if (!v1::Job::State_IsValid(state)) return "other";
  return lower_tail(v1::Job::State_Name(state), "STATE_");
}

bool is_terminal(v1::Job::State state) {
  return state == v1::Job::STATE_SUCCEEDED || state == v1::Job::STATE_FAILED ||
         state == v1::Job::STATE_CANCELLED || state == v1::Job::STATE_LOST;
}

std::string reason_text(v1::HoldReason::Code code) {
  switch (code) {
    case v1::HoldReason::CODE_UNSPECIFIED:
      return "-";
    case v1::HoldReason::CODE_HELD_BY_USER:
      return "held by its owner";
    case v1::HoldReason::CODE_HELD_BY_ADMIN:
      return "held by an operator";
    case v1::HoldReason::CODE_DEPENDENCY_NEVER_SATISFIED:
      return "dependency failed";
    case v1::HoldReason::CODE_DEPENDENCY:
      return "another job first";
    case v1::HoldReason::CODE_NOT_BEFORE:
      return "not before its time";
    case v1::HoldReason::CODE_CARBON_WINDOW:
      return "cleaner window ahead";
    case v1::HoldReason::CODE_CARBON_FEED_STALE:
      return "signal too old";
    case v1::HoldReason::CODE_WAITING_FOR_NODES:
      return "no room";
    case v1::HoldReason::CODE_BEHIND_IN_QUEUE:
      return "behind others";
    case v1::HoldReason::CODE_NOT_YET_EVALUATED:
      return "not planned yet";
    case v1::HoldReason::CODE_DAEMON_HOLD:
      return "greenqd starts none";
    default:
      return "other";
  }
}

std::string event_text(v1::JobEvent const& event, UtcTime now) {
  bool const waits = event.state() == v1::Job::STATE_QUEUED || event.state() == v1::Job::STATE_PAUSED;
  bool const about_reason = event.kind() == v1::JobEvent::KIND_REASON_CHANGED;
  bool const present = event.kind() == v1::JobEvent::KIND_UNSPECIFIED;
  auto reason = waits && event.reason() != v1::HoldReason::CODE_UNSPECIFIED && (about_reason || present)
                    ? reason_text(event.reason())
                    : std::string();
  if (present && !reason.empty()) return reason;
  // These repeat the reason or the state.
  auto const& message = event.message();
  bool const repeats =
      message.starts_with("waits: ") || message == "runs" || message == "released" || message == "submitted";
  if (message.empty() || repeats) return reason;
  return (reason.empty() ? "" : reason + ": ") + words(message, now);
}

std::string standing_text(v1::Job::State state) {
  return (is_terminal(state) ? "has ended: " : "is ") + state_text(state);
}

std::string further_message(v1::Job const& job, UtcTime now) {
  bool const known = job.message() == "submitted" || job.message() == "runs" || job.message() == "released" ||
                     job.message().starts_with("exit status ");
  return known ? std::string() : words(job.message(), now);
}

std::string not_shifted_text(std::string_view reason, UtcTime now) {
  constexpr std::string_view kSaid = "not shifted";
  auto text = words(reason, now);
  if (auto const said = text.find(": " + std::string(kSaid)); said != std::string::npos)
    text.erase(said, kSaid.size() + 2);
  return text.find(kSaid) == std::string::npos ? std::string(kSaid) + ": " + text : text;
}

std::string average_caution(v1::SignalKind kind) {
  if (kind != v1::SIGNAL_KIND_AVERAGE) return {};
  return "AVERAGE describes the whole mix: a saving in it need not be one in what power plants emit.";
}

std::string outcome_text(v1::Attempt::Outcome outcome) {
  if (outcome == v1::Attempt::OUTCOME_UNSPECIFIED) return "alive";
  if (!v1::Attempt::Outcome_IsValid(outcome)) return "other";
  return lower_tail(v1::Attempt::Outcome_Name(outcome), "OUTCOME_");
}

std::string kind_text(v1::SignalKind kind) {
  if (kind == v1::SIGNAL_KIND_UNSPECIFIED) return "unknown";
  if (!v1::SignalKind_IsValid(kind)) return "other";
  return lower_tail(v1::SignalKind_Name(kind), "SIGNAL_KIND_");
}

std::string kind_title(v1::SignalKind kind) {
  auto text = kind_text(kind);
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

std::string point_state_text(v1::PointState state) {
  if (state == v1::POINT_STATE_CLIMATOLOGY) return "typical day";
  if (state == v1::POINT_STATE_UNSPECIFIED) return "unknown";
  if (!v1::PointState_IsValid(state)) return "other";
  return lower_tail(v1::PointState_Name(state), "POINT_STATE_");
}

std::string source_text(v1::SignalSource const& source, UtcTime now) {
  std::string text = kind_text(source.kind());
  if (!source.zone().empty()) text += ", " + safe(source.zone());
  auto const& origin = source.label().empty() ? source.provider() : source.label();
  if (!origin.empty()) text += ", " + safe(origin);
  return text + source_age(source, now);
}

std::string source_age(v1::SignalSource const& source, UtcTime now) {
  if (!source.has_issue_time()) return {};
  auto const age = now - instant(source.issue_time());
  return (source.issue_time_is_receipt() ? ", received " : ", issued ") +
         relative_time(now - std::max(age, Milliseconds(0)), now);
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto const length = config::code_point_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

std::string safe(std::string_view text) {
  auto out = valid_utf8(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto const c = static_cast<unsigned char>(out[i]);
    // C1 controls are C2 80 to C2 9F in UTF-8.
    bool const c1 = c == 0xC2U && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) < 0xA0U;
    if (c1) out.replace(i, 2, "?");
    if (c < 0x20U || c == 0x7FU) out[i] = c == '\n' || c == '\t' ? ' ' : '?';
  }
  return out;
}

std::string words(std::string_view text, UtcTime now) {
  auto out = safe(text);
  constexpr std::size_t kDate = 10;  // "2026-11-24", before the T
  for (auto mark = out.find('T'); mark != std::string::npos; mark = out.find('T', mark + 1)) {
    auto const end = out.find('Z', mark);
    if (mark < kDate || end == std::string::npos || end - mark > 13) continue;
    auto const begin = mark - kDate;
    auto const at = config::parse_instant(std::string_view(out).substr(begin, end + 1 - begin));
    if (!at) continue;
    auto const local_text = local_time(*at, now);
    out.replace(begin, end + 1 - begin, local_text);
    mark = begin + local_text.size();
  }
  return out;
}

}  // namespace greenq::client
