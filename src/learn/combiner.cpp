#include "learn/combiner.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "learn/solve.h"

namespace triage {
namespace {

constexpr int kMaxSteps = 25;
constexpr double kDone = 1e-6;  // largest change of a weight in a step
constexpr double kMostWeight = 100;
constexpr double kLeastAlone = 0.01;  // a network that is right the less often the surer it is stays itself
constexpr std::size_t kL = kMaxPooledLooks;

// Value, gradient and Hessian at some weights.
struct Objective {
  double value = 0;
  std::array<double, kL> gradient{};
  std::array<std::array<double, kL>, kL> hessian{};
};

// Adds one row: minus its label's log probability, and the moments of log_p under the posterior.
void add_row(const PooledRows& rows, std::size_t i, std::span<const double> w, Objective& sum) {
  const std::size_t l = rows.n_looks, from = rows.begin[i], n = rows.begin[i + 1] - from;
  const float* log_p = rows.log_p.data() + from * l;
  std::array<double, kMaxPooled> p{};
  double most = -1e300;
  for (std::size_t c = 0; c < n; ++c) {
    for (std::size_t m = 0; m < l; ++m) p[c] += w[m] * static_cast<double>(log_p[c * l + m]);
    most = std::max(most, p[c]);
  }
  const auto label = static_cast<std::size_t>(rows.label_at[i]);
  const double score = p[label] - most;
  double mass = 0;
  for (std::size_t c = 0; c < n; ++c) mass += p[c] = std::exp(p[c] - most);
  sum.value += std::log(mass) - score;
  std::array<double, kL> mean{};
  std::array<std::array<double, kL>, kL> square{};
  for (std::size_t c = 0; c < n; ++c) {
    const double share = p[c] / mass;
    for (std::size_t a = 0; a < l; ++a) {
      const double x = static_cast<double>(log_p[c * l + a]);
      mean[a] += share * x;
      for (std::size_t b = 0; b <= a; ++b) square[a][b] += share * x * static_cast<double>(log_p[c * l + b]);
    }
  }
  for (std::size_t a = 0; a < l; ++a) {
    sum.gradient[a] += mean[a] - static_cast<double>(log_p[label * l + a]);
    for (std::size_t b = 0; b <= a; ++b) sum.hessian[a][b] += square[a][b] - mean[a] * mean[b];
  }
}

Objective evaluate(const PooledRows& rows, std::span<const std::uint32_t> which, std::span<const double> w) {
  Objective sum;
  for (const std::uint32_t i : which) {
    if (rows.label_at[i] >= 0) add_row(rows, i, w, sum);
  }
  const double middle = 1 / static_cast<double>(w.size());
  for (std::size_t a = 0; a < w.size(); ++a) {
    sum.value += (w[a] - middle) * (w[a] - middle);
    sum.gradient[a] += 2 * (w[a] - middle);
    sum.hessian[a][a] += 2;
  }
  return sum;
}

}  // namespace

PooledRows pool_rows(const Table& table, Rows rows, std::span<const ModelIndex> models) {
  PooledRows pooled;
  pooled.n_looks = models.size();
  pooled.begin.push_back(0);
  std::array<const TopK*, kL> outputs{};
  for (const std::uint32_t row : rows) {
    for (std::size_t m = 0; m < models.size(); ++m) outputs[m] = &table.outputs[table.at(row, models[m])];
    const Pool pool = gather(std::span(outputs).first(models.size()));
    const auto* end = pool.classes.data() + pool.n;
    const auto* label = std::find(pool.classes.data(), end, table.labels[row]);
    pooled.label_at.push_back(label == end ? -1 : static_cast<std::int32_t>(label - pool.classes.data()));
    pooled.classes.insert(pooled.classes.end(), pool.classes.data(), end);
    pooled.log_p.insert(pooled.log_p.end(), pool.log_p.data(), pool.log_p.data() + pool.n * pool.n_looks);
    pooled.begin.push_back(static_cast<std::uint32_t>(pooled.classes.size()));
  }
  return pooled;
}

std::vector<double> fit_weights(const PooledRows& rows, std::span<const std::uint32_t> which) {
  const std::size_t l = rows.n_looks;
  TRIAGE_CHECK(l >= 1 && l <= kL);
  std::vector<double> w(l, 1 / static_cast<double>(l));
  Objective at = evaluate(rows, which, w);
  for (int step = 0; step < kMaxSteps; ++step) {
    const auto direction = solve(at.hessian, at.gradient, l);
    // Halved until it descends: far from the optimum a full step may overshoot.
    std::vector<double> next(l);
    double scale = 1, change = 0;
    Objective there;
    do {
      change = 0;
      for (std::size_t a = 0; a < l; ++a) {
        next[a] = w[a] - scale * direction[a];
        change = std::max(change, std::abs(scale * direction[a]));
      }
      there = evaluate(rows, which, next);
      scale /= 2;
    } while (there.value > at.value && change > kDone);
    if (there.value <= at.value) {
      w = next;
      at = there;
    }
    if (change <= kDone) break;
  }
  for (double& each : w) each = std::clamp(each, -kMostWeight, kMostWeight);
  if (l == 1) w[0] = std::max(w[0], kLeastAlone);
  return w;
}

}  // namespace triage
