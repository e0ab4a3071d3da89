// What the two forms of recordings share. Used by recording*.cpp only.
#pragma once

#include <string>
#include <vector>

#include "feed/recording.hpp"

namespace greenq::feed {

// Collects what is wrong, the first few in words.
class Problems {
 public:
  void add(std::string const& place, std::string const& what) {
    ++count_;
    if (fields_.size() < kMaxReportedProblems) fields_.push_back({place, what});
  }
  void add(std::string const& file, std::size_t line, std::string const& what) {
    add(line == 0 ? file : file + ":" + std::to_string(line), what);
  }
  bool empty() const { return count_ == 0; }
  tl::unexpected<core::Error> to_error() const;

 private:
  std::size_t count_ = 0;
  std::vector<core::FieldError> fields_;
};

// A part of the file for a message: one short line.
std::string short_text(std::string_view text);
// What is wrong with a figure of that kind; empty: nothing. `shown` is how the file has it.
std::string value_problem(core::Intensity value, core::SignalKind kind, std::string const& shown);

// A time and the place that messages name for it.
struct PlacedTime {
  std::string place;
  core::Instant time{};
};
// Finds the step when it is not stated, then times between steps. `state_step` says how to state it.
void place_on_steps(std::string const& file, std::vector<PlacedTime> const& times, char const* state_step,
                    Recording& recording, Problems& problems);

// The JSON form, see recording.hpp.
void read_json_recording(RecordingOptions const& options, std::string const& text, Recording& recording,
                         Problems& problems);

}  // namespace greenq::feed
