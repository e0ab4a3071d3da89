// Hourly means of one zone and kind, with the running figures that the forecaster's features are made of.
//
// Hours are counted from the epoch in UTC, the first one is 1: earlier ones are ignored. Values are in g/kWh.
// Unknown hours are NaN and count nowhere.
// Method and constants: reference "forecasting", section 1.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace greenq::core {

using Hour = std::int64_t;

// Hourly means of one forecast, g/kWh; NaN where it says nothing.
struct HourlyIssue {
  Hour first = 0;
  std::vector<double> values;
};

class HourSeries {
 public:
  // What is remembered; older hours are unknown.
  static constexpr Hour kKept = Hour{24} * 63;

  struct Origin {                    // as known just before that hour
    double m1 = 0, m7 = 0, m28 = 0;  // means of the last 24, 168, 672 hours
    double r1 = 0, r3 = 0, r24 = 0;  // mean surprise against `hod` over the last 1, 3, 24 hours
  };

  bool empty() const { return next_ == first_; }
  Hour first() const { return first_; }  // of all, remembered or not
  Hour next() const { return next_; }    // the first hour without an actual
  Hour known() const { return known_; }  // hours with an actual, remembered or not
  // Values may come late or again; later ones replace. Ordered. Those too old to matter are ignored.
  void set(std::vector<std::pair<Hour, double>> const& values);

  double at(Hour hour) const { return row(hour).value; }
  // Weighted means of this hour of day on the days up to and including `hour`: half-life 4 and 20 days; and
  // of this hour of week: half-life 3 weeks.
  double hod(Hour hour) const { return row(hour).hod; }
  double hods(Hour hour) const { return row(hour).hods; }
  double how(Hour hour) const { return row(hour).how; }
  Origin const& origin(Hour hour) const { return row(hour).origin; }

  template <class Archive>
  void fields(Archive& archive) {
    archive(first_, next_, known_, usual_, rows_);
  }
  bool sound() const {
    bool const told = first_ > 0 && known_ > 0 && known_ <= next_ - first_;
    return empty() ? rows_.empty() : first_ < next_ && told && rows_.size() == std::size_t{kRing};
  }

 private:
  struct Row {
    double value;
    double hod, hods, how;
    Origin origin;
  };

  Row const& row(Hour hour) const;
  Row& slot(Hour hour) { return rows_[static_cast<std::size_t>(hour % kRing)]; }
  void refresh(Hour hour);
  double weighted(Hour hour, Hour step, int count, double half_life) const;
  double mean_before(Hour hour, Hour count) const;

  static constexpr Hour kRing = kKept + 1;  // one more: the origin that is open
  Hour first_ = 0;
  Hour next_ = 0;
  Hour known_ = 0;
  double usual_ = 0;  // the newest known mean of four weeks
  std::vector<Row> rows_;
};

}  // namespace greenq::core
