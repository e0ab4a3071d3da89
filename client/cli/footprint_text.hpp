// Energy and carbon for people. The two books stand side by side and are never added; what is unknown is said
// to be unknown, never zero.
#pragma once

#include <string>

#include "client/cli/environment.hpp"
#include "client/cli/table.hpp"
#include "greenq/v1/footprint.pb.h"

namespace greenq::client {

// The whole footprint of one job.
std::string footprint_text(v1::Footprint const& footprint, UtcTime now, Style style);

// "modelled 96 %, measured 4 %"; "nothing metered" without energy.
std::string quality_text(v1::Energy const& energy);
// By state of the intensity: "actual 90 %, forecast 10 %"; "-" where nothing is priced.
std::string states_text(v1::CarbonBook const& book);
// "1.90 kg", "1.90 kg (part unknown)", "unknown".
std::string book_text(v1::CarbonBook const& book);
// "1.50 kg (44 %)", negative when later was dirtier; "-" without a baseline.
std::string saving_text(v1::CarbonBook const& book);

// Says once for each source where intensities come from (signal, zone, replay label, attribution). Books that
// priced nothing add nothing.
class SourceLines {
 public:
  explicit SourceLines(UtcTime now) : now_(now) {}
  void add(v1::CarbonBook const& book);
  void add(v1::SignalSource const& source);
  std::string const& text() const { return text_; }

 private:
  UtcTime now_;
  std::string text_;
};

}  // namespace greenq::client
