// Quantities, times and names as people read them. Numbers keep three significant digits.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "client/cli/environment.hpp"
#include "greenq/v1/carbon.pb.h"
#include "greenq/v1/job.pb.h"

namespace greenq::client {

UtcTime instant(google::protobuf::Timestamp const& time);
google::protobuf::Timestamp timestamp(UtcTime time);
Milliseconds span(google::protobuf::Duration const& duration);
google::protobuf::Duration duration(Milliseconds span);

std::string duration_text(Milliseconds span);      // "45s", "6h02m", "1d3h"; "0.4s" below a second
std::string energy_text(std::int64_t millijoule);  // "6.60 kWh", "12.3 Wh", "36 J"
std::string carbon_text(std::int64_t milligram);   // "1.90 kg", "12.3 g", "450 mg", with a sign when negative
std::string intensity_text(std::int64_t mg_per_kwh);  // "512", in g/kWh
std::string bytes_text(std::int64_t bytes);           // "64 GB"
std::string percent_text(double ratio);               // 0.442 -> "44 %"

std::string rfc3339(UtcTime time);  // UTC, milliseconds: "2026-11-23T22:40:00.000Z"
std::string local_time(UtcTime time,
                       UtcTime now);  // "23:40" today, "Mon 23:40" within 6 days, else with date
std::string local_time_seconds(UtcTime time, UtcTime now);    // with seconds: "23:40:07", "Mon 23:40:07"
std::string local_time_with_zone(UtcTime time, UtcTime now);  // "Mon 23:40 CET"
std::string zone_name(UtcTime time);                          // "CET"
Milliseconds zone_offset(UtcTime time);                       // ahead of UTC
// "Times in CET.\n": ends a screen whose times do not name their zone.
std::string zone_line(UtcTime now);
std::string relative_time(UtcTime time, UtcTime now);  // "3h ago", "in 20m", "now"

std::string short_id(std::string_view job_name);    // "projects/vision/jobs/4213" -> "4213"
std::string full_id(std::string_view job_name);     // -> "vision/4213"
std::string project_of(std::string_view job_name);  // -> "vision"

std::string state_text(v1::Job::State state);  // "queued"; "other" when unknown
bool is_terminal(v1::Job::State state);
// Why a job waits, in two or three words: "cleaner window ahead"; "-" for none. Programs read the code in
// JSON.
std::string reason_text(v1::HoldReason::Code code);
// What an event says: "cleaner window ahead", "submitted by ada"; may be empty where the state says all.
std::string event_text(v1::JobEvent const& event, UtcTime now);
// "is queued", "has ended: failed"
std::string standing_text(v1::Job::State state);
// The job's last message, unless state and exit status say it already.
std::string further_message(v1::Job const& job, UtcTime now);
// Why jobs are not shifted, as the daemon says it.
std::string not_shifted_text(std::string_view reason, UtcTime now);
std::string outcome_text(v1::Attempt::Outcome outcome);
// What a saving by the average is worth; empty for other kinds.
std::string average_caution(v1::SignalKind kind);
std::string kind_text(v1::SignalKind kind);          // "marginal"; "unknown" when not said
std::string kind_title(v1::SignalKind kind);         // "MARGINAL"
std::string point_state_text(v1::PointState state);  // "typical day" for climatology

// Where intensity figures come from, shown wherever they are: "marginal, GB, neso, issued 8m ago",
// "marginal, US-CAL-CISO, replay of caiso-pge.csv at 1800x".
std::string source_text(v1::SignalSource const& source, UtcTime now);
std::string source_age(v1::SignalSource const& source,
                       UtcTime now);  // ", issued 8m ago"; empty when not said

// Control characters and invalid UTF-8 made harmless for a terminal: for texts that others wrote.
std::string safe(std::string_view text);
// safe(), with UTC times ("2026-11-24T02:00:00Z") as local ones: for sentences of the daemon.
std::string words(std::string_view text, UtcTime now);
std::string valid_utf8(std::string_view text);  // invalid bytes become U+FFFD

}  // namespace greenq::client
