#include "simulate/jobs_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <unordered_map>

#include "config/reader/suggest.hpp"
#include "feed/text.hpp"
#include "feed/time_text.hpp"
#include "simulate/problems.hpp"
#include "simulate/text_file.hpp"

namespace greenq::simulate {
namespace {

using core::Instant;
using core::Span;

constexpr std::array<std::string_view, 9> kColumns{"job_id",     "estimate_s",    "submit_s",
                                                   "submit_utc", "duration_s",    "gpus",
                                                   "deadline_s", "interruptible", "user"};
constexpr double kMostSeconds = 1e9;

class Reader {
 public:
  Reader(std::string const& path, Instant begin, std::uint32_t cluster_gpus, Problems& problems)
      : path_(path), begin_(begin), cluster_gpus_(cluster_gpus), problems_(problems) {}

  void line(std::size_t number, std::string_view text) {
    line_ = number;
    text_ = text;
    cells_ = feed::split(text, ',');
    if (columns_.empty()) {
      header();
    } else if (usable_) {
      row();
    }
  }

  JobsFile take() {
    if (columns_.empty()) problems_.add(path_, "has no header; its first line names the columns");
    if (usable_ && !columns_.empty() && file_.jobs.empty()) problems_.add(path_, "has no jobs");
    auto& jobs = file_.jobs;
    std::stable_sort(jobs.begin(), jobs.end(),
                     [](auto const& a, auto const& b) { return a.submit < b.submit; });
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].id = i + 1;
    return std::move(file_);
  }

 private:
  void complain(std::string_view cell, std::string const& what) {
    auto const column = static_cast<std::size_t>(cell.data() - text_.data()) + 1;
    problems_.add(path_, line_, column, what);
    usable_row_ = false;
  }

  bool has(std::string_view column) const { return columns_.contains(column); }

  void header() {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      std::string_view const name = feed::trim(cells_[i]);
      auto const known = std::find(kColumns.begin(), kColumns.end(), name);
      if (known == kColumns.end()) {
        complain(cells_[i], "unknown column \"" + std::string(name.substr(0, 40)) + "\"" +
                                config::did_you_mean(name, kColumns));
      } else if (!columns_.emplace(*known, i).second) {
        complain(cells_[i], "the column " + std::string(name) + " appears twice");
      }
    }
    columns_.emplace("", cells_.size());
    if (has("submit_s") == has("submit_utc"))
      complain(text_, "needs one of the columns submit_s and submit_utc");
    for (std::string_view const needed : {"duration_s", "gpus"}) {
      if (!has(needed)) complain(text_, "needs the column " + std::string(needed));
    }
    usable_ = usable_row_;
    file_.deadlines = has("deadline_s");
  }

  std::string_view cell(std::string_view column) const { return feed::trim(cells_[columns_.at(column)]); }

  std::optional<Span> seconds(std::string_view column, double least) {
    auto const value = feed::parse_number(cell(column));
    if (value && *value >= least && *value <= kMostSeconds) return Span{std::llround(*value * 1000)};
    complain(cell(column), std::string(column) + " must be seconds" +
                               (least > 0 ? " above 0" : ", 0 or more") + ", not \"" +
                               std::string(cell(column).substr(0, 40)) + "\"");
    return std::nullopt;
  }

  std::optional<Instant> submit() {
    if (has("submit_s")) {
      auto const value = seconds("submit_s", 0);
      return value ? std::optional(begin_ + *value) : std::nullopt;
    }
    auto const time = feed::parse_time(cell("submit_utc"));
    if (!time) complain(cell("submit_utc"), "submit_utc must be a time like 2026-01-05T08:30:00Z");
    if (time && *time < begin_) complain(cell("submit_utc"), "is before the simulation begins");
    return time;
  }

  std::uint32_t gpus() {
    std::string_view const text = cell("gpus");
    std::uint32_t value = 0;
    auto const parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value == 0) {
      complain(text, "gpus must be a whole number above 0, not \"" + std::string(text.substr(0, 40)) + "\"");
    } else if (value > cluster_gpus_) {
      complain(text,
               "needs " + std::string(text) + " GPUs, the cluster has " + std::to_string(cluster_gpus_));
    }
    return value;
  }

  bool interruptible() {
    std::string_view const text = cell("interruptible");
    if (text != "yes" && text != "no") complain(text, "interruptible must be yes or no");
    return text == "yes";
  }

  void row() {
    usable_row_ = true;
    if (cells_.size() != columns_.at("")) {
      complain(text_, "the row has " + std::to_string(cells_.size()) + " cells, the header " +
                          std::to_string(columns_.at("")));
      return;
    }
    sim::SimJob job;
    job.submit = submit().value_or(begin_);
    job.duration = seconds("duration_s", 0.001).value_or(Span{1});
    if (has("estimate_s")) job.estimate = seconds("estimate_s", 0.001);
    job.gpus = gpus();
    if (has("deadline_s")) job.deadline = begin_ + seconds("deadline_s", 0).value_or(Span{0});
    if (has("user")) job.user = cell("user");
    if (has("interruptible")) job.interruptible = interruptible();
    job.name = has("job_id") ? std::string(cell("job_id")) : std::to_string(rows_++);
    auto const [first, fresh] = lines_.emplace(job.name, line_);
    if (!fresh) {
      complain(has("job_id") ? cell("job_id") : text_,
               "job_id " + job.name + " stands in line " + std::to_string(first->second) + " already");
    }
    if (usable_row_) file_.jobs.push_back(std::move(job));
  }

  std::string const& path_;
  Instant begin_;
  std::uint32_t cluster_gpus_;
  Problems& problems_;
  std::size_t line_ = 0;
  std::string_view text_;
  std::vector<std::string_view> cells_;
  std::unordered_map<std::string_view, std::size_t> columns_;  // "" is their number
  std::unordered_map<std::string, std::size_t> lines_;         // of each job_id
  std::size_t rows_ = 0;                                       // that have as many cells as the header
  bool usable_ = true;
  bool usable_row_ = true;
  JobsFile file_;
};

}  // namespace

core::Result<JobsFile> read_jobs(std::string const& path, core::Instant begin, std::uint32_t cluster_gpus) {
  Problems problems;
  auto const text = read_text(path, kMaxJobsBytes, problems);
  if (!text) return problems.to_error();
  Reader reader{path, begin, cluster_gpus, problems};
  std::string_view rest = *text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    std::size_t const end = rest.find('\n');
    std::string_view const line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (!feed::trim(line).empty() && line.front() != '#') reader.line(number, line);
  }
  JobsFile file = reader.take();
  if (!problems.empty()) return problems.to_error();
  return file;
}

}  // namespace greenq::simulate
