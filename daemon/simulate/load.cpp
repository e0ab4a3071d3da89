#include "simulate/load.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <filesystem>

#include "feed/recording.hpp"
#include "simulate/jobs_file.hpp"
#include "simulate/problems.hpp"
#include "simulate/text_file.hpp"

namespace greenq::simulate {
namespace {

using core::Instant;
using core::Span;
namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kMaxParamsBytes = std::size_t{1} << 20;

struct Params {
  std::string name;
  std::uint32_t gpus = 0;
  double watts = 300;
  double step_s = 300;
  double slack_h = 24;
  double resume_overhead_s = 0;
  std::optional<core::SignalKind> kind;
};

std::optional<json::object> read_object(std::string const& path, Problems& problems) {
  auto const text = read_text(path, kMaxParamsBytes, problems);
  if (!text) return std::nullopt;
  json::stream_parser parser;
  json::error_code failed;
  std::size_t const read = parser.write_some(*text, failed);
  if (!failed) parser.finish(failed);
  if (failed || text->find_first_not_of(" \t\r\n", read) != std::string::npos) {
    std::string_view const before = std::string_view(*text).substr(0, read);
    std::size_t const newline = before.rfind('\n');
    auto const line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    problems.add(path, line, newline == std::string_view::npos ? read + 1 : read - newline,
                 failed ? "is not JSON: " + failed.message() : "has text after its end");
    return std::nullopt;
  }
  json::value value = parser.release();
  if (!value.is_object()) {
    problems.add(path, 1, 1, "must be an object");
    return std::nullopt;
  }
  return std::move(value.get_object());
}

class ParamsReader {
 public:
  ParamsReader(std::string const& path, json::object const& object, Problems& problems)
      : path_(path), object_(object), problems_(problems) {}

  double number(char const* key, double fallback, double least, double most) {
    auto const* const value = object_.if_contains(key);
    if (value == nullptr) return fallback;
    json::error_code failed;
    auto const found = value->to_number<double>(failed);
    if (!failed && found >= least && found <= most) return found;
    problems_.add(path_,
                  std::string(key) + " must be a number of at least " + json::serialize(json::value(least)));
    return fallback;
  }

  std::string text(char const* key) {
    auto const* const value = object_.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  }

