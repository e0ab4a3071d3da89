#include "feed/recording.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "core/carbon/utc_text.hpp"
#include "feed/recording_parts.hpp"
#include "feed/text.hpp"
#include "feed/time_text.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;

std::optional<std::string> read_file(std::string const& path, Problems& problems) {
  std::error_code failed;
  auto const size = std::filesystem::file_size(path, failed);
  if (failed) {
    problems.add(path, 0, "cannot be read (" + failed.message() + "); check the path and its permissions");
    return std::nullopt;
  }
  if (size > kMaxRecordingBytes) {
    problems.add(path, 0, "is larger than 64 MiB; cut it to the time that is needed");
    return std::nullopt;
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(size, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(size))) {
    problems.add(path, 0, "cannot be read; check its permissions");
    return std::nullopt;
  }
  return text;
}

// The words after `key:` in a comment, up to the end of the line; nothing when the key is absent.
std::optional<std::string_view> comment_value(std::string_view comment, std::string_view key) {
  std::size_t at = comment.find(key);
  while (at != std::string_view::npos) {
    bool const word = at == 0 || comment[at - 1] == ' ' || comment[at - 1] == '#';
    std::size_t const colon = at + key.size();
    if (word && colon < comment.size() && comment[colon] == ':') return trim(comment.substr(colon + 1));
    at = comment.find(key, at + 1);
  }
  return std::nullopt;
}

std::string_view next_word(std::string_view& text) {
  text = trim(text);
  std::size_t const end = text.find_first_of(" \t,;");
  std::string_view const word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return word;
}

struct Comments {
  std::optional<core::SignalKind> kind;
  core::SignalBasis basis = core::SignalBasis::kUnknown;
  Span step{0};
  std::string attribution;
};

void read_comment(std::string_view line, Comments& comments) {
  if (auto words = comment_value(line, "kind"); words && !comments.kind) {
    comments.kind = parse_kind(next_word(*words));
    if (auto const basis = parse_basis(next_word(*words))) comments.basis = *basis;
  }
  if (auto words = comment_value(line, "step_s")) {
    if (auto const seconds = parse_number(next_word(*words));
        seconds && *seconds >= 1 && *seconds <= 86'400) {
      comments.step = std::chrono::seconds{static_cast<std::int64_t>(*seconds)};
    }
  }
  for (std::string_view const key : {"source", "licence"}) {
    if (auto const words = comment_value(line, key)) {
      comments.attribution += (comments.attribution.empty() ? "" : "; ") + std::string(*words);
    }
  }
}

// A last line that does not end may be cut inside a number that reads well all the same.
void check_end(std::string const& file, std::string_view text, Problems& problems) {
  if (text.empty() || text.back() == '\n') return;
  auto const lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  problems.add(file, lines + 1,
               "the last line does not end with a newline, so it may be cut; write the file whole");
}

// Calls row(line number, text) for each line that is neither blank nor a comment.
template <class Row>
void each_row(std::string_view text, Comments& comments, Row row) {
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    std::size_t const end = text.find('\n');
    std::string_view const line = trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty()) continue;
    if (line.front() == '#') {
      read_comment(line, comments);
    } else {
      row(number, line);
    }
  }
}

std::string header_problem(std::string_view line) {
  std::string text = "the header must be `time_utc,gco2_per_kwh`";
  if (line.find("kg") != std::string_view::npos) return text + "; values in kg must be multiplied by 1000";
  if (line.find("lb") != std::string_view::npos)
    return text + "; values in lb/MWh must be multiplied by 0.45359237";
  return text;
}

std::optional<core::Intensity> read_value(std::string const& file, std::size_t line, std::string_view cell,
                                          core::SignalKind kind, Problems& problems) {
  if (cell.empty()) {
    problems.add(file, line, "the value is missing; leave the row out to mark a gap");
    return std::nullopt;
  }
  auto const value = parse_grams(cell);
  std::string const problem =
      value ? value_problem(*value, kind, short_text(cell)) : "`" + short_text(cell) + "` is not a number";
  if (problem.empty()) return value;
  problems.add(file, line, problem);
  return std::nullopt;
}

std::optional<Instant> read_time(std::string const& file, std::size_t line, std::string_view cell,
                                 std::optional<Instant> before, bool may_repeat, Problems& problems) {
  auto const time = parse_time(cell);
  if (!time) {
    problems.add(file, line, "`" + short_text(cell) + "` is not a time like 2020-06-01T00:00:00Z");
    return std::nullopt;
  }
  if (before && *time == *before && !may_repeat) {
    problems.add(file, line, "the time " + core::utc_text(*time) + " appears twice");
    return std::nullopt;
  }
  if (before && *time < *before) {
    problems.add(file, line,
                 "the time " + core::utc_text(*time) + " is before that of the row above; sort the file");
    return std::nullopt;
  }
  return time;
}

void check_unit(std::string const& file, Recording const& recording, Problems& problems) {
  std::int64_t largest = 0;
  for (RecordedPoint const& point : recording.points) largest = std::max(largest, point.value.value);
  if (recording.kind != core::SignalKind::kRelative && largest > 0 && largest < 2'000) {
    problems.add(file, 0,
                 "no value reaches 2 g/kWh, so the unit looks like kg/kWh; multiply the values by 1000");
  }
}

