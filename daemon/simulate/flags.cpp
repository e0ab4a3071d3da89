#include "simulate/flags.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <ostream>

#include "config/reader/quantity.hpp"
#include "config/reader/suggest.hpp"
#include "feed/text.hpp"
#include "feed/time_text.hpp"
#include "simulate/problems.hpp"
#include "simulate/raw_flags.hpp"
#include "simulate/simulate.hpp"

namespace greenq::simulate {
namespace {

// What an instance folder states itself.
constexpr std::array kOfSingleFiles{"--gpus",   "--power", "--slack",       "--kind",
                                    "--issued", "--start", "--second-book", "--resume-overhead"};
constexpr std::array kOfHistory{"--since", "--until", "--config", "--state-dir", "--cpus"};
constexpr core::Span kLongestHistory{std::chrono::hours{24 * 366}};
constexpr std::array kInstanceFiles{"params.json", "jobs.csv",     "carbon.csv",
                                    "history.csv", "forecast.csv", "second.csv"};

class Checker {
 public:
  Checker(CLI::App const& app, Flags& flags, Raw const& raw, core::Instant now)
      : app_(app), flags_(flags), raw_(raw), now_(now) {}

  void check() {
    one_of("--output", raw_.output, kOutputs);
    flags_.json = raw_.output == "json";
    check_inputs();
    check_policies();
    check_forecast();
    flags_.pauses = !raw_.no_pause;
    wait("--short-wait", raw_.short_wait_h, flags_.options.short_wait);
    wait("--long-wait", raw_.long_wait_h, flags_.options.long_wait);
    if (!(flags_.options.percentile >= 0 && flags_.options.percentile <= 100))
      problems_.add("--percentile", "must be between 0 and 100");
    check_greenq();
    check_estimates();
    std::optional<core::Span> lost;
    wait("--feed-lost", raw_.feed_lost_h, lost);
    flags_.feed_lost = lost.value_or(core::Span{0});
    check_output("--out", flags_.out);
    check_output("--plot", flags_.plot);
    if (!flags_.out.empty() && !flags_.plot.empty() && same_file(flags_.out, flags_.plot))
      problems_.add("--plot", "is the file of --out; choose another");
  }

  Problems const& problems() const { return problems_; }

 private:
  bool given(char const* flag) const { return app_.count(flag) > 0; }
  template <class Names>
  void refuse_all(Names const& flags, std::string const& what) {
    for (char const* const flag : flags) {
      if (given(flag)) problems_.add(flag, what);
    }
  }

  template <class Words>
  bool one_of(std::string const& flag, std::string const& value, Words const& words) {
    if (std::find(words.begin(), words.end(), value) != words.end()) return true;
    std::string hint = config::did_you_mean(value, words);
    if (hint.empty()) {
      for (auto const& word : words) hint += (hint.empty() ? "; one of " : ", ") + std::string(word);
    }
    problems_.add(flag, "\"" + value + "\" is not known" + hint);
    return false;
  }

  void check_inputs() {
    Sources& from = flags_.sources;
    if (!from.instance.empty()) {
      if (!from.jobs.empty() || !from.carbon.empty() || raw_.history)
        problems_.add("--instance", "stands alone; leave --jobs, --carbon and --history away");
      refuse_all(kOfSingleFiles, "is not used with --instance: the folder says it");
      return;
    }
    if (raw_.history) {
      check_history();
    } else {
      refuse_all(kOfHistory, "is used with --history only");
      if (from.jobs.empty() && from.carbon.empty()) {
        problems_.add("--instance", "is needed, or --jobs, --carbon and --gpus, or --history");
        return;
      }
      if (from.jobs.empty()) problems_.add("--jobs", "is needed beside --carbon");
      if (from.carbon.empty()) problems_.add("--carbon", "is needed beside --jobs");
      if (from.gpus == 0) problems_.add("--gpus", "is needed: how many GPUs the cluster has");
    }
    check_figures();
  }

