// Recorded intensity files.
//
// Actuals: '#' comments, header `time_utc,gco2_per_kwh`, one row per step: the mean over [time, time + step).
// The comments may say `kind: marginal direct`, `step_s: 3600`, `source: …`, `licence: …`. Rows may be left
// out (gaps); everything else that is odd makes the file unusable: no number, wrong order, twice, off the
// step, out of bounds, unit.
//
// Or JSON, at most 200,000 values: {"zone": "GB", "kind": "average", "basis": "direct", "unit": "kg/kWh",
// "step_s": 1800, "points": [{"time": "2026-01-01T00:00Z", "value": 0.15}, …]}. `unit`, `points` and, unless
// the configuration says it, `kind` must be there; `source` and `licence` may be. The unit is checked and
// converted; a zone that is stated must be that of the feed.
//
// Issues: header `issued_utc,h000,h001,…` (hours ahead) or `issued_utc,m005,m010,…` (minutes ahead), one row
// per issue; of two rows for the same moment the later one counts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/carbon/signal.hpp"
#include "core/result.hpp"

namespace greenq::feed {

struct RecordedPoint {
  core::Instant begin{};
  core::Intensity value;
};

struct RecordedIssue {
  core::Instant issued{};
  std::vector<core::Intensity> values;  // value i: [issued + first + i * step, + step)
};

struct Recording {
  std::string name;  // file name without its ending
  core::SignalKind kind = core::SignalKind::kMarginal;
  core::SignalBasis basis = core::SignalBasis::kUnknown;
  std::string attribution;
  core::Span step{0};
  std::vector<RecordedPoint> points;  // at least one, ordered
  std::vector<RecordedIssue> issues;  // ordered; empty without an issue file
  core::Span issue_first{0};
  core::Span issue_step{0};

  core::Instant begin() const { return points.front().begin; }
  core::Instant end() const { return points.back().begin + step; }
};

struct RecordingOptions {
  std::string path;
  std::string issues_path{};               // empty: none
  std::optional<core::SignalKind> kind{};  // overrides the comment
  std::optional<core::SignalBasis> basis{};
  std::string zone{};  // of the feed; empty: any
};

inline constexpr std::size_t kMaxRecordingBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxReportedProblems = 20;

// kInvalidArgument BAD_RECORDING: message and fields name every problem as `file:line: what`, in JSON
// `file: points[i]: what` (the first 20).
core::Result<Recording> load_recording(RecordingOptions const& options);

}  // namespace greenq::feed
