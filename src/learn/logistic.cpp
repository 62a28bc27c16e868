#include "learn/logistic.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "stats/newton.h"

namespace triage {
namespace {

// The decrement is in twice the log-likelihood: 2e-3 is far below its random variation.
constexpr NewtonLimits kLimits{.max_steps = 30, .least_decrement = 2e-3};
constexpr double kIntercept = 1e-3;  // penalty of the intercept, so that it is finite

constexpr std::size_t kWidth = 1 + kMaxRegressors;
using LogisticLoss = SecondOrder<kWidth>;

double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }

double dot(const double* a, const double* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// Rows are added four at a time, so that the derivatives are read and written once for four.
constexpr std::size_t kBlock = 4;

// The penalised negative log-likelihood of rows `x`, shape (n, width).
LogisticLoss evaluate(std::span<const double> x, std::span<const std::uint8_t> is_one,
                      std::span<const double> w) {
  const std::size_t width = w.size();
  LogisticLoss at;
  for (std::size_t first = 0; first < is_one.size(); first += kBlock) {
    std::array<const double*, kBlock> row;
    std::array<double, kBlock> error{}, weight{};  // 0 beyond the last row
    row.fill(&x[first * width]);
    for (std::size_t r = 0; r < std::min(kBlock, is_one.size() - first); ++r) {
      row[r] = &x[(first + r) * width];
      const double z = dot(w.data(), row[r], width), p = sigmoid(z);
      const bool one = is_one[first + r] != 0;
      error[r] = p - (one ? 1 : 0);
      weight[r] = p * (1 - p);
      // log(1 + exp(-z)) of a one, log(1 + exp(z)) of a zero, with no overflow.
      at.value += std::log1p(std::exp(-std::abs(z))) + std::max(0.0, one ? -z : z);
    }
    for (std::size_t a = 0; a < width; ++a) {
      std::array<double, kBlock> wx{};
      for (std::size_t r = 0; r < kBlock; ++r) {
        at.gradient[a] += error[r] * row[r][a];
        wx[r] = weight[r] * row[r][a];
      }
      for (std::size_t b = 0; b <= a; ++b) {
        at.hessian[a][b] += wx[0] * row[0][b] + wx[1] * row[1][b] + wx[2] * row[2][b] + wx[3] * row[3][b];
      }
    }
  }
  for (std::size_t a = 0; a < width; ++a) {
    const double penalty = a == 0 ? kIntercept : kLogisticPenalty;
    at.value += 0.5 * penalty * w[a] * w[a];
    at.gradient[a] += penalty * w[a];
    at.hessian[a][a] += penalty;
  }
  return at;
}

}  // namespace

Design::Design(std::vector<double> values, std::size_t d) : n_(d == 0 ? 0 : values.size() / d), d_(d) {
  TRIAGE_CHECK(d_ >= 1 && d_ <= kMaxRegressors && n_ > 0 && values.size() == n_ * d_);
  columns_ = fit_standardisation(n_, d_, [&](std::size_t i, std::size_t j) { return values[i * d_ + j]; });
  x_.reserve(n_ * (1 + d_));
  for (std::size_t i = 0; i < n_; ++i) {
    x_.push_back(1);
    for (std::size_t j = 0; j < d_; ++j) x_.push_back(columns_(j, values[i * d_ + j]));
  }
}

std::vector<double> Design::fit(std::span<const std::uint8_t> is_one) const {
  TRIAGE_CHECK(is_one.size() == n_);
  const auto ones = static_cast<double>(std::count(is_one.begin(), is_one.end(), 1));
  std::vector<double> w(1 + d_);
  w[0] = std::log((ones + 0.5) / (static_cast<double>(n_) - ones + 0.5));
  minimise<kWidth>([&](std::span<const double> at) { return evaluate(x_, is_one, at); }, kLimits, w);
  for (std::size_t j = 0; j < d_; ++j) {
    w[1 + j] *= columns_.scale[j];
    w[0] -= w[1 + j] * columns_.mean[j];
  }
  return w;
}

double logistic(std::span<const double> weights, std::span<const double> x) {
  return sigmoid(weights[0] + dot(weights.data() + 1, x.data(), x.size()));
}

}  // namespace triage
