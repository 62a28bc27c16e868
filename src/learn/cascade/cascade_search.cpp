#include "learn/cascade/cascade_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stop_token>

#include "base/number_text.h"
#include "base/stop.h"
#include "stats/hull.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::size_t kReduceAt = std::size_t{1}
                                  << 16;  // candidates kept before the dominated ones are dropped

struct CascadeSums {
  double score = 0;
  double cost = 0;
  CascadeSums& operator+=(const CascadeSums& other) {
    score += other.score;
    cost += other.cost;
    return *this;
  }
};

// The rows' values by column, so that a count over them reads memory in order.
struct ConfidenceColumns {
  std::size_t n = 0;                            // rows
  std::size_t width = 0;                        // bins: one more than the most thresholds of a model
  std::vector<std::vector<double>> thresholds;  // (m) rising candidates of each model
  std::vector<std::uint8_t> bins;       // (m, n) how many of its model's thresholds a confidence reaches
  std::vector<float> scores;            // (m, n)
  std::vector<float> infer_cost;        // (m, n)
  std::vector<float> preprocess_cost;   // (r, n)
  std::vector<std::int32_t> recipe_of;  // (m)
};

// Quantiles of the model's finite confidences, rising, each once.
std::vector<double> find_thresholds(std::vector<double> confidences, int n_thresholds) {
  std::erase_if(confidences, [](double value) { return !std::isfinite(value); });
  std::sort(confidences.begin(), confidences.end());
  std::vector<double> thresholds;
  const auto parts = static_cast<std::size_t>(n_thresholds) + 1;
  for (std::size_t i = 1; i < parts && !confidences.empty(); ++i) {
    thresholds.push_back(confidences[i * confidences.size() / parts]);
  }
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
  return thresholds;
}

// Joules are known as means alone.
float cost_of(const CostWeights& weights, float ms, const std::vector<double>& joules, std::size_t i) {
  const double j = joules.empty() ? kNotMeasured : joules[i];
  return static_cast<float>(weights.of(static_cast<double>(ms), j));
}

void add_model(const Table& table, Rows rows, const LearnOptions& learn, const CascadeOptions& options,
               ModelIndex model, ConfidenceColumns& columns) {
  std::vector<double> confidences;
  confidences.reserve(rows.size());
  for (const std::uint32_t row : rows) {
    confidences.push_back(table.confidence(row, model));
    columns.scores.push_back(static_cast<float>(table.score(row, model, learn.criterion)));
    columns.infer_cost.push_back(cost_of(learn.cost, table.infer_ms[table.at(row, model)],
                                         table.energy.infer_j, static_cast<std::size_t>(model)));
  }
  const auto& thresholds = columns.thresholds.emplace_back(find_thresholds(confidences, options.thresholds));
  for (const double confidence : confidences) {
    // NaN, a look without confidence, reaches none.
    const auto end = std::isnan(confidence)
                         ? thresholds.begin()
                         : std::upper_bound(thresholds.begin(), thresholds.end(), confidence);
    columns.bins.push_back(static_cast<std::uint8_t>(end - thresholds.begin()));
  }
  columns.width = std::max(columns.width, thresholds.size() + 1);
}

ConfidenceColumns make_columns(const Table& table, Rows rows, const LearnOptions& learn,
                               const CascadeOptions& options) {
  ConfidenceColumns columns;
  columns.n = rows.size();
  columns.recipe_of = table.recipe_of;
  for (const ModelIndex model : all_models(table)) add_model(table, rows, learn, options, model, columns);
  for (std::size_t recipe = 0; recipe < table.n_recipes(); ++recipe) {
    for (const std::uint32_t row : rows) {
      columns.preprocess_cost.push_back(cost_of(learn.cost,
                                                table.preprocess_ms[row * table.n_recipes() + recipe],
                                                table.energy.preprocess_j, recipe));
    }
  }
  return columns;
}

