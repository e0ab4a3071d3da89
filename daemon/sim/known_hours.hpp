// History and truth as hourly means, for rules that look back.
#pragma once

#include <utility>
#include <vector>

#include "core/carbon/hours.hpp"
#include "sim/instance.hpp"

namespace greenq::sim {

class KnownHours {
 public:
  explicit KnownHours(Instance const& instance);

  std::vector<std::pair<core::Hour, double>> const& all() const { return hours_; }  // ordered
  // Hours that are over at that moment: the first ones of all().
  std::size_t over_at(core::Instant now) const;
  // In g/kWh; NaN: not there.
  double at(core::Hour hour) const;
  // Mean of at(hour), at(hour - every), ... down to `oldest`, leaving out what is not there; NaN without any.
  double mean(core::Hour hour, core::Hour every, core::Hour oldest) const;

 private:
  std::vector<std::pair<core::Hour, double>> hours_;
};

}  // namespace greenq::sim