  void check_figures() {
    Sources& from = flags_.sources;
    if (!(from.watts > 0 && from.watts <= 1e6)) problems_.add("--power", "must be watts above 0");
    if (!(from.slack_h >= 0 && from.slack_h <= 1e5)) problems_.add("--slack", "must be hours, 0 or more");
    if (!(from.resume_overhead_s >= 0 && from.resume_overhead_s <= 1e5))
      problems_.add("--resume-overhead", "must be seconds, 0 or more");
    if (!raw_.kind.empty() && one_of("--kind", raw_.kind, kKinds))
      from.kind = raw_.kind == "marginal" ? core::SignalKind::kMarginal : core::SignalKind::kAverage;
    if (raw_.start.empty()) return;
    from.start = feed::parse_time(raw_.start);
    if (!from.start || *from.start < core::Instant{})
      problems_.add("--start", "must be a time from 1970 on, like 2026-01-05T00:00:00Z");
  }

  // Nothing, and a problem, when it is neither a span before now nor a moment.
  std::optional<core::Instant> moment(char const* flag, std::string const& text) {
    if (auto const span = config::parse_span(text))
      return std::chrono::floor<std::chrono::seconds>(now_ - *span);
    if (auto const at = config::parse_instant(text)) return *at;
    if (auto const day = config::parse_instant(text + "T00:00Z")) return *day;
    problems_.add(flag,
                  "must be a time span before now like 30d, or a time like 2026-11-01 or "
                  "2026-11-01T08:00Z, not \"" +
                      text + "\"");
    return std::nullopt;
  }

  void check_history() {
    Sources& from = flags_.sources;
    if (!from.jobs.empty() && !from.carbon.empty())
      problems_.add("--history", "has nothing to give: --jobs and --carbon are both there");
    if (given("--start")) problems_.add("--start", "is not used with --history: --since says it");
    if (given("--issued") && from.carbon.empty())
      problems_.add("--issued", "is not used with --history: the ledger has the forecasts of its feeds");
    if (from.jobs.empty()) {
      char const own[] = "is not used with --history: each job has a power of its own";
      if (given("--power")) problems_.add("--power", own);
      if (given("--bound")) problems_.add("--bound", own);
      if (given("--gpus") && given("--cpus")) problems_.add("--cpus", "is not used with --gpus");
    } else if (given("--cpus")) {
      problems_.add("--cpus", "is not used with --jobs: they hold GPUs");
    }
    if (from.jobs.empty() && !given("--slack")) from.slack_h = 0;
    check_window();
  }

  void check_window() {
    auto const since = moment("--since", raw_.since);
    auto const until =
        raw_.until.empty() ? std::chrono::ceil<std::chrono::seconds>(now_) : moment("--until", raw_.until);
    if (!since || !until) return;
    if (*since >= *until) problems_.add("--since", "must lie before --until");
    if (*until - *since > kLongestHistory)
      problems_.add("--since", "must lie at most 366 days before --until");
    flags_.history = raw_.request;
    flags_.history->window = {*since, *until};
    flags_.history->jobs = flags_.sources.jobs.empty();
    flags_.history->signals = flags_.sources.carbon.empty();
  }

  void check_policies() {
    auto const names = sim::policy_names();
    one_of("--policy", flags_.policy, names);
    if (flags_.compare == std::vector<std::string>{"all"}) flags_.compare.assign(names.begin(), names.end());
    for (std::string const& name : flags_.compare) one_of("--compare", name, names);
    std::erase(flags_.compare, flags_.policy);
  }

  void check_forecast() {
    std::string const name = raw_.perfect ? "perfect" : raw_.forecast;
    if (!one_of("--forecast", name, kForecasts)) return;
    flags_.forecast = *sim::parse_outlook(name);
    flags_.forecast_name = name;
  }

  // Also through links.
  static bool same_file(std::string const& a, std::string const& b) {
    std::error_code missing;
    return named(a) == named(b) || std::filesystem::equivalent(a, b, missing);
  }

