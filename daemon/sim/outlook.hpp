// What a policy may know of the grid at a moment: the step under way, and a forecast of what follows.
//
// The step that holds `now` counts as known: rule of the referee. Forecasts are made once per step or issue
// and shared by all runs that use the object. Not thread-safe. The instance must outlive the outlook.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/instance.hpp"

namespace greenq::sim {

class Outlook {
 public:
  virtual ~Outlook() = default;
  // Covers from the begin of the step that holds now to the end of the truth or two weeks ahead, whichever is
  // first. `now` lies in the span of the truth, or after it: then its last step holds on. Never null.
  virtual std::shared_ptr<core::Curve const> at(core::Instant now) = 0;
  // A moment after now before which at() says nothing else.
  virtual core::Instant next_change(core::Instant now) const = 0;
};

enum class OutlookKind : std::uint8_t {
  kGreenq,       // core::Forecaster: history, actuals so far, the issues published by then
  kPerfect,      // the truth
  kPublished,    // the newest issue as it stands, its last day repeated; without issues persistence
  kPersistence,  // the same hour of the last 24 hours that are known
  kClimatology,  // mean of this hour of day over the last 28 days
  kCorrelated,   // the truth with an error that persists over hours and issues, and grows with the lead to
                 // 20 % of the mean (one sigma)
};

std::optional<OutlookKind> parse_outlook(std::string_view name);  // "greenq", "perfect", "published", ...
std::unique_ptr<Outlook> make_outlook(OutlookKind kind, Instance const& instance);
// The same without news in `lost`: what was known when that began stands until it is over.
std::shared_ptr<Outlook> without_news(std::shared_ptr<Outlook> outlook, core::Interval lost);

}  // namespace greenq::sim
