#include "core/plan/look_ahead.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace greenq::core {
namespace {

// Constants of reference "planner-method", step D.
constexpr int kPhantomHours = 48;
constexpr double kMostSlack = 168;
constexpr int kFirstRounds = 60;
constexpr int kRounds = 15;
constexpr double kFirstStep = 0.15;
constexpr double kStep = 0.25;
constexpr double kShortest = 1.0 / kHourSlots;
constexpr double kWhole = 1e-9;

struct Wish {
  double work = 0;   // hours
  double share = 0;  // of the cluster
  int begin = 0;     // hours from the current one on
  int end = 0;
  bool pausable = false;
  int now = 0;  // rounds that took the current hour
};

class Dual {
 public:
  Dual(std::vector<double> prices, std::vector<double> lambda, std::vector<double> room)
      : prices_(std::move(prices)),
        lambda_(std::move(lambda)),
        room_(std::move(room)),
        hours_(static_cast<int>(prices_.size())) {}

  std::vector<Wish>& wishes() { return wishes_; }
  std::vector<double> const& lambda() const { return lambda_; }

  // Returns how many rounds counted.
  int solve(int rounds, double first_step) {
    double const mean = std::accumulate(prices_.begin(), prices_.end(), 0.0) / hours_;
    int counted = 0;
    for (int i = 0; i < rounds; ++i) {
      tally_ = i >= rounds / 3;
      counted += tally_ ? 1 : 0;
      round(first_step * mean / (1 + 0.3 * i));
    }
    return counted;
  }

 private:
  void round(double step) {
    load_.assign(prices_.size(), 0);
    price_ = prices_;
    for (std::size_t h = 0; h < price_.size(); ++h) price_[h] += lambda_[h];
    prefix_.assign(1, 0);
    for (double const price : price_) prefix_.push_back(prefix_.back() + price);
    for (Wish& wish : wishes_) {
      auto const whole = static_cast<int>(wish.work);
      double const rest = wish.work - whole > kWhole ? wish.work - whole : 0;
      int const count = whole + (rest > 0 ? 1 : 0);
      int const end = std::min(std::max(wish.end, wish.begin + count), hours_);
      if (end - wish.begin < count || count == 0) continue;
      if (wish.pausable) {
        take_hours(wish, end, count, rest);
      } else {
        take_window(wish, end, whole, rest);
      }
    }
    for (std::size_t h = 0; h < load_.size(); ++h) {
      lambda_[h] = std::max(0.0, lambda_[h] + step * std::clamp(load_[h] - room_[h], -1.0, 2.0));
    }
  }

  void add(Wish& wish, int hour, double part) {
    load_[static_cast<std::size_t>(hour)] += wish.share * part;
    if (hour == 0 && tally_) ++wish.now;
  }

  void take_hours(Wish& wish, int end, int count, double rest) {
    order_.resize(static_cast<std::size_t>(end - wish.begin));
    std::iota(order_.begin(), order_.end(), wish.begin);
    auto const last = order_.begin() + (count - 1);
    std::nth_element(order_.begin(), last, order_.end(), [&](int a, int b) {
      return std::pair(price_[static_cast<std::size_t>(a)], a) <
             std::pair(price_[static_cast<std::size_t>(b)], b);
    });
    for (auto it = order_.begin(); it != last; ++it) add(wish, *it, 1);
    add(wish, *last, rest > 0 ? rest : 1);
  }

  void take_window(Wish& wish, int end, int whole, double rest) {
    int best = wish.begin;
    double least = std::numeric_limits<double>::max();
    for (int h = wish.begin; h + whole + (rest > 0 ? 1 : 0) <= end; ++h) {
      auto const from = static_cast<std::size_t>(h);
      std::size_t const to = from + static_cast<std::size_t>(whole);
      double const cost = prefix_[to] - prefix_[from] + (rest > 0 ? rest * price_[to] : 0);
      if (cost >= least - kWhole) continue;
      least = cost;
      best = h;
    }
    for (int h = best; h < best + whole; ++h) add(wish, h, 1);
    if (rest > 0) add(wish, best + whole, rest);
  }

  std::vector<double> prices_;
  std::vector<double> lambda_;
  std::vector<double> room_;
  int hours_;
  std::vector<Wish> wishes_;
  bool tally_ = false;
  std::vector<double> load_, price_, prefix_;  // scratch
  std::vector<int> order_;                     // scratch
};

void add_phantoms(std::vector<Wish>& wishes, Arrivals::Expected const& arrivals, double slack, int horizon,
                  bool pausable) {
  for (int hour = 1; hour <= kPhantomHours; ++hour) {
    for (double duration : arrivals.durations) {
      duration = std::max(duration, kShortest);
      int const end = hour + static_cast<int>(std::ceil(duration + slack));
      if (end > horizon) continue;
      wishes.push_back({duration, arrivals.rate / Arrivals::kClasses / duration, hour, end, pausable});
    }
  }
}

}  // namespace

void LookAhead::judge(Timetable const& table, std::vector<Task>& tasks, Arrivals::Expected const& arrivals,
                      double slack, bool pausable, std::vector<double> const& busy) {
  slack = std::min(slack, kMostSlack);
  int const horizon = kHours + static_cast<int>(slack);
  Slot const hour = hour_of(table.now());
  std::vector<double> prices, lambda, room;
  for (int h = 0; h < horizon; ++h) {
    prices.push_back(table.mean_price((hour + h) * kHourSlots));
    auto const known = lambda_.find(hour + h);
    lambda.push_back(known == lambda_.end() ? 0 : known->second);
    auto const index = static_cast<std::size_t>(h);
    room.push_back(1 - (index < busy.size() ? busy[index] : 0));
  }
  Dual dual{std::move(prices), std::move(lambda), std::move(room)};
  for (Task const& task : tasks) {
    dual.wishes().push_back({static_cast<double>(task.work) / kHourSlots, task.share,
                             hour_of(table.earliest(task)) - hour, hour_of(task.due + kHourSlots - 1) - hour,
                             task.pausable});
  }
  add_phantoms(dual.wishes(), arrivals, slack, horizon, pausable);
  bool const first = lambda_.empty();
  int const counted = dual.solve(first ? kFirstRounds : kRounds, first ? kFirstStep : kStep);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    tasks[i].pull = static_cast<float>(dual.wishes()[i].now) / static_cast<float>(counted);
  }
  lambda_.clear();
  for (int h = 0; h < horizon; ++h) lambda_[hour + h] = dual.lambda()[static_cast<std::size_t>(h)];
}

}  // namespace greenq::core
