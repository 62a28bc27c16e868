// Training of ladders: which models in which order, then a setting for each price.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/stop.h"
#include "learn/ladder/ladder_fit.h"
#include "learn/priced_outcome.h"
#include "learn/text/learned_texts.h"
#include "learn/training_info.h"
#include "stats/hull.h"
#include "stats/mean.h"
#include "table/row_order.h"
#include "triage/error.h"
#include "triage/tools/ladder.h"

namespace triage {
namespace {

constexpr std::size_t kCandidates = 8;      // models of which orders are made
constexpr std::size_t kSearchRows = 3'000;  // that orders are judged on

std::vector<double> ladder_prices(int n, double best_cost) { return falling_prices(0.3, -2.5, n, best_cost); }

struct HeldOut {
  std::vector<std::uint32_t> train, test;  // positions
};
// Two parts, each judged by what the other taught; or k.
std::vector<HeldOut> make_samples(const Table& table, Rows rows, int k, std::uint64_t seed) {
  const auto part = make_folds(table, rows, k, seed);
  std::vector<HeldOut> samples(static_cast<std::size_t>(k));
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    for (std::size_t p = 0; p < samples.size(); ++p) {
      (static_cast<std::size_t>(part[i]) == p ? samples[p].test : samples[p].train).push_back(i);
    }
  }
  return samples;
}

// What was seen at each price on rows that did not train, in the order of the samples' rows.
std::vector<LadderOutcome> cross_fit(const LadderRows& rows, std::span<const HeldOut> samples,
                                     std::span<const double> prices) {
  std::vector<LadderOutcome> all(prices.size());
  for (const HeldOut& sample : samples) {
    const LadderFit fit = fit_ladder(select_ladder(rows, sample.train), prices);
    const auto outcomes = apply_ladder(fit, select_ladder(rows, sample.test));
    for (std::size_t p = 0; p < prices.size(); ++p) {
      auto& [scores, costs] = all[p];
      scores.insert(scores.end(), outcomes[p].scores.begin(), outcomes[p].scores.end());
      costs.insert(costs.end(), outcomes[p].costs.begin(), outcomes[p].costs.end());
    }
  }
  return all;
}

// Of each row of the samples what it is worth there, the mean over the prices.
std::vector<double> mean_worths(const LadderRows& rows, std::span<const HeldOut> samples,
                                std::span<const double> prices) {
  std::vector<double> worths;
  const auto outcomes = cross_fit(rows, samples, prices);
  for (std::size_t p = 0; p < prices.size(); ++p) {
    const auto& [scores, costs] = outcomes[p];
    worths.resize(scores.size(), 0.0);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      worths[i] += (scores[i] - prices[p] * costs[i]) / static_cast<double>(prices.size());
    }
  }
  return worths;
}

// The models that score most, and those that no mixture of two others beats, the best first of each; by
// rising cost.
std::vector<ModelIndex> candidates_of(std::span<const double> scores, std::span<const double> costs) {
  std::vector<ModelIndex> by_score(scores.size());
  std::iota(by_score.begin(), by_score.end(), 0);
  std::stable_sort(by_score.begin(), by_score.end(), [&](ModelIndex a, ModelIndex b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  const auto hull = upper_hull(costs, scores);
  std::vector<ModelIndex> chosen;
  const auto add = [&](ModelIndex model) {
    const bool is_new = std::find(chosen.begin(), chosen.end(), model) == chosen.end();
    if (is_new && chosen.size() < kCandidates) chosen.push_back(model);
  };
  for (std::size_t i = 0; i < by_score.size(); ++i) {
    add(by_score[i]);
    if (i < hull.size()) add(static_cast<ModelIndex>(hull[hull.size() - 1 - i]));
  }
  std::stable_sort(chosen.begin(), chosen.end(), [&](ModelIndex a, ModelIndex b) {
    return costs[static_cast<std::size_t>(a)] < costs[static_cast<std::size_t>(b)];
  });
  return chosen;
}

class OrderSearch {
 public:
  OrderSearch(const Table& table, Rows rows, const LearnOptions& learn, LadderShape shape, double best_cost)
      : table_(table), learn_(learn), shape_(shape), prices_(ladder_prices(5, best_cost)) {
    // Without features, which add to every order alike, and take most of the time.
    const auto order = shuffled_rows(table, rows, learn.seed);
    rows_.assign(order.begin(),
                 order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), kSearchRows)));
    samples_ = make_samples(table, rows_, 2, learn.seed);
  }

  // The order of the highest worth, its mean over the prices; of equals the shorter.
  std::vector<ModelIndex> best(std::span<const ModelIndex> candidates, std::size_t most) {
    std::vector<ModelIndex> order;
    extend(candidates, most, order);
    return best_;
  }

 private:
  void extend(std::span<const ModelIndex> candidates, std::size_t most, std::vector<ModelIndex>& order) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      throw_if_stopped(learn_.stop, "train");
      order.push_back(candidates[i]);
      const double worth = worth_of(order);
      if (best_.empty() || worth > best_worth_ + 1e-9) {
        best_ = order;
        best_worth_ = worth;
      }
      if (order.size() < most) extend(candidates.subspan(i + 1), most, order);
      order.pop_back();
    }
  }

  [[nodiscard]] double worth_of(std::span<const ModelIndex> order) const {
    const LadderRows rows = gather_ladder(table_, rows_, order, shape_, {}, learn_.criterion, learn_.cost);
    double worth = 0;
    const auto outcomes = cross_fit(rows, samples_, prices_);
    for (std::size_t p = 0; p < prices_.size(); ++p) {
      worth += mean(outcomes[p].scores) - prices_[p] * mean(outcomes[p].costs);
    }
    return worth / static_cast<double>(prices_.size());
  }

  const Table& table_;
  const LearnOptions& learn_;
  LadderShape shape_;
  std::vector<double> prices_;
  std::vector<std::uint32_t> rows_;
  std::vector<HeldOut> samples_;
  std::vector<ModelIndex> best_;
  double best_worth_ = 0;
};

