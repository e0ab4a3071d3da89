#include "feed/recording_parts.hpp"

#include "core/carbon/utc_text.hpp"
#include "feed/provider_parts.hpp"

namespace greenq::feed {
namespace {

// A figure that holds longer says that others are missing.
constexpr core::Span kLongestStep{std::chrono::hours{24}};

}  // namespace

tl::unexpected<core::Error> Problems::to_error() const {
  core::Error error{core::ErrorCode::kInvalidArgument, "BAD_RECORDING", "", fields_};
  for (core::FieldError const& field : fields_) {
    error.message += (error.message.empty() ? "" : "\n") + field.field + ": " + field.message;
  }
  if (count_ > fields_.size()) {
    error.message += "\nand " + std::to_string(count_ - fields_.size()) + " more";
  }
  return tl::unexpected<core::Error>(std::move(error));
}

std::string short_text(std::string_view text) {
  return printable(text.substr(0, 40));
}

std::string value_problem(core::Intensity value, core::SignalKind kind, std::string const& shown) {
  bool const relative = kind == core::SignalKind::kRelative;
  if (value.value < 0) return "the value " + shown + " is negative";
  if (relative && value.value > 100'000) return "the percentile " + shown + " is above 100";
  if (!relative && value > core::kMaxIntensity) {
    return "the value " + shown + " is above 1500 g/kWh; is the unit gCO2/kWh?";
  }
  if (kind == core::SignalKind::kAverage && value.value == 0) {
    return "an average of 0 means missing; leave the row out to mark a gap";
  }
  return {};
}

void place_on_steps(std::string const& file, std::vector<PlacedTime> const& times, char const* state_step,
                    Recording& recording, Problems& problems) {
  using core::Span;
  if (recording.step == Span{0}) {
    for (std::size_t i = 1; i < times.size(); ++i) {
      Span const apart = times[i].time - times[i - 1].time;
      if (recording.step == Span{0} || apart < recording.step) recording.step = apart;
    }
  }
  if (recording.step == Span{0}) {
    problems.add(file, std::string("has a single row and no ") + state_step + "; say how long the step is");
    return;
  }
  if (recording.step > kLongestStep) {
    problems.add(file,
                 std::string("a row would hold for more than a day; if rows are missing, add ") + state_step);
    return;
  }
  for (std::size_t i = 1; i < times.size(); ++i) {
    Span const apart = times[i].time - times[i - 1].time;
    if (apart % recording.step != Span{0}) {
      problems.add(times[i].place, "the time is not a whole number of steps (" +
                                       std::to_string(recording.step.count() / 1000) +
                                       " s) after the row above");
    }
  }
}

}  // namespace greenq::feed
