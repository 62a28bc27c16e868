#include "learn/adaptive/order_search.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "base/check.h"
#include "base/stop.h"
#include "learn/premodel/labelled_rows.h"
#include "stats/hull.h"
#include "table/row_order.h"

namespace triage {
namespace {

constexpr std::size_t kStrong = kMaxPooledLooks;  // models whose combination stands for the truth
constexpr std::size_t kFitRows = 4000;            // a handful of weights needs no more
constexpr std::size_t kOwnFitRows = 20000;        // those of each class

// Fewer for many rows, of which a smaller part suffices.
std::size_t n_inner_folds(std::size_t n_rows) { return n_rows < 10000 ? 5 : 3; }

// Score of a posterior's answer, and what it is worth when `strong` stands for the truth.
bool is_right(const Posterior& posterior, Label label, Criterion criterion) {
  const std::size_t n = std::min<std::size_t>(posterior.n, criterion == Criterion::kTop1 ? 1 : 5);
  for (std::size_t i = 0; i < n; ++i) {
    if (posterior.entries[i].cls == label) return true;
  }
  return false;
}

float soft_score(const Posterior& posterior, const Posterior& strong, Criterion criterion) {
  const std::size_t n = std::min<std::size_t>(posterior.n, criterion == Criterion::kTop1 ? 1 : 5);
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < strong.n; ++c) {
      if (strong.entries[c].cls == posterior.entries[i].cls) sum += strong.entries[c].probability;
    }
  }
  return sum;
}

// The inner folds, each with its cache; what does not depend on a fold is made once.
class OrderFolds {
 public:
  OrderFolds(const Table& table, Rows rows, const LearnOptions& learn, std::span<const double> prices)
      : table_(table), rows_(rows), prices_(prices), costs_(table, rows, learn.cost) {
    const std::size_t n_folds = n_inner_folds(rows.size()), n_own = own_classes(table);
    const auto order = first_positions(rows.size());
    for (InnerFold& parts : inner_folds(order, group_numbers(table, rows), n_folds)) {
      std::vector<std::uint32_t> chosen;
      for (const std::uint32_t i : parts.train) chosen.push_back(rows[i]);
      const auto scores = mean_scores(table, chosen, learn.criterion);
      references_.push_back({{single_best(scores, model_costs(table, chosen, learn.cost))}});
      folds_.emplace_back(table, rows, learn.criterion, std::move(parts.train),
                          strong_models(table, chosen, learn.criterion), n_own);
      tests_.push_back(std::move(parts.test));
    }
    for (const Order& reference : references_) prepare(reference);
  }

  OrderCurve judge(const Order& order) {
    for (std::size_t j = 1; j <= order.size(); ++j) prepare(order.first(j));
    OrderCurve curve{order, std::vector<Reached>(prices_.size())};
    const auto costs = costs_.of(order.models);
    for (std::size_t f = 0; f < folds_.size(); ++f) judge_in(f, costs, curve);
    return curve;
  }

 private:
  void prepare(const Order& order) {
    if (!prepared_.insert(order).second) return;
    if (!order.pools) prepare({{order.models.back()}});
    const PooledRows pooled = pool_rows(table_, rows_, order.models);
    for (StageCache& fold : folds_) (void)fold.at(order, pooled);
  }

  void judge_in(std::size_t f, std::span<const double> costs, OrderCurve& curve) {
    std::vector<const StageRows*> stages;
    std::vector<GainFitter> fitters;
    for (std::size_t j = 1; j <= curve.order.size(); ++j) {
      stages.push_back(&folds_[f].at(curve.order.first(j)).rows);
      if (j < curve.order.size()) fitters.emplace_back(*stages.back(), folds_[f].fit_on());
    }
    const double weight = static_cast<double>(tests_[f].size()) / static_cast<double>(rows_.size());
    for (std::size_t p = 0; p < prices_.size(); ++p) {
      const auto gains = fit_stopping(stages, fitters, costs, prices_[p], folds_[f].fit_on());
      curve.at_price[p].add(run_stopping(stages, gains, costs, folds_[f].at(references_[f]).rows, tests_[f]),
                            weight);
    }
  }

  const Table& table_;
  Rows rows_;
  std::span<const double> prices_;
  MarginalCosts costs_;
  // (folds) The single best model on the training rows of each. One chosen on all rows would be judged on
  // rows that chose it, and look better than it is.
  std::vector<Order> references_;
  std::vector<StageCache> folds_;
  std::vector<std::vector<std::uint32_t>> tests_;
  std::set<Order> prepared_;
};

// The ladder that ends in `last`.
std::vector<ModelIndex> ladder(ModelIndex last, std::span<const double> costs, std::span<const double> scores,
                               double cost_ratio, int max_stages) {
  std::vector<ModelIndex> order{last};
  while (order.size() < static_cast<std::size_t>(max_stages)) {
    const double most = costs[static_cast<std::size_t>(order.front())] / cost_ratio;
    ModelIndex best = kNoModel;
    for (std::size_t m = 0; m < costs.size(); ++m) {
      const auto b = static_cast<std::size_t>(best);
      const bool stands = std::find(order.begin(), order.end(), static_cast<ModelIndex>(m)) != order.end();
      if (costs[m] > most || stands) continue;
      if (best == kNoModel || scores[m] > scores[b] || (scores[m] == scores[b] && costs[m] < costs[b])) {
        best = static_cast<ModelIndex>(m);
      }
    }
    if (best == kNoModel) break;
    order.insert(order.begin(), best);
  }
  return order;
}

}  // namespace

