// Which order of models an adaptive policy should take at each price: inner cross-validation over short lists
// of rising cost.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "learn/adaptive/combiner.h"
#include "learn/adaptive/stopping.h"
#include "learn/costs.h"
#include "triage/tools/learn.h"
#include "triage/tools/rows.h"

namespace triage {

// Which models look one after the other, and whose answer counts after each look.
struct Order {
  std::vector<ModelIndex> models;  // in the table, by rising cost; 1 to kMaxPooledLooks
  bool pools = true;               // that of all looks together; else the last look's alone, as in a cascade

  [[nodiscard]] std::size_t size() const { return models.size(); }
  // Its first n looks, 1 <= n <= size(). One look is all there is to pool.
  [[nodiscard]] Order first(std::size_t n) const {
    return {{models.begin(), models.begin() + static_cast<std::ptrdiff_t>(n)}, pools || n == 1};
  }
  auto operator<=>(const Order&) const = default;
};

// Weights and stages of orders, each made once; fitted on some positions of the rows, filled for all of them.
// A stage is what an order says after its last look.
class StageCache {
 public:
  struct Stage {
    std::vector<double> weights;
    StageRows rows;
  };
  // `fit_on`: positions in `rows`. `strong`: the models whose combination, fitted on the same rows, says how
  // probable it is that an answer is right (StageRows::soft). `n_own`: classes that have weights and evidence
  // of their own, all or 0.
  StageCache(const Table& table, Rows rows, Criterion criterion, std::vector<std::uint32_t> fit_on,
             std::span<const ModelIndex> strong, std::size_t n_own);
  // The second form is for callers that have pool_rows() of its models already.
  [[nodiscard]] const Stage& at(const Order& order);
  [[nodiscard]] const Stage& at(const Order& order, const PooledRows& pooled);
  [[nodiscard]] std::span<const std::uint32_t> fit_on() const { return fit_on_; }

 private:
  [[nodiscard]] std::vector<double> fit_weights_of(const PooledRows& pooled) const;
  // Of the last look alone: the others have none.
  [[nodiscard]] std::vector<double> last_weights_of(const Order& order);
  [[nodiscard]] Stage make(std::vector<double> weights, const PooledRows& pooled) const;

  const Table& table_;
  Rows rows_;
  Criterion criterion_;
  std::vector<std::uint32_t> fit_on_;
  std::size_t n_own_;
  std::vector<Posterior> strong_;  // (n)
  std::map<Order, std::unique_ptr<Stage>> stages_;
};

// What one order reaches at each price, by inner cross-validation.
struct OrderCurve {
  Order order;
  std::vector<Reached> at_price;  // (prices)
};
// In the order of `orders`, on rows in random order (table/row_order.h), of which every n-th tests; gains are
// over the single best model, which is itself chosen inside each fold.
[[nodiscard]] std::vector<OrderCurve> judge_orders(const Table& table, Rows rows, const LearnOptions& learn,
                                                   std::span<const double> prices,
                                                   std::span<const Order> orders);

// The orders to choose among. For each model on the hull of cost and score: it alone, and for each of the
// cost_ratios the ladders of two to max_stages models that end in it, built backwards: in front of each model
// comes the most accurate one that costs at most its cost divided by the ratio. Each of them pools, and each
// has a twin that does not. A free search over orders finds no better ones and is misled by chance
// (docs/policies.md).
[[nodiscard]] std::vector<Order> candidate_orders(const Table& table, Rows rows, const LearnOptions& learn,
                                                  const AdaptiveOptions& options);

// How many classes have weights and evidence of their own: all, or 0 where they are too many.
[[nodiscard]] std::size_t own_classes(const Table& table);

// The models of best score, whose combination stands for the truth in soft rewards.
[[nodiscard]] std::vector<ModelIndex> strong_models(const Table& table, Rows rows, Criterion criterion);

}  // namespace triage