// What `model` adds when it runs after `before`, summed by the bins of the first two of these: cell (x, y) of
// the result, shape (width, width), sums the rows with bins of at most x and y. With one model before, y is
// the added model's own bin.
class Grid {
 public:
  Grid(const ConfidenceColumns& columns, std::span<const ModelIndex> before, ModelIndex model)
      : width_(columns.width), cells_(width_ * width_) {
    const ModelIndex second = before.size() > 1 ? before[1] : model;
    const auto* x = &columns.bins[static_cast<std::size_t>(before[0]) * columns.n];
    const auto* y = &columns.bins[static_cast<std::size_t>(second) * columns.n];
    const auto* score = &columns.scores[static_cast<std::size_t>(model) * columns.n];
    const auto* infer = &columns.infer_cost[static_cast<std::size_t>(model) * columns.n];
    const auto recipe = static_cast<std::size_t>(columns.recipe_of[static_cast<std::size_t>(model)]);
    const bool paid = std::any_of(before.begin(), before.end(), [&](ModelIndex earlier) {
      return columns.recipe_of[static_cast<std::size_t>(earlier)] == static_cast<std::int32_t>(recipe);
    });
    const float* preprocess = paid ? nullptr : &columns.preprocess_cost[recipe * columns.n];
    for (std::size_t i = 0; i < columns.n; ++i) {
      const double cost = static_cast<double>(infer[i]) + (paid ? 0.0 : static_cast<double>(preprocess[i]));
      cells_[x[i] * width_ + y[i]] += {static_cast<double>(score[i]), cost};
    }
    accumulate();
  }
  [[nodiscard]] const CascadeSums& at(std::size_t x, std::size_t y) const { return cells_[x * width_ + y]; }
  [[nodiscard]] const CascadeSums& all_y(std::size_t x) const { return at(x, width_ - 1); }

 private:
  void accumulate() {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      if (i % width_ != 0) cells_[i] += cells_[i - 1];
    }
    for (std::size_t i = width_; i < cells_.size(); ++i) cells_[i] += cells_[i - width_];
  }

  std::size_t width_;
  std::vector<CascadeSums> cells_;
};

// A first model alone: sums over the rows whose bin is at most x, shape (width).
std::vector<CascadeSums> first_sums(const ConfidenceColumns& columns, ModelIndex model) {
  std::vector<CascadeSums> sums(columns.width);
  const auto offset = static_cast<std::size_t>(model) * columns.n;
  const auto recipe = static_cast<std::size_t>(columns.recipe_of[static_cast<std::size_t>(model)]);
  for (std::size_t i = 0; i < columns.n; ++i) {
    const double cost = static_cast<double>(columns.preprocess_cost[recipe * columns.n + i]) +
                        static_cast<double>(columns.infer_cost[offset + i]);
    sums[columns.bins[offset + i]] += {static_cast<double>(columns.scores[offset + i]), cost};
  }
  for (std::size_t x = 1; x < sums.size(); ++x) sums[x] += sums[x - 1];
  return sums;
}

bool before_on_frontier(const CascadePoint& a, const CascadePoint& b) {
  if (a.cost != b.cost) return a.cost < b.cost;
  if (a.score != b.score) return a.score > b.score;
  return a.n_stages < b.n_stages;
}

// Collects points, forgetting the dominated ones now and then.
class CascadeFrontier {
 public:
  void add(const CascadePoint& point) {
    points_.push_back(point);
    if (points_.size() >= reduce_at_) reduce();
  }
  void reduce() {
    std::stable_sort(points_.begin(), points_.end(), before_on_frontier);
    keep_undominated(points_, [](const CascadePoint& point) { return point.score; });
    reduce_at_ = points_.size() + kReduceAt;
  }
  [[nodiscard]] std::vector<CascadePoint> take() {
    reduce();
    return std::move(points_);
  }

 private:
  std::vector<CascadePoint> points_;
  std::size_t reduce_at_ = kReduceAt;
};

class CascadeSearch {
 public:
  CascadeSearch(const Table& table, Rows rows, const LearnOptions& learn, const CascadeOptions& options)
      : columns_(make_columns(table, rows, learn, options)),
        min_stages_(options.min_stages),
        max_stages_(options.max_stages),
        stop_(learn.stop),
        order_(all_models(table)) {
    const auto costs = model_costs(table, rows, learn.cost);
    std::stable_sort(order_.begin(), order_.end(), [&](ModelIndex a, ModelIndex b) {
      return costs[static_cast<std::size_t>(a)] < costs[static_cast<std::size_t>(b)];
    });
  }

  std::vector<CascadePoint> run() {
    for (std::size_t i = 0; i < order_.size(); ++i) {
      const auto first = first_sums(columns_, order_[i]);
      add(first.back(), {order_[i]}, {});
      for (std::size_t j = i + 1; max_stages_ >= 2 && j < order_.size(); ++j) add_pairs(first, i, j);
    }
    return frontier_.take();
  }