// Against always running the single best model, whose scores on the same inputs are given.
std::vector<PricedOutcome> compare(std::span<const double> prices, std::span<const LadderOutcome> outcomes,
                                   std::span<const double> best_scores) {
  std::vector<PricedOutcome> priced;
  std::vector<double> gains(best_scores.size());
  for (std::size_t p = 0; p < prices.size(); ++p) {
    const auto& [scores, costs] = outcomes[p];
    for (std::size_t i = 0; i < gains.size(); ++i) gains[i] = scores[i] - best_scores[i];
    priced.push_back(price_outcome(prices[p], scores, costs, gains));
  }
  return priced;
}

LadderParameters parameters_of(const LadderRows& rows, LadderFit fit,
                               std::span<const PricedOutcome> outcomes) {
  LadderParameters parameters;
  parameters.shape = rows.shape;
  parameters.usual_features = rows.usual_features;
  parameters.usual_signals = rows.usual_signals;
  parameters.answering = std::move(fit.answering);
  for (std::size_t p = 0; p < outcomes.size(); ++p) {
    parameters.settings.push_back({outcomes[p].setting, std::move(fit.gains[p])});
  }
  return parameters;
}

void check_training(const Table& table, Rows rows, const LadderOptions& options) {
  if (options.max_rungs < 1 || options.max_rungs > static_cast<int>(kMaxRungs)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("ladder: {} models at most, expected 1 to {}", options.max_rungs, kMaxRungs));
  }
  if (options.price) expect_price("ladder", *options.price);
  expect_training_inputs(table, rows, "ladder");
  if (can_climb(table, rows)) return;
  throw Error(
      ErrorCode::kUsage,
      "ladder: the models neither answer nor say how sure they are, expected answers of all of them, or "
      "signals");
}

}  // namespace

bool can_climb(const Table& table, Rows rows) {
  const LadderShape shape = ladder_shape(table, rows);
  return shape.answers || shape.signals;
}

std::unique_ptr<Policy> train_ladder(const Table& table, Rows rows, const LearnOptions& learn,
                                     const LadderOptions& options) {
  check_training(table, rows, options);
  LadderShape shape = ladder_shape(table, rows);
  const auto scores = mean_scores(table, rows, learn.criterion);
  const auto costs = model_costs(table, rows, learn.cost);
  const auto best = static_cast<std::size_t>(single_best(scores, costs));
  OrderSearch search(table, rows, learn, shape, costs[best]);
  const auto order = search.best(candidates_of(scores, costs), static_cast<std::size_t>(options.max_rungs));
  const auto prices = ladder_prices(25, costs[best]);
  const auto samples = make_samples(table, rows, 3, learn.seed);
  const LearnedTexts texts(table, rows, false, learn.seed, learn.stop);
  const auto gather = [&](TextSet set) {
    shape.n_features = texts.schema(set).size();
    return gather_ladder(table, rows, order, shape, texts.values(set), learn.criterion, learn.cost);
  };
  const TextSet set = choose_text_set(texts, [&](TextSet each) {
    throw_if_stopped(learn.stop, "train");
    return mean_worths(gather(each), samples, ladder_prices(5, costs[best]));
  });
  const LadderRows all = gather(set);
  std::vector<double> best_scores;
  for (const HeldOut& sample : samples) {
    for (const std::uint32_t i : sample.test) {
      best_scores.push_back(table.score(rows[i], static_cast<ModelIndex>(best), learn.criterion));
    }
  }
  const auto outcomes = compare(prices, cross_fit(all, samples, prices), best_scores);
  LadderParameters parameters = parameters_of(all, fit_ladder(all, prices), outcomes);
  parameters.unit = learn.cost;
  parameters.chosen = choose_setting(outcomes, options.price, costs[best], learn.margin.value_or(0));
  PolicyInfo info = make_policy_info(table, rows, learn.criterion, order);
  if (shape.n_features > 0) info.schema = texts.schema(set);
  info.text = texts.reduction(set);
  if (!table.texts.empty()) info.training.notes.emplace_back("text", text_note(texts, set));
  info.training.input_hashes = all_input_hashes(table, rows);
  info.training.seed = learn.seed;
  info.training.notes.emplace_back(
      "gain of training's choice",
      gain_text(info.terms, outcomes[parameters.chosen]) + ", by inner cross-validation");
  return make_ladder(std::move(info), std::move(parameters));
}

}  // namespace triage