  void check_greenq() {
    if (raw_.wait_charge) {
      if (!(*raw_.wait_charge >= 0 && *raw_.wait_charge <= 100))
        problems_.add("--wait-charge", "must be between 0 and 100");
      flags_.options.wait_charge = raw_.wait_charge;
    }
    std::string const& limit = raw_.lateness_limit;
    if (limit.empty()) return;
    int hours = -1;
    auto const [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), hours);
    bool const number =
        error == std::errc{} && end == limit.data() + limit.size() && hours >= 0 && hours <= 8760;
    if (!number && limit != "none")
      problems_.add("--lateness-limit", "must be whole hours up to 8760, or none");
    flags_.options.lateness_limit = number ? hours : -1;
  }

  void check_estimates() {
    if (raw_.estimates == "exact") return;
    if (raw_.estimates == "heavy") {
      flags_.estimates.sigma = 1;
      return;
    }
    auto const factor = feed::parse_number(raw_.estimates);
    if (factor && *factor >= 0.01 && *factor <= 100) {
      flags_.estimates.factor = *factor;
    } else {
      problems_.add("--estimates", "must be exact, heavy, or a factor from 0.01 to 100");
    }
  }

  static std::filesystem::path named(std::string const& path) {
    std::error_code ignored;
    return std::filesystem::weakly_canonical(path, ignored);
  }

  void check_output(std::string const& flag, std::string const& path) {
    if (path.empty()) return;
    Sources const& from = flags_.sources;
    bool input = false;
    for (std::string const* file : {&from.jobs, &from.carbon, &from.forecast, &from.second})
      input = input || (!file->empty() && same_file(*file, path));
    if (!from.instance.empty()) {
      std::filesystem::path const folder = from.instance;
      input = input || std::any_of(kInstanceFiles.begin(), kInstanceFiles.end(), [&](char const* file) {
                return same_file((folder / file).string(), path);
              });
    }
    if (input) problems_.add(flag, "would overwrite " + path + ", which is read; choose another file");
  }

  void wait(std::string const& flag, double hours, std::optional<core::Span>& to) {
    if (hours == -1) return;
    if (!(hours >= 0 && hours <= 1e5)) return problems_.add(flag, "must be hours, 0 or more");
    to = core::Span{static_cast<std::int64_t>(hours * 3'600'000)};
  }

  CLI::App const& app_;
  Flags& flags_;
  Raw const& raw_;
  core::Instant now_;
  Problems problems_;
};

std::string unknown_flag(CLI::App const& app, std::string const& word) {
  std::vector<std::string> names{"--help"};
  for (CLI::Option const* option : app.get_options()) names.push_back(option->get_name());
  std::vector<std::string_view> const views(names.begin(), names.end());
  if (word.starts_with("-")) return "unknown option " + word + config::did_you_mean(word, views);
  return "\"" + word + "\" is no option; files are given with --instance, or with --jobs and --carbon";
}

}  // namespace

std::optional<Flags> parse_flags(std::vector<std::string> arguments, core::Instant now, std::ostream& out,
                                 std::ostream& err, int& status) {
  CLI::App app{kSummary, "greenqd simulate"};
  app.allow_extras();
  Flags flags;
  flags.policy = sim::policy_names().front();
  Raw raw;
  declare(app, flags, raw);
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (CLI::ParseError const& error) {
    status = app.exit(error, out, err) == 0 ? 0 : 2;
    return std::nullopt;
  }
  status = 2;
  Checker checker{app, flags, raw, now};
  auto const extras = app.remaining();
  for (std::string const& word : extras) err << "greenqd simulate: " << unknown_flag(app, word) << '\n';
  checker.check();
  if (!checker.problems().empty()) err << checker.problems().to_error().value().message << '\n';
  if (!extras.empty() || !checker.problems().empty()) return std::nullopt;
  return flags;
}

}  // namespace greenq::simulate
