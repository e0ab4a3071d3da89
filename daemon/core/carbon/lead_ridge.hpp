// One small linear model per lead hour, learned online and pulled towards start weights.
//
// Evidence fades with a half-life; neighbouring leads share theirs; the pull is as strong as `rho` examples
// of the usual size of each feature. Reference "forecasting", section 1.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace greenq::core {

inline constexpr int kLeads = 64;

template <std::size_t N>
class LeadRidge {
 public:
  using Vector = std::array<double, N>;
  struct Options {
    double half_life_hours;
    double rho;
    int neighbours;  // leads to each side whose evidence counts
  };

  LeadRidge(Options options, std::vector<Vector> start)
      : options_(options),
        decay_(std::exp2(-1.0 / options.half_life_hours)),
        start_(std::move(start)),
        weights_(start_),
        evidence_(kLeads) {}

  Vector const& weights(int lead) const { return weights_[index(lead)]; }

  // All leads age by one hour; call before the add()s of an hour.
  void age() {
    count_ = decay_ * count_ + 1;
    for (Evidence& e : evidence_) {
      for (double& v : e.a) v *= decay_;
      for (double& v : e.b) v *= decay_;
    }
  }
  void add(int lead, Vector const& x, double target) {
    Evidence& e = evidence_[index(lead)];
    std::size_t k = 0;
    for (std::size_t i = 0; i < N; ++i) {
      for (std::size_t j = 0; j <= i; ++j) e.a[k++] += x[i] * x[j];
      e.b[i] += x[i] * target;
    }
  }
  void solve();
  template <class Archive>
  void fields(Archive& archive) {
    archive(count_, weights_, evidence_);
  }
  bool sound() const { return weights_.size() == kLeads && evidence_.size() == kLeads; }

 private:
  static constexpr std::size_t kPacked = N * (N + 1) / 2;  // lower triangle, row by row
  struct Evidence {
    std::array<double, kPacked> a{};
    Vector b{};
  };

  static std::size_t index(int lead) { return static_cast<std::size_t>(std::min(lead, kLeads - 1)); }
  static std::size_t packed(std::size_t i, std::size_t j) { return i * (i + 1) / 2 + j; }
  Evidence shared(int lead) const;
  static Vector solve_one(Evidence e);

  Options options_;
  double decay_;
  double count_ = 0;
  std::vector<Vector> start_;
  std::vector<Vector> weights_;
  std::vector<Evidence> evidence_;
};

template <std::size_t N>
typename LeadRidge<N>::Evidence LeadRidge<N>::shared(int lead) const {
  Evidence sum;
  for (int k = std::max(0, lead - options_.neighbours); k <= std::min(kLeads - 1, lead + options_.neighbours);
       ++k) {
    Evidence const& e = evidence_[index(k)];
    for (std::size_t i = 0; i < kPacked; ++i) sum.a[i] += e.a[i];
    for (std::size_t i = 0; i < N; ++i) sum.b[i] += e.b[i];
  }
  return sum;
}

template <std::size_t N>
void LeadRidge<N>::solve() {
  if (count_ <= 0) return;
  std::vector<Evidence> sums(kLeads);
  Vector scale{};
  for (int lead = 0; lead < kLeads; ++lead) {
    sums[index(lead)] = shared(lead);
    for (std::size_t i = 0; i < N; ++i) scale[i] += sums[index(lead)].a[packed(i, i)];
  }
  double const examples = (2 * options_.neighbours + 1) * count_ * kLeads;
  for (double& v : scale) v = options_.rho * (v / examples + 1e-6);
  for (int lead = 0; lead < kLeads; ++lead) {
    Evidence& e = sums[index(lead)];
    for (std::size_t i = 0; i < N; ++i) {
      e.a[packed(i, i)] += scale[i];
      e.b[i] += scale[i] * start_[index(lead)][i];
    }
    weights_[index(lead)] = solve_one(e);
  }
}

// Cholesky; the matrix is positive definite by the pull.
template <std::size_t N>
typename LeadRidge<N>::Vector LeadRidge<N>::solve_one(Evidence e) {
  for (std::size_t j = 0; j < N; ++j) {
    for (std::size_t i = j; i < N; ++i) {
      double sum = e.a[packed(i, j)];
      for (std::size_t k = 0; k < j; ++k) sum -= e.a[packed(i, k)] * e.a[packed(j, k)];
      e.a[packed(i, j)] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / e.a[packed(j, j)];
    }
  }
  Vector x = e.b;
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= e.a[packed(i, k)] * x[k];
    x[i] /= e.a[packed(i, i)];
  }
  for (std::size_t i = N; i-- > 0;) {
    for (std::size_t k = i + 1; k < N; ++k) x[i] -= e.a[packed(k, i)] * x[k];
    x[i] /= e.a[packed(i, i)];
  }
  return x;
}

}  // namespace greenq::core