void read_actuals(RecordingOptions const& options, std::string_view text, Recording& recording,
                  Problems& problems) {
  Comments comments;
  each_row(text, comments, [](std::size_t, std::string_view) {});  // comments may stand anywhere
  auto const kind = options.kind ? options.kind : comments.kind;
  if (!kind) {
    problems.add(options.path, 0,
                 "does not say what it is; add a line `# kind: marginal direct` (or average)");
    return;
  }
  recording.kind = *kind;
  recording.basis = options.basis.value_or(comments.basis);
  recording.attribution = comments.attribution;
  recording.step = comments.step;
  bool header = false;
  bool known_columns = true;
  std::optional<Instant> before;
  std::vector<PlacedTime> rows;
  Comments ignored;
  each_row(text, ignored, [&](std::size_t line, std::string_view row) {
    if (!header) {
      header = true;
      known_columns = row == "time_utc,gco2_per_kwh";
      if (!known_columns) problems.add(options.path, line, header_problem(row));
      return;
    }
    if (!known_columns) return;
    auto const cells = split(row, ',');
    if (cells.size() != 2) {
      problems.add(options.path, line, "a row has two cells: time and value");
      return;
    }
    auto const time = read_time(options.path, line, trim(cells[0]), before, false, problems);
    auto const value = read_value(options.path, line, trim(cells[1]), recording.kind, problems);
    if (time) before = time;
    if (time && value) {
      rows.push_back({options.path + ":" + std::to_string(line), *time});
      recording.points.push_back({*time, *value});
    }
  });
  if (recording.points.empty()) {
    if (problems.empty()) problems.add(options.path, 0, "has no rows");
    return;
  }
  place_on_steps(options.path, rows, "`# step_s:` comment", recording, problems);
}

// `h012` is 12 hours, `m015` is 15 minutes ahead.
std::optional<Span> lead_of(std::string_view column) {
  if (column.size() < 2 || (column[0] != 'h' && column[0] != 'm')) return std::nullopt;
  int count = 0;
  auto const end = column.data() + column.size();
  auto const parsed = std::from_chars(column.data() + 1, end, count);
  if (parsed.ec != std::errc{} || parsed.ptr != end || count < 0) return std::nullopt;
  if (column[0] == 'h') return Span{std::chrono::hours{count}};
  return Span{std::chrono::minutes{count}};
}

bool read_leads(std::string_view header, Recording& recording) {
  auto const columns = split(header, ',');
  if (columns.size() < 3 || columns[0] != "issued_utc") return false;
  auto const first = lead_of(columns[1]);
  auto const second = lead_of(columns[2]);
  if (!first || !second || *second <= *first) return false;
  recording.issue_first = *first;
  recording.issue_step = *second - *first;
  for (std::size_t i = 1; i < columns.size(); ++i) {
    if (lead_of(columns[i]) != *first + static_cast<std::int64_t>(i - 1) * recording.issue_step) return false;
  }
  return true;
}

void read_issues(std::string const& file, std::string_view text, Recording& recording, Problems& problems) {
  Comments comments;
  std::size_t columns = 0;
  bool usable = true;
  std::optional<Instant> before;
  each_row(text, comments, [&](std::size_t line, std::string_view row) {
    if (!usable) return;
    auto const cells = split(row, ',');
    if (columns == 0) {
      columns = cells.size();
      usable = read_leads(row, recording);
      if (!usable) problems.add(file, line, "the header must be `issued_utc,h000,h001,…` in equal steps");
      return;
    }
    if (cells.size() != columns) {
      problems.add(
          file, line,
          "the row has " + std::to_string(cells.size()) + " cells, the header " + std::to_string(columns));
      return;
    }
    auto const issued = read_time(file, line, trim(cells[0]), before, true, problems);
    if (!issued) return;
    before = issued;
    RecordedIssue issue{*issued, {}};
    for (std::size_t i = 1; i < cells.size(); ++i) {
      auto const value = read_value(file, line, trim(cells[i]), recording.kind, problems);
      if (!value) return;
      issue.values.push_back(*value);
    }
    bool const again = !recording.issues.empty() && recording.issues.back().issued == issue.issued;
    if (again) recording.issues.pop_back();  // issued once more: the later row counts
    recording.issues.push_back(std::move(issue));
  });
  if (comments.kind && *comments.kind != recording.kind) {
    problems.add(file, 0,
                 std::string("holds ") + core::to_string(*comments.kind) +
                     " forecasts, but the recording is " + core::to_string(recording.kind) +
                     "; kinds are never mixed");
  }
  if (recording.issues.empty() && problems.empty()) problems.add(file, 0, "has no issues");
}

}  // namespace

core::Result<Recording> load_recording(RecordingOptions const& options) {
  Problems problems;
  Recording recording;
  recording.name = std::filesystem::path(options.path).stem().string();
  if (auto const text = read_file(options.path, problems)) {
    std::size_t const first = text->find_first_not_of(" \t\r\n");
    bool const json = first != std::string::npos && ((*text)[first] == '{' || (*text)[first] == '[');
    if (json) read_json_recording(options, *text, recording, problems);
    if (!json) read_actuals(options, *text, recording, problems);
    if (!json) check_end(options.path, *text, problems);
    if (!recording.points.empty()) check_unit(options.path, recording, problems);
  }
  if (!options.issues_path.empty()) {
    if (auto const text = read_file(options.issues_path, problems)) {
      read_issues(options.issues_path, *text, recording, problems);
      check_end(options.issues_path, *text, problems);
    }
  }
  if (!problems.empty()) return problems.to_error();
  return recording;
}

}  // namespace greenq::feed