 private:
  [[nodiscard]] const std::vector<double>& thresholds(ModelIndex model) const {
    return columns_.thresholds[static_cast<std::size_t>(model)];
  }

  // An input passes on from a stage at threshold t when its bin is at most t.
  void add_pairs(const std::vector<CascadeSums>& first, std::size_t i, std::size_t j) {
    throw_if_stopped(stop_, "cascade");
    const std::array before{order_[i]};
    const Grid second(columns_, before, order_[j]);
    std::vector<CascadeSums> pairs;  // by the first's threshold
    for (std::size_t x = 0; x < thresholds(order_[i]).size(); ++x) {
      const CascadeSums& added = second.all_y(x);
      pairs.push_back({first.back().score - first[x].score + added.score, first.back().cost + added.cost});
      add(pairs.back(), {order_[i], order_[j]}, {thresholds(order_[i])[x]});
    }
    for (std::size_t l = j + 1; max_stages_ >= 3 && l < order_.size(); ++l)
      add_triples(pairs, second, i, j, l);
  }

  void add_triples(const std::vector<CascadeSums>& pairs, const Grid& second, std::size_t i, std::size_t j,
                   std::size_t l) {
    throw_if_stopped(stop_, "cascade");
    const std::array before{order_[i], order_[j]};
    const Grid third(columns_, before, order_[l]);
    for (std::size_t x = 0; x < pairs.size(); ++x) {
      for (std::size_t y = 0; y < thresholds(order_[j]).size(); ++y) {
        const CascadeSums& added = third.at(x, y);
        add({pairs[x].score - second.at(x, y).score + added.score, pairs[x].cost + added.cost},
            {order_[i], order_[j], order_[l]}, {thresholds(order_[i])[x], thresholds(order_[j])[y]});
      }
    }
  }

  void add(const CascadeSums& sums, std::initializer_list<ModelIndex> models,
           std::initializer_list<double> thresholds) {
    if (models.size() < static_cast<std::size_t>(min_stages_)) return;
    CascadePoint point;
    point.score = sums.score / static_cast<double>(columns_.n);
    point.cost = sums.cost / static_cast<double>(columns_.n);
    point.n_stages = static_cast<int>(models.size());
    std::copy(models.begin(), models.end(), point.models.begin());
    std::copy(thresholds.begin(), thresholds.end(), point.thresholds.begin());
    frontier_.add(point);
  }

  ConfidenceColumns columns_;
  int min_stages_, max_stages_;
  std::stop_token stop_;
  std::vector<ModelIndex> order_;  // by rising mean cost
  CascadeFrontier frontier_;
};

void check(const Table& table, Rows rows, const CascadeOptions& options) {
  const auto fail = [](std::string_view what, auto found, const std::string& expected) {
    throw Error(ErrorCode::kUsage,
                fmt::format("cascade: {} {}, expected {}", what, number_text(found), expected));
  };
  if (rows.empty()) fail("training inputs", 0, "at least one; profile some first");
  if (options.max_stages < 1 || options.max_stages > kMaxStages) fail("stages", options.max_stages, "1 to 3");
  const int most = std::min(options.max_stages, static_cast<int>(table.n_models()));
  if (options.min_stages < 1 || options.min_stages > most)
    fail("least stages", options.min_stages, fmt::format("1 to {}", most));
  if (options.thresholds < 1 || options.thresholds > 255)
    fail("thresholds a stage", options.thresholds, "1 to 255");
}

}  // namespace

std::vector<CascadePoint> search_cascades(const Table& table, Rows rows, const LearnOptions& learn,
                                          const CascadeOptions& options) {
  check(table, rows, options);
  auto frontier = CascadeSearch(table, rows, learn, options).run();
  if (frontier.empty()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("cascade: no {} models with a confidence, expected outputs of that many; ask for "
                            "fewer stages",
                            options.min_stages));
  }
  return frontier;
}

const CascadePoint& cheapest_reaching(const std::vector<CascadePoint>& frontier, double score) {
  const auto found = std::find_if(frontier.begin(), frontier.end(),
                                  [&](const CascadePoint& point) { return point.score >= score - 1e-12; });
  return found == frontier.end() ? frontier.back() : *found;
}

const CascadePoint& best_at_price(const std::vector<CascadePoint>& frontier, double price) {
  const auto value = [&](const CascadePoint& point) { return point.score - price * point.cost; };
  return *std::max_element(frontier.begin(), frontier.end(),
                           [&](const auto& a, const auto& b) { return value(a) < value(b); });
}

}  // namespace triage
