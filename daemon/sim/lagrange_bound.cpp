#include <algorithm>
#include <cmath>

#include "sim/bound.hpp"
#include "sim/metrics.hpp"

namespace greenq::sim {
namespace {

constexpr core::Span kPriced{std::chrono::hours{1}};
constexpr int kPatience = 8;  // steps without progress before the target comes nearer

// Costs in mg/kWh x ms per GPU on even cells; prices of capacity are added to the intensity.
class Priced {
 public:
  Priced(Instance const& instance, core::Instant end)
      : begin_(instance.begin()), cell_(instance.truth.step()) {
    if (kPriced < cell_ && cell_ % kPriced == core::Span{0}) cell_ = kPriced;
    per_price_ = kPriced % cell_ == core::Span{0} ? static_cast<std::size_t>(kPriced / cell_) : 1;
    for (core::Instant t = begin_; t < end; t += cell_)
      intensity_.push_back(static_cast<double>(instance.truth.at(t).value));
    intensity_.resize((intensity_.size() / per_price_ + 1) * per_price_, intensity_.back());
    prefix_.resize(intensity_.size() + 1);
  }

  std::size_t prices() const { return intensity_.size() / per_price_; }
  double price_ms() const {
    return static_cast<double>((cell_ * static_cast<std::int64_t>(per_price_)).count());
  }
  double ms(core::Instant t) const { return static_cast<double>((t - begin_).count()); }

  void set(std::vector<double> const& prices) {
    auto const length = static_cast<double>(cell_.count());
    for (std::size_t i = 0; i < intensity_.size(); ++i)
      prefix_[i + 1] = prefix_[i] + (intensity_[i] + prices[i / per_price_]) * length;
  }

  struct Best {
    double cost = 0;
    double start = 0;
  };
  // Cheapest start in [first, last]: at an end, or where a run begins or ends on a cell.
  Best cheapest(double first, double last, double duration) const {
    Best best{cost(first, duration), first};
    auto const consider = [&](double start) {
      if (start <= first || start > last) return;
      double const c = cost(start, duration);
      if (c < best.cost) best = {c, start};
    };
    auto const length = static_cast<double>(cell_.count());
    for (double edge = std::ceil(first / length) * length; edge <= last; edge += length) consider(edge);
    for (double edge = std::ceil((first + duration) / length) * length; edge <= last + duration;
         edge += length)
      consider(edge - duration);
    consider(last);
    return best;
  }

  template <class Add>
  void each_price(double start, double duration, Add add) const {
    double const length = price_ms();
    double const end = start + duration;
    for (auto i = static_cast<std::size_t>(start / length); static_cast<double>(i) * length < end; ++i) {
      double const from = std::max(start, static_cast<double>(i) * length);
      double const to = std::min(end, static_cast<double>(i + 1) * length);
      add(i, to - from);
    }
  }

 private:
  double until(double at) const {
    auto const length = static_cast<double>(cell_.count());
    std::size_t const i = std::min(static_cast<std::size_t>(at / length), prefix_.size() - 2);
    return prefix_[i] + (at - static_cast<double>(i) * length) * (prefix_[i + 1] - prefix_[i]) / length;
  }
  double cost(double start, double duration) const { return until(start + duration) - until(start); }

  core::Instant begin_;
  core::Span cell_;
  std::size_t per_price_ = 1;
  std::vector<double> intensity_;
  std::vector<double> prefix_;
};

struct Window {
  double first = 0;
  double last = 0;
  double duration = 0;
  double gpus = 0;
};

class Lagrange {
 public:
  Lagrange(Instance const& instance, std::vector<core::Instant> const& due)
      : priced_(instance, *std::max_element(due.begin(), due.end())), gpus_(instance.cluster_gpus) {
    for (SimJob const& job : instance.jobs) {
      double const first = priced_.ms(job.submit);
      auto const duration = static_cast<double>(job.duration.count());
      windows_.push_back({first, std::max(first, priced_.ms(due[job.id - 1]) - duration), duration,
                          static_cast<double>(job.gpus)});
    }
    prices_.assign(priced_.prices(), 0);
    over_.assign(priced_.prices(), 0);
  }

  double best(int iterations) {
    double bound = value();
    double lead = 0.02 * bound;
    std::vector<double> best_prices = prices_;
    int idle = 0;
    for (int i = 0; i < iterations && lead > 1e-7 * bound; ++i) {
      double norm = 0;
      for (std::size_t k = 0; k < prices_.size(); ++k) norm += direction(k) * direction(k);
      if (norm == 0) break;
      step((bound + lead - value_) / norm);
      double const now = value();
      bool const better = now > bound + 0.05 * lead;
      if (now > bound) {
        bound = now;
        best_prices = prices_;
      }
      idle = better ? 0 : idle + 1;
      if (idle < kPatience) continue;
      idle = 0;
      lead /= 2;
      prices_ = best_prices;
      value();
    }
    return bound;
  }

 private:
  // A price of nothing cannot fall.
  double direction(std::size_t k) const { return prices_[k] <= 0 && over_[k] < 0 ? 0 : over_[k]; }

  void step(double length) {
    for (std::size_t k = 0; k < prices_.size(); ++k)
      prices_[k] = std::max(0.0, prices_[k] + length * direction(k));
  }

  // The dual value, and by how much capacity is exceeded in each slot.
  double value() {
    priced_.set(prices_);
    double const room = gpus_ * priced_.price_ms();
    over_.assign(over_.size(), -room);
    value_ = 0;
    for (Window const& w : windows_) {
      auto const best = priced_.cheapest(w.first, w.last, w.duration);
      value_ += best.cost * w.gpus;
      priced_.each_price(best.start, w.duration, [&](std::size_t i, double ms) { over_[i] += ms * w.gpus; });
    }
    for (double const price : prices_) value_ -= price * room;
    return value_;
  }

  Priced priced_;
  double gpus_;
  std::vector<Window> windows_;
  std::vector<double> prices_;
  std::vector<double> over_;
  double value_ = 0;
};

}  // namespace

double bound_without_pauses_kg(Instance const& instance, std::vector<core::Instant> const& due,
                               int iterations) {
  if (instance.jobs.empty()) return 0;
  return kg_of(instance, Lagrange{instance, due}.best(iterations));
}

}  // namespace greenq::sim
