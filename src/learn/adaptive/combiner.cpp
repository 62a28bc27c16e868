#include "learn/adaptive/combiner.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "stats/newton.h"

namespace triage {
namespace {

constexpr NewtonLimits kLimits{.max_steps = 25, .least_change = 1e-6};
constexpr double kMostWeight = 100;
constexpr double kLeastAlone = 0.01;  // > 0, so that the best class stays the best where confidence misleads
constexpr std::size_t kLooks = kMaxPooledLooks;

constexpr double kOwnPenalty = 300'000;  // over the number of rows; of 1e5 to 1e6 all data sets tried do well
constexpr NewtonLimits kOwnLimits{.max_steps = 25, .least_change = 1e-3};  // finer steps change no answer
constexpr std::size_t kOwnWeights = (kLooks + 1) * kMaxOwnClasses;

// Turns the scores of a row's classes into their posterior; minus the log probability of the label.
double softmax(std::span<double> scores, std::size_t label) {
  const double most = *std::max_element(scores.begin(), scores.end());
  const double score = scores[label] - most;
  double mass = 0;
  for (double& each : scores) mass += each = std::exp(each - most);
  for (double& each : scores) each /= mass;
  return std::log(mass) - score;
}

// Adds one row: minus its label's log probability, and the moments of log_p under the posterior.
void add_row(const PooledRows& rows, std::size_t i, std::span<const double> w, SecondOrder<kLooks>& sum) {
  const std::size_t l = rows.n_looks, from = rows.begin[i], n = rows.begin[i + 1] - from;
  const float* log_p = rows.log_p.data() + from * l;
  std::array<double, kMaxPooled> p{};
  for (std::size_t c = 0; c < n; ++c) {
    for (std::size_t m = 0; m < l; ++m) p[c] += w[m] * static_cast<double>(log_p[c * l + m]);
  }
  const auto label = static_cast<std::size_t>(rows.label_at[i]);
  sum.value += softmax(std::span(p).first(n), label);
  std::array<double, kLooks> mean{};
  std::array<std::array<double, kLooks>, kLooks> square{};
  for (std::size_t c = 0; c < n; ++c) {
    for (std::size_t a = 0; a < l; ++a) {
      const double x = static_cast<double>(log_p[c * l + a]);
      mean[a] += p[c] * x;
      for (std::size_t b = 0; b <= a; ++b) square[a][b] += p[c] * x * static_cast<double>(log_p[c * l + b]);
    }
  }
  for (std::size_t a = 0; a < l; ++a) {
    sum.gradient[a] += mean[a] - static_cast<double>(log_p[label * l + a]);
    for (std::size_t b = 0; b <= a; ++b) sum.hessian[a][b] += square[a][b] - mean[a] * mean[b];
  }
}

SecondOrder<kLooks> evaluate(const PooledRows& rows, std::span<const std::uint32_t> which,
                             std::span<const double> w) {
  SecondOrder<kLooks> sum;
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

// Adds one row for weights of each class, w[m * n_classes + c] with the biases last. With x the inputs of a
// class's score, its looks' log_p and 1, the Hessian is that of softmax: p_c x_c x_c' on the diagonal, less
// the outer product of all p_c x_c.
void add_own_row(const PooledRows& rows, std::size_t i, std::size_t n_classes, std::span<const double> w,
                 SecondOrder<kOwnWeights>& sum) {
  const std::size_t l = rows.n_looks, from = rows.begin[i], n = rows.begin[i + 1] - from;
  TRIAGE_CHECK(n <= n_classes);
  std::array<std::array<double, kLooks + 1>, kMaxOwnClasses> x;
  std::array<double, kMaxOwnClasses> p{};
  for (std::size_t c = 0; c < n; ++c) {
    const auto cls = static_cast<std::size_t>(rows.classes[from + c]);
    TRIAGE_CHECK(cls < n_classes);
    for (std::size_t m = 0; m < l; ++m) x[c][m] = static_cast<double>(rows.log_p[(from + c) * l + m]);
    x[c][l] = 1;
    for (std::size_t m = 0; m <= l; ++m) p[c] += w[m * n_classes + cls] * x[c][m];
  }
  const auto label = static_cast<std::size_t>(rows.label_at[i]);
  sum.value += softmax(std::span(p).first(n), label);
  std::array<double, kOwnWeights> px{};
  for (std::size_t c = 0; c < n; ++c) {
    const auto cls = static_cast<std::size_t>(rows.classes[from + c]);
    for (std::size_t a = 0; a <= l; ++a) {
      const std::size_t at = a * n_classes + cls;
      px[at] = p[c] * x[c][a];
      sum.gradient[at] += px[at] - (c == label ? x[c][a] : 0);
      for (std::size_t b = 0; b <= a; ++b) sum.hessian[at][b * n_classes + cls] += px[at] * x[c][b];
    }
  }
  const std::size_t size = (l + 1) * n_classes;
  for (std::size_t a = 0; a < size; ++a) {
    for (std::size_t b = 0; b <= a; ++b) sum.hessian[a][b] -= px[a] * px[b];
  }
}

SecondOrder<kOwnWeights> evaluate_own(const PooledRows& rows, std::span<const std::uint32_t> which,
                                      std::size_t n_classes, std::span<const double> start,
                                      std::span<const double> w) {
  SecondOrder<kOwnWeights> sum;
  for (const std::uint32_t i : which) {
    if (rows.label_at[i] >= 0) add_own_row(rows, i, n_classes, w, sum);
  }
  const double penalty = kOwnPenalty / static_cast<double>(which.size());
  for (std::size_t a = 0; a < w.size(); ++a) {
    sum.value += penalty * (w[a] - start[a]) * (w[a] - start[a]);
    sum.gradient[a] += 2 * penalty * (w[a] - start[a]);
    sum.hessian[a][a] += 2 * penalty;
  }
  return sum;
}

}  // namespace

PooledRows pool_rows(const Table& table, Rows rows, std::span<const ModelIndex> models) {
  PooledRows pooled;
  pooled.n_looks = models.size();
  pooled.begin.push_back(0);
  std::array<const TopK*, kLooks> outputs{};
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
  TRIAGE_CHECK(l >= 1 && l <= kLooks);
  std::vector<double> w(l, 1 / static_cast<double>(l));
  minimise<kLooks>([&](std::span<const double> at) { return evaluate(rows, which, at); }, kLimits, w);
  for (double& each : w) each = std::clamp(each, -kMostWeight, kMostWeight);
  if (l == 1) w[0] = std::max(w[0], kLeastAlone);
  return w;
}

std::vector<double> fit_own_weights(const PooledRows& rows, std::span<const std::uint32_t> which,
                                    std::size_t n_classes, std::span<const double> weights) {
  TRIAGE_CHECK(!which.empty() && n_classes <= kMaxOwnClasses && weights.size() == rows.n_looks);
  std::vector<double> start;
  for (const double weight : weights) start.insert(start.end(), n_classes, weight);
  start.insert(start.end(), n_classes, 0);
  std::vector<double> w = start;
  minimise<kOwnWeights>(
      [&](std::span<const double> at) { return evaluate_own(rows, which, n_classes, start, at); }, kOwnLimits,
      w);
  for (double& each : w) each = std::clamp(each, -kMostWeight, kMostWeight);
  return w;
}

}  // namespace triage
