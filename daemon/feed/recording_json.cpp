#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "core/carbon/utc_text.hpp"
#include "feed/json.hpp"
#include "feed/recording_parts.hpp"
#include "feed/reply.hpp"
#include "feed/text.hpp"
#include "feed/time_text.hpp"

namespace greenq::feed {
namespace {

namespace json = boost::json;
using core::SignalKind;

// Reads one file; places in messages are `file: key` and `file: points[i]`.
class JsonRecording {
 public:
  JsonRecording(RecordingOptions const& options, Recording& recording, Problems& problems)
      : options_(options), recording_(recording), problems_(problems) {}

  void read(std::string const& text) {
    auto const parsed = parse_json(text);
    if (!parsed) {
      std::string const& why = parsed.error().message;
      return bad("", "is not usable JSON" + why.substr(std::min(why.find(':'), why.size())));
    }
    if (!parsed->is_object()) return bad("", "is a list or a value; a recording is one object");
    for (auto const& entry : parsed->get_object()) {
      std::string_view const key{entry.key().data(), entry.key().size()};
      static constexpr std::string_view kKnown[] = {"zone",   "kind",   "basis",  "unit",
                                                    "step_s", "points", "source", "licence"};
      if (std::find(std::begin(kKnown), std::end(kKnown), key) == std::end(kKnown)) {
        bad(short_text(key),
            "is not known here; known are zone, kind, basis, unit, step_s, points, source and licence");
      }
    }
    read_head(*parsed);
    if (problems_.empty()) read_points(*parsed);
  }

 private:
  void bad(std::string const& key, std::string const& what) {
    problems_.add(key.empty() ? options_.path : options_.path + ": " + key, what);
  }

  // The text of a key; nothing when it is absent or null. Another type is a problem.
  std::optional<std::string> text_of(json::value const& file, char const* key) {
    json::value const* value = member(file, key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (!value->is_string()) bad(key, "must be a text");
    return text_member(file, key);
  }

  void read_head(json::value const& file) {
    auto const zone = text_of(file, "zone");
    if (zone && !options_.zone.empty() && *zone != options_.zone) {
      bad("zone", "is " + short_text(*zone) + ", but this feed is for zone " + options_.zone);
    }
    auto const kind = text_of(file, "kind");
    auto const known = kind ? parse_kind(*kind) : std::nullopt;
    if (kind && !known) bad("kind", "must be marginal, average or relative");
    if (!kind && !options_.kind) bad("kind", "is absent; it must be marginal, average or relative");
    recording_.kind = options_.kind.value_or(known.value_or(SignalKind::kMarginal));
    auto const basis = text_of(file, "basis");
    auto const factors = basis ? parse_basis(*basis) : std::nullopt;
    if (basis && !factors) bad("basis", "must be direct or lifecycle, or be left out");
    recording_.basis = options_.basis.value_or(factors.value_or(core::SignalBasis::kUnknown));
    read_unit(file);
    if (json::value const* step = member(file, "step_s"); step != nullptr && !step->is_null()) {
      double const seconds = number_of(*step).value_or(0);
      if (seconds < 1 || seconds > 86'400 || std::floor(seconds) != seconds) {
        bad("step_s", "must be a whole number of seconds from 1 to 86400");
      } else {
        recording_.step = std::chrono::seconds{static_cast<std::int64_t>(seconds)};
      }
    }
    for (char const* key : {"source", "licence"}) {
      auto const words = text_of(file, key);
      if (words) recording_.attribution += (recording_.attribution.empty() ? "" : "; ") + *words;
    }
  }

  void read_unit(json::value const& file) {
    auto const unit = text_of(file, "unit");
    bool const relative = recording_.kind == SignalKind::kRelative;
    auto const factor = unit && !relative ? grams_per_kwh(*unit) : std::nullopt;
    if (relative && unit == "percentile") factor_ = 1;
    if (factor) factor_ = *factor;
    if (factor_ > 0) return;
    std::string const want = relative ? "percentile" : "one such as g/kWh, kg/kWh or lb/MWh";
    bad("unit", (unit ? "`" + short_text(*unit) + "` is not known" : "is absent") + "; it must be " + want);
  }

  void read_points(json::value const& file) {
    json::array const* points = array_member(file, "points");
    if (points == nullptr) return bad("points", "must be a list of {\"time\": …, \"value\": …}");
    if (points->empty()) return bad("points", "is empty");
    std::vector<PlacedTime> times;
    for (std::size_t i = 0; i < points->size(); ++i) {
      std::string const place = "points[" + std::to_string(i) + "]";
      auto const time = read_time_of((*points)[i], place);
      auto const value = read_value_of((*points)[i], place);
      if (time) before_ = time;
      if (!time || !value) continue;
      times.push_back({options_.path + ": " + place, *time});
      recording_.points.push_back({*time, *value});
    }
    if (!recording_.points.empty()) {
      place_on_steps(options_.path, times, "`step_s`", recording_, problems_);
    }
  }

  std::optional<core::Instant> read_time_of(json::value const& point, std::string const& place) {
    auto const time = time_member(point, "time");
    if (!time) {
      bad(place, "has no `time` like 2020-06-01T00:00:00Z");
    } else if (before_ && *time == *before_) {
      bad(place, "the time " + core::utc_text(*time) + " appears twice");
    } else if (before_ && *time < *before_) {
      bad(place, "the time " + core::utc_text(*time) + " is before that of the entry above; sort the file");
    } else {
      return time;
    }
    return std::nullopt;
  }

  std::optional<core::Intensity> read_value_of(json::value const& point, std::string const& place) {
    json::value const* value = member(point, "value");
    if (value == nullptr || value->is_null()) {
      bad(place, "has no `value`; leave the entry out to mark a gap");
      return std::nullopt;
    }
    auto const number = number_of(*value);
    auto const grams = number ? from_grams(*number * factor_) : std::nullopt;
    if (!grams) {
      bad(place, "has a `value` that is not a number");
      return std::nullopt;
    }
    auto const problem = value_problem(*grams, recording_.kind, short_text(json::serialize(*value)));
    if (problem.empty()) return grams;
    bad(place, problem);
    return std::nullopt;
  }

  RecordingOptions const& options_;
  Recording& recording_;
  Problems& problems_;
  double factor_ = 0;
  std::optional<core::Instant> before_;
};

}  // namespace

void read_json_recording(RecordingOptions const& options, std::string const& text, Recording& recording,
                         Problems& problems) {
  JsonRecording(options, recording, problems).read(text);
}

}  // namespace greenq::feed