  Params read() {
    Params out;
    out.name = text("name");
    if (!object_.contains("cluster_gpus")) problems_.add(path_, "needs cluster_gpus");
    out.gpus = static_cast<std::uint32_t>(number("cluster_gpus", 1, 1, 1e9));
    out.watts = number("power_w_per_gpu", out.watts, 0.001, 1e6);
    out.step_s = number("step_s", out.step_s, 0.001, 86'400);
    out.slack_h = number("slack_h", out.slack_h, 0, 1e5);
    out.resume_overhead_s = number("resume_overhead_s", 0, 0, 1e5);
    std::string const kind = text("kind");
    if (kind.starts_with("marginal")) out.kind = core::SignalKind::kMarginal;
    if (kind.starts_with("average")) out.kind = core::SignalKind::kAverage;
    if (!kind.empty() && !out.kind) problems_.add(path_, "kind must begin with marginal or average");
    return out;
  }

 private:
  std::string const& path_;
  json::object const& object_;
  Problems& problems_;
};

std::optional<sim::Series> series_of(std::string const& path, feed::Recording const& recording,
                                     Problems& problems) {
  std::vector<core::IntensityPoint> points;
  points.reserve(recording.points.size());
  for (feed::RecordedPoint const& point : recording.points)
    points.push_back({{point.begin, point.begin + recording.step}, point.value});
  points = core::bridge_gaps(points, recording.end());
  std::vector<core::Intensity> values;
  values.reserve(points.size());
  for (core::IntensityPoint const& point : points) values.push_back(point.value);
  if (static_cast<std::int64_t>(values.size()) == (recording.end() - recording.begin()) / recording.step)
    return sim::Series{recording.begin(), recording.step, std::move(values)};
  problems.add(path, "has gaps of more than two steps; a simulation needs every step");
  return std::nullopt;
}

struct Read {
  sim::Series series;
  feed::Recording recording;
};

std::optional<Read> read_series(feed::RecordingOptions const& options, Problems& problems) {
  auto recording = feed::load_recording(options);
  if (!recording) {
    problems.take(recording.error());
    return std::nullopt;
  }
  auto series = series_of(options.path, *recording, problems);
  if (!series) return std::nullopt;
  return Read{std::move(*series), std::move(*recording)};
}

sim::Series part_of(sim::Series const& series, Instant begin, Instant end) {
  std::vector<core::Intensity> values;
  for (Instant t = begin; t < end; t += series.step()) values.push_back(series.at(t));
  return {begin, series.step(), std::move(values)};
}

void take_issues(feed::Recording const& recording, sim::Instance& instance) {
  for (feed::RecordedIssue const& issue : recording.issues)
    instance.issues.push_back({issue.issued, recording.issue_first, recording.issue_step, issue.values});
}

// Splits what was recorded at `start` into history and truth.
void take_carbon(std::string const& path, Read const& read, std::optional<Instant> start,
                 sim::Instance& instance, Problems& problems) {
  sim::Series const& all = read.series;
  Instant const begin = start ? all.step_begin(*start) : all.begin();
  if (begin < all.begin() || begin >= all.end()) {
    problems.add(path, "does not cover the start of the simulation");
    return;
  }
  if (all.begin() < core::Instant{}) {
    problems.add(path, "has times before 1970");
    return;
  }
  instance.kind = read.recording.kind;
  if (begin > all.begin()) instance.history = part_of(all, all.begin(), begin);
  instance.truth = part_of(all, begin, all.end());
  take_issues(read.recording, instance);
}

void take_second(std::string const& path, sim::Instance& instance, Problems& problems) {
  auto read = read_series({path}, problems);
  if (!read || instance.truth.empty()) return;
  if (read->series.begin() > instance.begin() || read->series.end() < instance.end()) {
    problems.add(path, "must cover the whole simulation");
    return;
  }
  instance.other = std::move(read->series);
  instance.other_kind = read->recording.kind;
}

std::string there(fs::path const& path) {
  return fs::exists(path) ? path.string() : std::string();
}

void take_jobs(std::string const& path, sim::Instance& instance, Problems& problems) {
  if (instance.truth.empty()) return;
  auto file = read_jobs(path, instance.begin(), instance.cluster_gpus);
  if (!file) {
    problems.take(file.error());
    return;
  }
  instance.jobs = std::move(file->jobs);
  if (file->deadlines) return;
  std::vector<core::JobId> all;
  for (sim::SimJob const& job : instance.jobs) all.push_back(job.id);
  set_deadlines(instance, all);
}

void take_params(Params const& params, sim::Instance& instance) {
  auto const ms = [](double seconds) { return Span{std::llround(seconds * 1000)}; };
  instance.name = params.name;
  instance.cluster_gpus = params.gpus;
  instance.power_per_gpu = {std::llround(params.watts * 1000)};
  instance.step = ms(params.step_s);
  instance.slack = ms(params.slack_h * 3600);
  instance.resume_overhead = ms(params.resume_overhead_s);
}

void load_directory(fs::path const& folder, sim::Instance& instance, Problems& problems) {
  std::string const params_path = (folder / "params.json").string();
  auto const object = read_object(params_path, problems);
  Params const params = object ? ParamsReader{params_path, *object, problems}.read() : Params{};
  take_params(params, instance);
  if (instance.name.empty()) instance.name = folder.filename().string();
  std::string const carbon = (folder / "carbon.csv").string();
  if (auto read = read_series({carbon, there(folder / "forecast.csv"), params.kind}, problems))
    take_carbon(carbon, *read, std::nullopt, instance, problems);
  if (std::string const history = there(folder / "history.csv"); !history.empty()) {
    auto read = read_series({history, {}, params.kind}, problems);
    if (read && !instance.truth.empty() && read->series.end() > instance.begin())
      problems.add(history, "must end where carbon.csv begins");
    if (read) instance.history = std::move(read->series);
  }
  if (std::string const second = there(folder / "second.csv"); !second.empty())
    take_second(second, instance, problems);
  if (object) take_jobs((folder / "jobs.csv").string(), instance, problems);
}

void load_files(Sources const& sources, sim::Instance& instance, Problems& problems) {
  take_params({fs::path(sources.jobs).stem().string(), sources.gpus, sources.watts, 300, sources.slack_h,
               sources.resume_overhead_s, sources.kind},
              instance);
  if (auto read = read_series({sources.carbon, sources.forecast, sources.kind}, problems))
    take_carbon(sources.carbon, *read, sources.start, instance, problems);
  take_jobs(sources.jobs, instance, problems);
}

// The window is where the jobs begin, as far as the file reaches.
void take_carbon_file(Sources const& sources, core::Interval window, Loaded& loaded, Problems& problems) {
  auto read = read_series({sources.carbon, sources.forecast, sources.kind}, problems);
  if (!read) return;
  Instant const begin = std::max(window.begin, read->series.begin());
  take_carbon(sources.carbon, *read, begin, loaded.instance, problems);
  loaded.facts.intensity_from = sources.carbon;
}

core::Result<Capacity> capacity_for(Sources const& sources, Ledger const& ledger) {
  if (sources.jobs.empty() || sources.gpus > 0) return capacity_of(ledger, sources.gpus, sources.cpus);
  if (ledger.gpus > 0) return Capacity{"GPU", ledger.gpus, "this machine"};
  return core::fail(core::ErrorCode::kInvalidArgument, "NO_CAPACITY",
                    "--gpus: error: is needed: this machine has no GPU");
}

}  // namespace

core::Result<Loaded> load_history(Sources const& sources, Ledger const& ledger, core::Interval window) {
  Loaded loaded;
  sim::Instance& instance = loaded.instance;
  auto const capacity = capacity_for(sources, ledger);
  if (!capacity) return tl::unexpected(capacity.error());
  take_params({"history", capacity->size, sources.watts, 300, sources.slack_h, sources.resume_overhead_s,
               sources.kind},
              instance);
  instance.unit = capacity->unit;
  loaded.facts.database = ledger.database;
  loaded.facts.window = window;
  loaded.facts.capacity_from = capacity->from;
  Problems problems;
  if (!sources.carbon.empty()) {
    take_carbon_file(sources, window, loaded, problems);
  } else if (auto taken = take_signals(ledger, window, sources.kind, instance, loaded.facts); !taken) {
    return tl::unexpected(taken.error());
  }
  if (!sources.jobs.empty()) take_jobs(sources.jobs, instance, problems);
  if (!sources.second.empty()) take_second(sources.second, instance, problems);
  if (!problems.empty()) return problems.to_error();
  if (!sources.jobs.empty()) return loaded;
  if (auto taken = take_past_jobs(ledger, window, instance, loaded.facts); !taken)
    return tl::unexpected(taken.error());
  return loaded;
}

core::Result<sim::Instance> load_instance(Sources const& sources) {
  Problems problems;
  sim::Instance instance;
  if (sources.instance.empty()) {
    load_files(sources, instance, problems);
  } else {
    load_directory(sources.instance, instance, problems);
  }
  if (!sources.second.empty()) take_second(sources.second, instance, problems);
  if (!problems.empty()) return problems.to_error();
  return instance;
}

}  // namespace greenq::simulate
