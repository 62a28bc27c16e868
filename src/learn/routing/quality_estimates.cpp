#include "learn/routing/quality_estimates.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>

#include "base/check.h"
#include "base/stop.h"
#include "learn/logistic.h"

namespace triage {
namespace {

constexpr std::string_view kRouting = "cascade routing";
constexpr double kLeastVariance = 1e-9;  // of a score, so that no gap is infinite

using InputColumn = std::vector<double>;

// Whether models are right on the rows that are fitted, a column each.
std::vector<std::vector<std::uint8_t>> targets(const RoutedRows& rows, std::span<const std::uint32_t> which,
                                               std::size_t k) {
  std::vector<std::vector<std::uint8_t>> out(k);
  for (std::size_t m = 0; m < k; ++m) {
    for (const std::uint32_t row : which) out[m].push_back(rows.right[row][m]);
  }
  return out;
}

// Estimates (k) of each model's quality, (n) each.
using InputColumns = std::vector<InputColumn>;

// SetEstimator::gaps of one pool, from the estimates now and when all of the pool have run. The means of the
// gaps are 0 but for the regressions' penalty.
std::vector<double> covariance_of_gaps(const InputColumns& later, const InputColumns& now, ModelSet pool) {
  const std::size_t k = now.size(), n = now.front().size();
  InputColumns gap(k);
  for (std::size_t m = 0; m < k; ++m) {
    for (std::size_t i = 0; contains(pool, m) && i < n; ++i) {
      const double q = now[m][i];
      gap[m].push_back((later[m][i] - q) / std::sqrt(std::max(q * (1 - q), kLeastVariance)));
    }
  }
  std::vector<double> covariance(k * k);
  for (std::size_t a = 0; a < k; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      if (!contains(pool, a) || !contains(pool, b)) continue;
      const double sum = std::inner_product(gap[a].begin(), gap[a].end(), gap[b].begin(), 0.0);
      covariance[a * k + b] = covariance[b * k + a] = sum / static_cast<double>(n);
    }
  }
  return covariance;
}

// Regressions on one set's numbers, and their estimates on the same rows.
SetEstimator fit_set(const RoutedRows& rows, std::span<const std::uint32_t> which, ModelSet set,
                     std::span<const std::vector<std::uint8_t>> right, bool is_last,
                     InputColumns& estimates) {
  const std::size_t k = right.size(), d = count_numbers(size_of(set));
  std::vector<double> numbers(which.size() * d);
  for (std::size_t i = 0; i < which.size(); ++i) {
    write_numbers(rows.evidence[which[i]], set, std::span(numbers).subspan(i * d, d));
  }
  const Design design(numbers, d);
  SetEstimator fitted;
  estimates.assign(k, {});
  for (std::size_t m = 0; m < k; ++m) {
    const bool needed = !is_last || contains(set, m);
    const auto weights = needed ? design.fit(right[m]) : std::vector<double>(1 + d);
    fitted.weights.insert(fitted.weights.end(), weights.begin(), weights.end());
    for (std::size_t i = 0; i < which.size(); ++i) {
      estimates[m].push_back(logistic(weights, std::span(numbers).subspan(i * d, d)));
    }
  }
  return fitted;
}

// A superset, and what it is expected to score.
struct Option {
  ModelSet set = 0;
  double quality = 0;
};

// The decisions on one row, as far as they were asked for.
class RowView {
 public:
  RowView(const QualityEstimator& estimator, const SetCosts& costs)
      : estimator_(estimator),
        costs_(costs),
        states_(estimator.sets.size()),
        options_(states_.size() * states_.size()) {}

  void begin(const LookEvidence& evidence) {
    evidence_ = &evidence;
    ++row_;
  }

  [[nodiscard]] std::size_t answer(ModelSet set) {
    const State& state = at(set);
    std::size_t best = first_of(set);
    for (std::size_t m = best + 1; m < estimator_.n_models; ++m) {
      if (contains(set, m) && state.quality[m] > state.quality[best]) best = m;
    }
    return best;
  }

  [[nodiscard]] ModelSet best_of(ModelSet set, double lambda, ModelSet pool) {
    ModelSet best = set;
    double most_value = -std::numeric_limits<double>::infinity();
    for (const Option& option : options(set, pool)) {
      const double value = option.quality - lambda * (costs_.of_set[option.set] - costs_.of_set[set]);
      if (value > most_value) {
        most_value = value;
        best = option.set;
      }
    }
    return best;
  }

 private:
  struct State {
    std::size_t row = 0;
    std::array<double, kMaxRouted> quality{};
  };
  struct Options {
    std::size_t row = 0;
    std::vector<Option> all;  // the set itself, and its supersets in the pool
  };