StageCache::StageCache(const Table& table, Rows rows, Criterion criterion, std::vector<std::uint32_t> fit_on,
                       std::span<const ModelIndex> strong, std::size_t n_own)
    : table_(table), rows_(rows), criterion_(criterion), fit_on_(std::move(fit_on)), n_own_(n_own) {
  const PooledRows pooled = pool_rows(table, rows, strong);
  const auto weights = fit_weights_of(pooled);
  strong_.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) strong_.push_back(pooled.posterior(i, weights));
}

const StageCache::Stage& StageCache::at(const Order& order) {
  const auto found = stages_.find(order);
  return found != stages_.end() ? *found->second : at(order, pool_rows(table_, rows_, order.models));
}

const StageCache::Stage& StageCache::at(const Order& order, const PooledRows& pooled) {
  auto& stage = stages_[order];
  if (!stage) {
    stage =
        std::make_unique<Stage>(make(order.pools ? fit_weights_of(pooled) : last_weights_of(order), pooled));
  }
  return *stage;
}

std::vector<double> StageCache::last_weights_of(const Order& order) {
  std::vector<double> weights(order.size(), 0);
  weights.back() = at({{order.models.back()}}).weights.front();
  return weights;
}

std::vector<double> StageCache::fit_weights_of(const PooledRows& pooled) const {
  const auto first = [&](std::size_t most) {
    return std::span(fit_on_).first(std::min(fit_on_.size(), most));
  };
  const auto weights = fit_weights(pooled, first(kFitRows));
  // With one look the answer must stay that model's.
  if (n_own_ == 0 || pooled.n_looks == 1) return weights;
  return fit_own_weights(pooled, first(kOwnFitRows), n_own_, weights);
}

StageCache::Stage StageCache::make(std::vector<double> weights, const PooledRows& pooled) const {
  Stage stage;
  stage.weights = std::move(weights);
  stage.rows.n_numbers = kEvidenceNumbers + n_own_;
  stage.rows.evidence.reserve(rows_.size() * stage.rows.n_numbers);
  stage.rows.right.reserve(rows_.size());
  stage.rows.soft.reserve(rows_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Posterior posterior = pooled.posterior(i, stage.weights);
    const auto evidence = evidence_of(posterior, n_own_);
    std::transform(evidence.view().begin(), evidence.view().end(), std::back_inserter(stage.rows.evidence),
                   [](double x) { return static_cast<float>(x); });
    const float right = is_right(posterior, table_.labels[rows_[i]], criterion_) ? 1.0F : 0.0F;
    stage.rows.right.push_back(right);
    stage.rows.soft.push_back(soft_score(posterior, strong_[i], criterion_));
  }
  return stage;
}

std::size_t own_classes(const Table& table) {
  const auto n_classes = static_cast<std::size_t>(table.n_classes);
  return may_have_own_weights(n_classes) ? n_classes : 0;
}

std::vector<ModelIndex> strong_models(const Table& table, Rows rows, Criterion criterion) {
  const auto scores = mean_scores(table, rows, criterion);
  std::vector<ModelIndex> models = all_models(table);
  std::stable_sort(models.begin(), models.end(), [&](ModelIndex a, ModelIndex b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  models.resize(std::min(models.size(), kStrong));
  return models;
}

std::vector<Order> candidate_orders(const Table& table, Rows rows, const LearnOptions& learn,
                                    const AdaptiveOptions& options) {
  const auto costs = model_costs(table, rows, learn.cost);
  const auto scores = mean_scores(table, rows, learn.criterion);
  std::vector<Order> orders;
  auto strongest = upper_hull(costs, scores);
  std::sort(strongest.begin(), strongest.end());  // of equal orders the first counts
  for (const std::size_t on_hull : strongest) {
    const auto model = static_cast<ModelIndex>(on_hull);
    orders.push_back({{model}});
    for (const double ratio : options.cost_ratios) {
      const auto longest = ladder(model, costs, scores, ratio, options.max_stages);
      for (auto from = longest.end() - 1; from != longest.begin();) {
        --from;
        for (const bool pools : {true, false}) {
          Order longer{{from, longest.end()}, pools};
          if (std::find(orders.begin(), orders.end(), longer) == orders.end())
            orders.push_back(std::move(longer));
        }
      }
    }
  }
  return orders;
}

std::vector<OrderCurve> judge_orders(const Table& table, Rows rows, const LearnOptions& learn,
                                     std::span<const double> prices, std::span<const Order> orders) {
  OrderFolds folds(table, rows, learn, prices);
  std::vector<OrderCurve> curves;
  for (const Order& order : orders) {
    throw_if_stopped(learn.stop, "adaptive");
    curves.push_back(folds.judge(order));
  }
  return curves;
}

}  // namespace triage