  State& at(ModelSet set) {
    State& state = states_[set];
    if (state.row == row_) return state;
    state.row = row_;
    estimator_.estimate(*evidence_, set, std::span(state.quality.data(), estimator_.n_models));
    return state;
  }

  const std::vector<Option>& options(ModelSet set, ModelSet pool) {
    Options& known = options_[set * states_.size() + pool];
    if (known.row == row_) return known.all;
    known.row = row_;
    known.all.clear();
    const std::size_t k = estimator_.n_models;
    const auto quality = std::span<const double>(at(set).quality).first(k);
    std::array<double, kMaxRouted * kMaxRouted> covariance{};
    estimator_.spread(quality, set, pool, std::span(covariance).first(k * k));
    const Normals normals{quality, std::span(covariance).first(k * k)};
    const Maximum now = max_of(normals, set);
    known.all.push_back({set, now.mean});
    visit_supersets(normals, now, set, pool, [&](ModelSet larger, double expected, double, std::size_t) {
      known.all.push_back({larger, expected});
      return true;
    });
    return known.all;
  }

  const QualityEstimator& estimator_;
  const SetCosts& costs_;
  const LookEvidence* evidence_ = nullptr;
  std::size_t row_ = 0;
  std::vector<State> states_;     // by set
  std::vector<Options> options_;  // by set and pool
};

}  // namespace

RoutedRows routed_rows(const Table& table, Rows rows, Criterion criterion,
                       std::span<const ModelIndex> models) {
  RoutedRows out;
  out.evidence.reserve(rows.size());
  std::array<const TopK*, kMaxRouted> outputs{};
  for (const std::uint32_t row : rows) {
    auto& right = out.right.emplace_back();
    for (std::size_t m = 0; m < models.size(); ++m) {
      outputs[m] = &table.outputs[table.at(row, models[m])];
      right[m] = table.score(row, models[m], criterion) > 0.5 ? 1 : 0;
    }
    out.evidence.push_back(gather_evidence(std::span(outputs).first(models.size())));
  }
  return out;
}

QualityEstimator fit_qualities(const RoutedRows& rows, std::span<const std::uint32_t> which, std::size_t k,
                               std::size_t most, const std::stop_token& stop) {
  TRIAGE_CHECK(!which.empty() && k >= 1 && k <= kMaxRouted && most >= 1 && most <= kMaxRoutedLooks);
  QualityEstimator estimator;
  estimator.n_models = k;
  estimator.most = most;
  const std::size_t n_sets = std::size_t{1} << k;
  const auto right = targets(rows, which, k);
  estimator.sets.resize(n_sets);
  std::vector<InputColumns> estimates(n_sets);
  for (ModelSet set = 1; set < n_sets; ++set) {
    if (size_of(set) > most) continue;
    throw_if_stopped(stop, kRouting);
    estimator.sets[set] = fit_set(rows, which, set, right, size_of(set) == most, estimates[set]);
  }
  for (ModelSet set = 1; set < n_sets; ++set) {
    if (size_of(set) >= most) continue;
    throw_if_stopped(stop, kRouting);
    estimator.sets[set].gaps.resize(n_sets);
    for (ModelSet pool = set + 1; pool < n_sets; ++pool) {
      if ((pool & set) != set || size_of(pool) > most) continue;
      estimator.sets[set].gaps[pool] = covariance_of_gaps(estimates[pool], estimates[set], pool);
    }
  }
  return estimator;
}

void run_settings(const RoutedRows& rows, std::span<const std::uint32_t> which,
                  const QualityEstimator& estimator, const SetCosts& costs,
                  std::span<const RoutingSetting> settings, std::span<RoutingSums> sums,
                  const std::stop_token& stop) {
  RowView view(estimator, costs);
  for (const std::uint32_t row : which) {
    throw_if_stopped(stop, kRouting);
    view.begin(rows.evidence[row]);
    for (std::size_t s = 0; s < settings.size(); ++s) {
      const RoutingSetting& setting = settings[s];
      ModelSet set = ModelSet{1} << first_of(setting.pool);
      for (std::size_t step = 0; step < setting.lambda.size(); ++step) {
        const ModelSet wanted = view.best_of(set, setting.lambda[step], setting.pool);
        if (wanted == set) break;
        set |= ModelSet{1} << first_of(wanted & ~set);
      }
      sums[s].score += rows.right[row][size_of(set) == 1 ? first_of(set) : view.answer(set)];
      sums[s].cost += costs.of_set[set];
    }
  }
}

}  // namespace triage
