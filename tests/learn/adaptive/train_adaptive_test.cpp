// Training of adaptive policies: weights and gains against their objectives, ladders by hand, and what comes
// out.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "learn/adaptive/order_search.h"
#include "learn/adaptive/plans.h"
#include "learn/tables.h"
#include "learn/worth.h"
#include "policy/adaptive_policy.h"
#include "stats/solve.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "table/row_order.h"
#include "triage/tools/evaluate.h"
#include "triage/tools/learn.h"
#include "triage/tools/replay.h"

namespace triage {
namespace {

using testing::random_table;
using testing::table_of;

TEST(Solve, SmallSystemsByHand) {
  const std::array<std::array<double, 2>, 2> a{{{4, 0}, {2, 3}}};  // the lower triangle of {{4, 2}, {2, 3}}
  const auto x = solve(a, std::array<double, 2>{10, 8});
  EXPECT_NEAR(x[0], 1.75, 1e-12);
  EXPECT_NEAR(x[1], 1.5, 1e-12);
  EXPECT_NEAR(solve(a, std::array<double, 2>{10, 8}, 1)[0], 2.5, 1e-12);
  EXPECT_TRIAGE_ERROR(solve(std::array<std::array<double, 1>, 1>{{{-1}}}, std::array<double, 1>{1}),
                      ErrorCode::kInternal);
}

// ---- weights ----

// Of the labels, when score(at) is that of the pooled class at `at`.
double minus_log_likelihood(const PooledRows& rows, std::span<const std::uint32_t> which,
                            const std::function<double(std::size_t)>& score) {
  double sum = 0;
  for (const std::uint32_t i : which) {
    if (rows.label_at[i] < 0) continue;
    double mass = 0;
    for (std::size_t at = rows.begin[i]; at < rows.begin[i + 1]; ++at) mass += std::exp(score(at));
    sum += std::log(mass) - score(rows.begin[i] + static_cast<std::size_t>(rows.label_at[i]));
  }
  return sum;
}

double objective(const PooledRows& rows, std::span<const std::uint32_t> which, const std::vector<double>& w) {
  double sum = minus_log_likelihood(rows, which, [&](std::size_t at) {
    double score = 0;
    for (std::size_t m = 0; m < w.size(); ++m)
      score += w[m] * static_cast<double>(rows.log_p[at * w.size() + m]);
    return score;
  });
  for (const double each : w) {
    sum += (each - 1 / static_cast<double>(w.size())) * (each - 1 / static_cast<double>(w.size()));
  }
  return sum;
}

TEST(FitWeights, NoStepInAnyDirectionIsBetter) {
  const Table table = random_table(400, 4, 5);
  const auto rows = all_rows(table);
  const std::vector<std::uint32_t> which(rows.begin(), rows.begin() + 300);
  for (const std::vector<ModelIndex>& models : {std::vector<ModelIndex>{2}, {0, 3}, {0, 1, 2, 3}}) {
    const PooledRows pooled = pool_rows(table, rows, models);
    const auto w = fit_weights(pooled, which);
    const double best = objective(pooled, which, w);
    for (std::size_t m = 0; m < w.size(); ++m) {
      for (const double step : {-0.01, 0.01}) {
        auto other = w;
        other[m] += step;
        EXPECT_GT(objective(pooled, which, other), best) << models.size() << " models, weight " << m;
      }
    }
  }
}

TEST(FitWeights, FindTheTemperatureOfAnOverconfidentModel) {
  // It says 0.9 and is right on 60 % of the inputs: its posterior should say about 0.6.
  Random random(2);
  const std::size_t n = 2000;
  std::vector<std::vector<std::int32_t>> ranks;
  for (std::size_t i = 0; i < n; ++i) ranks.push_back({random.uniform() < 0.6 ? 1 : 2});
  Table table = table_of({"bold"}, {1}, ranks);
  for (std::size_t i = 0; i < n; ++i) table.outputs[i] = testing::output_of(ranks[i][0] == 1 ? 0 : 3, 0.9F);
  const auto rows = all_rows(table);
  const PooledRows pooled = pool_rows(table, rows, std::vector<ModelIndex>{0});
  const auto w = fit_weights(pooled, rows);
  EXPECT_NEAR(pooled.posterior(0, w).entries[0].probability, 0.6, 0.03);
}

double own_objective(const PooledRows& rows, std::span<const std::uint32_t> which, std::size_t n_classes,
                     const std::vector<double>& start, const std::vector<double>& w) {
  const std::size_t l = start.size();
  double sum = minus_log_likelihood(rows, which, [&](std::size_t at) {
    const auto cls = static_cast<std::size_t>(rows.classes[at]);
    double score = w[l * n_classes + cls];
    for (std::size_t m = 0; m < l; ++m)
      score += w[m * n_classes + cls] * static_cast<double>(rows.log_p[at * l + m]);
    return score;
  });
  for (std::size_t k = 0; k < w.size(); ++k) {
    const double from = k < l * n_classes ? start[k / n_classes] : 0;
    sum += 300'000 / static_cast<double>(which.size()) * (w[k] - from) * (w[k] - from);
  }
  return sum;
}

TEST(FitOwnWeights, NoStepInAnyDirectionIsBetter) {
  const Table table = random_table(400, 4, 5);
  const auto rows = all_rows(table);
  const std::vector<std::uint32_t> which(rows.begin(), rows.begin() + 300);
  for (const std::vector<ModelIndex>& models : {std::vector<ModelIndex>{2}, {0, 3}, {0, 1, 2, 3}}) {
    const PooledRows pooled = pool_rows(table, rows, models);
    const auto start = fit_weights(pooled, which);
    const auto w = fit_own_weights(pooled, which, 10, start);
    ASSERT_EQ(w.size(), 10 * (models.size() + 1));
    const double best = own_objective(pooled, which, 10, start, w);
    for (std::size_t k = 0; k < w.size(); ++k) {
      for (const double step : {-0.01, 0.01}) {
        auto other = w;
        other[k] += step;
        EXPECT_GT(own_objective(pooled, which, 10, start, other), best) << models.size() << " models, " << k;
      }
    }
  }
}

// Both say 0.6 for their class; b is always right about class 3, a about all others.
TEST(FitOwnWeights, TheyLearnWhoKnowsWhichClass) {
  Random random(3);
  const std::size_t n = 20000;
  Table table = table_of({"a", "b"}, {1, 1}, std::vector(n, std::vector<std::int32_t>{1, 1}));
  const auto says = [&](bool knows, Label label) {
    return testing::output_of(knows ? label : static_cast<std::int32_t>(random.below(10)), 0.6F);
  };
  for (std::size_t i = 0; i < n; ++i) {
    const auto label = static_cast<Label>(random.below(10));
    table.labels[i] = label;
    table.outputs[2 * i] = says(label != 3, label);
    table.outputs[2 * i + 1] = says(label == 3, label);
  }
  const auto rows = all_rows(table);
  const PooledRows pooled = pool_rows(table, rows, std::vector<ModelIndex>{0, 1});
  const auto w = fit_own_weights(pooled, rows, 10, fit_weights(pooled, rows));
  for (std::size_t c = 0; c < 10; ++c) {
    if (c == 3) continue;
    EXPECT_LT(w[3], w[c] - 0.3) << "a on class 3 against " << c;
    EXPECT_GT(w[10 + 3], w[10 + c] + 0.3) << "b on class 3 against " << c;
  }
}

TEST(FitOwnWeights, AreOfFewClasses) {
  const auto own = [](std::int32_t n_classes) {
    Table table;
    table.n_classes = n_classes;
    return own_classes(table);
  };
  EXPECT_EQ(own(1), 0U) << "nothing to tell apart";
  EXPECT_EQ(own(2), 2U);
  EXPECT_EQ(own(12), 12U);
  EXPECT_EQ(own(13), 0U) << "not all are in every pool";
}

// ---- gains ----

StageRows random_stage(std::size_t n, std::size_t n_numbers, Random& random) {
  StageRows stage;
  stage.n_numbers = n_numbers;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t e = 0; e < n_numbers; ++e) {
      // The sixth is constant: it must not matter.
      stage.evidence.push_back(e == 5 ? 7 : static_cast<float>(random.uniform() * 3 - 1));
    }
    const double first = static_cast<double>(stage.evidence_row(i)[0]);
    stage.right.push_back(random.uniform() < 0.3 + 0.3 * first ? 1.0F : 0.0F);
    stage.soft.push_back(stage.right.back());
  }
  return stage;
}

// Ridge regression minimises the squared error plus the penalty on slopes of standardised evidence.
void expect_best_line(std::size_t n_numbers) {
  Random random(4);
  const StageRows stage = random_stage(300, n_numbers, random);
  std::vector<std::uint32_t> which;
  for (std::uint32_t i = 0; i < 300; i += 2) which.push_back(i);
  std::vector<double> gain;
  for (const std::uint32_t i : which)
    gain.push_back(static_cast<double>(stage.evidence_row(i)[1]) + random.uniform());
  const GainWeights fitted = GainFitter(stage, which).fit(gain);
  ASSERT_EQ(fitted.size(), 1 + n_numbers);
  EXPECT_EQ(fitted[6], 0) << "of the constant number";
  std::vector<double> deviation(n_numbers);
  for (std::size_t e = 0; e < n_numbers; ++e) {
    double mean = 0, square = 0;
    for (const std::uint32_t i : which) mean += static_cast<double>(stage.evidence_row(i)[e]) / 150;
    for (const std::uint32_t i : which) {
      square += std::pow(static_cast<double>(stage.evidence_row(i)[e]) - mean, 2) / 150;
    }
    deviation[e] = std::sqrt(square);
  }
  const auto loss = [&](const GainWeights& model) {
    double sum = 0;
    for (std::size_t k = 0; k < which.size(); ++k) {
      sum += std::pow(gain[k] - predict(model, stage.evidence_row(which[k])), 2);
    }
    for (std::size_t e = 0; e < n_numbers; ++e) {
      sum += (e < kEvidenceNumbers ? kRidge : kOwnRidge) * std::pow(model[1 + e] * deviation[e], 2);
    }
    return sum;
  };
  for (std::size_t i = 0; i < fitted.size(); ++i) {
    if (i == 6) continue;
    for (const double step : {-1e-3, 1e-3}) {
      GainWeights other = fitted;
      other[i] += step;
      EXPECT_GT(loss(other), loss(fitted)) << i;
    }
  }
}

// Ridge regression minimises the squared error plus the penalty on slopes of standardised evidence.
TEST(GainFitter, NoOtherLineFitsBetter) {
  expect_best_line(kEvidenceNumbers);
  expect_best_line(kEvidenceNumbers + 10);
}

// Evidence that tells nothing: the policy goes on with all or none, as the mean gain exceeds the price or
// not.
TEST(FitStopping, WithoutEvidenceTheMeanDecides) {
  StageRows first, second;
  for (int i = 0; i < 100; ++i) {
    for (StageRows* stage : {&first, &second}) {
      stage->evidence.insert(stage->evidence.end(), kEvidenceNumbers, 0);
      stage->right.push_back(i < (stage == &first ? 60 : 80) ? 1.0F : 0.0F);
      stage->soft.push_back(stage->right.back());
    }
  }
  std::vector<std::uint32_t> which(100);
  std::iota(which.begin(), which.end(), 0U);
  const std::array<const StageRows*, 2> stages{&first, &second};
  const std::vector<GainFitter> fitters{GainFitter(first, which)};
  const std::array<double, 2> costs{1, 4};
  for (const auto& [price, goes_on] : {std::pair{0.04, true}, {0.06, false}}) {
    const auto gains = fit_stopping(stages, fitters, costs, price, which);
    ASSERT_EQ(gains.size(), 1U);
    EXPECT_NEAR(gains[0][0], 0.2 - 4 * price, 1e-9);
    const Reached reached = run_stopping(stages, gains, costs, second, which);
    EXPECT_NEAR(reached.score, goes_on ? 0.8 : 0.6, 1e-9);
    EXPECT_NEAR(reached.cost, goes_on ? 5 : 1, 1e-9);
    EXPECT_NEAR(reached.gain, goes_on ? 0 : -0.2, 1e-9);
    EXPECT_NEAR(reached.square, goes_on ? 0 : 0.2, 1e-9);
  }
}

// The first of two decisions counts on the second being made well: the middle model gains nothing by itself,
// but it tells on which inputs the last one does.
TEST(FitStopping, LooksTwoStepsAhead) {
  StageRows first, middle, last;
  for (int i = 0; i < 400; ++i) {
    const bool hard = i % 4 == 0;
    for (StageRows* stage : {&first, &middle, &last}) {
      stage->evidence.insert(stage->evidence.end(), kEvidenceNumbers, 0);
      if (stage == &middle) stage->evidence[stage->evidence.size() - kEvidenceNumbers] = hard ? 1.0F : -1.0F;
      stage->right.push_back(hard && stage != &last ? 0.0F : 1.0F);
      stage->soft.push_back(stage->right.back());
    }
  }
  std::vector<std::uint32_t> which(400);
  std::iota(which.begin(), which.end(), 0U);
  const std::array<const StageRows*, 3> stages{&first, &middle, &last};
  std::vector<GainFitter> fitters;
  fitters.emplace_back(first, which);
  fitters.emplace_back(middle, which);
  const std::array<double, 3> costs{1, 1, 10};
  const auto gains = fit_stopping(stages, fitters, costs, 0.02, which);
  // Directly the last model gains 0.25 for 0.2; after the middle one a quarter of the inputs pays 0.2 for 1.
  const Reached reached = run_stopping(stages, gains, costs, last, which);
  EXPECT_NEAR(reached.score, 1, 1e-9);
  EXPECT_NEAR(reached.cost, 1 + 1 + 10 * 0.25, 1e-9);
}

// ---- orders ----

TEST(MarginalCosts, ARecipeIsPaidOnce) {
  Table table = table_of({"a", "b", "c"}, {1, 2, 3}, {{1, 1, 1}, {1, 1, 1}});
  table.recipe_of = {0, 1, 0};
  table.preprocess_ms = {10, 100, 7, 30, 100, 7};  // (n, r) of recipes 0 to 2
  const auto rows = all_rows(table);
  const MarginalCosts costs(table, rows, kTimeCost);
  const auto added = costs.of(std::vector<ModelIndex>{0, 1, 2});
  ASSERT_EQ(added.size(), 3U);
  EXPECT_DOUBLE_EQ(added[0], 21 + kDecisionMs);
  EXPECT_DOUBLE_EQ(added[1], 102 + kDecisionMs);
  EXPECT_DOUBLE_EQ(added[2], 3 + kDecisionMs);
  EXPECT_EQ(costs.alone(2), 23);
}

// Scores 0.2, 0.4, 0.3, 0.8 at 1, 2, 3 and 9 ms.
Table four_models() {
  std::vector<std::vector<std::int32_t>> ranks;
  for (int i = 0; i < 10; ++i) ranks.push_back({i < 2 ? 1 : 2, i < 4 ? 1 : 2, i < 3 ? 1 : 2, i < 8 ? 1 : 2});
  return table_of({"a", "b", "c", "d"}, {1, 2, 3, 9}, ranks);
}

TEST(CandidateOrders, AreLaddersToTheHull) {
  const Table table = four_models();
  const auto rows = all_rows(table);
  const auto made = [&](std::vector<double> cost_ratios, int max_stages) {
    AdaptiveOptions options;
    options.cost_ratios = std::move(cost_ratios);
    options.max_stages = max_stages;
    return candidate_orders(table, rows, {}, options);
  };
  const bool alone = false;
  // c is beaten by b, so nothing ends in it; b is the most accurate that costs a third of d, or two thirds.
  EXPECT_EQ(made({3, 1.5}, 4), (std::vector<Order>{{{0}},
                                                   {{1}},
                                                   {{0, 1}},
                                                   {{0, 1}, alone},
                                                   {{3}},
                                                   {{1, 3}},
                                                   {{1, 3}, alone},
                                                   {{0, 1, 3}},
                                                   {{0, 1, 3}, alone}}));
  EXPECT_EQ(made({3}, 4), (std::vector<Order>{{{0}}, {{1}}, {{3}}, {{1, 3}}, {{1, 3}, alone}}));
  EXPECT_EQ(made({2}, 2),
            (std::vector<Order>{{{0}}, {{1}}, {{0, 1}}, {{0, 1}, alone}, {{3}}, {{1, 3}}, {{1, 3}, alone}}));
  EXPECT_EQ(made({2}, 1), (std::vector<Order>{{{0}}, {{1}}, {{3}}}));
}

// What an order that does not pool answers is its last look's answer, at that model's own temperature.
TEST(StageCache, AnOrderThatDoesNotPoolAnswersAsItsLastLook) {
  const Table table = random_table(200, 3, 8);
  const auto rows = all_rows(table);
  const std::vector<ModelIndex> strong{1, 2};
  StageCache cache(table, rows, Criterion::kTop1, first_positions(rows.size()), strong, own_classes(table));
  const auto& last = cache.at({{2}});
  const auto& alone = cache.at({{0, 1, 2}, false});
  EXPECT_EQ(alone.weights, (std::vector<double>{0, 0, last.weights.front()}));
  EXPECT_EQ(alone.rows.right, last.rows.right);
  EXPECT_NE(cache.at({{0, 1, 2}}).rows.right, last.rows.right);
  EXPECT_EQ((Order{{0, 1}, false}.first(1)), (Order{{0}})) << "one look is all there is to pool";
}

// ---- plans ----

OrderCurve random_curve(ModelIndex model, std::size_t n_prices, Random& random) {
  OrderCurve curve{{{model}}, std::vector<Reached>(n_prices)};
  for (Reached& at : curve.at_price) {
    at.gain = 0.02 * random.uniform();
    at.soft_gain = 0.02 * random.uniform();
    at.cost = random.uniform();
    at.square = 0.01 + 0.01 * random.uniform();
  }
  return curve;
}

TEST(PlanSettings, AreTheBestWayThroughThePricesByBruteForce) {
  constexpr std::size_t kRows = 400;
  Random random(5);
  const std::vector<double> prices{0.04, 0.03, 0.02, 0.01};
  for (int round = 0; round < 20; ++round) {
    std::vector<OrderCurve> curves;
    for (ModelIndex m = 0; m < 3; ++m) curves.push_back(random_curve(m, prices.size(), random));
    // What a way is worth: the value at each price, less the standard error of the gain at each change.
    const auto worth = [&](std::span<const std::size_t> way) {
      double sum = 0;
      for (std::size_t p = 0; p < prices.size(); ++p) {
        const Reached& at = curves[way[p]].at_price[p];
        const double error = std::sqrt((at.square - at.gain * at.gain) / kRows);
        const double hard = 0.01 * 0.01 / (0.01 * 0.01 + error * error);
        sum += hard * at.gain + (1 - hard) * at.soft_gain - prices[p] * at.cost;
        if (p > 0 && way[p] != way[p - 1]) sum -= error;
      }
      return sum;
    };
    double best = -1;
    for (std::size_t code = 0; code < 81; ++code) {
      const std::array<std::size_t, 4> way{code % 3, code / 3 % 3, code / 9 % 3, code / 27};
      best = std::max(best, worth(way));
    }
    std::vector<std::size_t> found;
    for (const Plan& plan : plan_settings(curves, prices, kRows))
      found.push_back(static_cast<std::size_t>(plan.curve - curves.data()));
    EXPECT_NEAR(worth(found), best, 1e-12) << round;
  }
}

// The best model costs 10. What the second plan gains is certain, what the third gains is not.
TEST(ChoosePlan, WeighsWhatMayBeLostAgainstCost) {
  const auto chosen = [](std::array<double, 3> gain, std::array<double, 3> error, double margin) {
    std::vector<Plan> plans;
    for (std::size_t i = 0; i < 3; ++i) {
      Reached reached;
      reached.gain = reached.soft_gain = gain[i];
      reached.square = gain[i] * gain[i] + error[i] * error[i] * 100;
      reached.cost = std::array<double, 3>{2, 4, 8}[i];
      // Each stands three times, so that its neighbours are its equals.
      plans.insert(plans.end(), 3, {1, nullptr, reached});
    }
    return choose_plan(plans, margin, 10, 100) / 3;
  };
  EXPECT_EQ(chosen({0, 0, 0}, {0, 0, 0}, 0), 0U) << "of equal gains the cheapest";
  EXPECT_EQ(chosen({-0.01, 0, 0}, {0, 0, 0}, 0), 1U) << "a point lost for a fifth of the cost";
  EXPECT_EQ(chosen({-0.01, 0, 0}, {0, 0, 0}, -0.01), 0U) << "which is no loss by this margin";
  EXPECT_EQ(chosen({0, 0, 0}, {0.02, 0, 0}, 0), 1U) << "it may lose";
  EXPECT_EQ(chosen({-0.01, 0, 0.004}, {0, 0, 0}, 0), 1U) << "what is gained counts a quarter";
}

TEST(ExpectedWorth, ByHandAndByDrawing) {
  EXPECT_NEAR(expected_worth(-0.02, 0, 0.4), -0.02 + 0.006, 1e-15);
  EXPECT_NEAR(expected_worth(0.02, 0, 0.4), 0.005 + 0.006, 1e-15);
  EXPECT_EQ(expected_worth(0, 0, 1), 0);
  Random random(6);
  double sum = 0;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) {
    double twelve = -6;  // the sum of twelve uniform numbers is nearly normal
    for (int k = 0; k < 12; ++k) twelve += random.uniform();
    const double gain = 0.01 + 0.02 * twelve;
    sum += (gain < 0 ? gain : gain / 4) / kDraws;
  }
  EXPECT_NEAR(expected_worth(0.01, 0.02, 1), sum, 2e-4);
}

// Gains are over the single best model of the rows that train, judged on those that test: chosen on all rows,
// the better of two equal models would seem better than it is.
TEST(JudgeOrders, TheReferenceIsChosenInsideTheFold) {
  const Table table = random_table(60, 4, 3);
  const auto rows = all_rows(table);
  const std::vector<double> prices{0.1};
  const std::vector<Order> orders{{{0}}, {{3}}};
  const auto curves = judge_orders(table, rows, {}, prices, orders);
  for (std::size_t o = 0; o < orders.size(); ++o) {
    double gain = 0;
    for (std::uint32_t fold = 0; fold < 5; ++fold) {
      std::vector<std::uint32_t> train, test;
      for (const std::uint32_t row : rows) (row % 5 == fold ? test : train).push_back(row);
      const auto best =
          single_best(mean_scores(table, train, Criterion::kTop1), model_costs(table, train, kTimeCost));
      const auto tested = mean_scores(table, test, Criterion::kTop1);
      gain +=
          (tested[static_cast<std::size_t>(orders[o].models[0])] - tested[static_cast<std::size_t>(best)]) /
          5;
    }
    EXPECT_NEAR(curves[o].at_price[0].gain, gain, 1e-12) << o;
  }
}

TEST(ShuffledRows, DependOnSeedAndIdsAlone) {
  Table table = random_table(50, 1, 3);
  const auto rows = all_rows(table);
  const auto ids = [&](std::uint64_t seed) {
    std::vector<std::string> shuffled;
    for (const std::uint32_t row : shuffled_rows(table, rows, seed)) shuffled.push_back(table.ids[row]);
    return shuffled;
  };
  const auto before = ids(1);
  EXPECT_NE(before, ids(2));
  EXPECT_NE(before, table.ids);
  std::reverse(table.ids.begin(), table.ids.end());
  EXPECT_EQ(ids(1), before);
}

// ---- the whole ----

const Adaptive& adaptive(const Policy& policy) { return dynamic_cast<const Adaptive&>(policy); }

TEST(TrainAdaptive, IsAsGoodAsTheBestModelForLess) {
  const Table table = testing::synthetic_table(3000, testing::synthetic_zoo(), 9);
  const auto rows = all_rows(table);
  const Rows train = Rows(rows).first(1500), test = Rows(rows).subspan(1500);
  const auto policy = train_adaptive(table, train, {});
  FakeClock clock;
  Replay replay = make_replay("adaptive", table.n_inputs()), best = make_replay("best", table.n_inputs());
  replay_policy(table, test, *policy, clock, replay);
  double score = 0, ms = 0, best_score = 0, best_ms = 0;
  for (const std::uint32_t row : test) {
    replay_model(table, row, table.find(policy->info().best.name), best);
    score += replay.top1[row] / 1500;
    ms += replay.ms[row] / 1500;
    best_score += best.top1[row] / 1500;
    best_ms += best.ms[row] / 1500;
  }
  EXPECT_GT(score, best_score - 0.015);
  EXPECT_LT(ms, 0.6 * best_ms);
}

// However few the inputs are; a first look's answer stays its model's, and so does one that does not pool.
TEST(TrainAdaptive, GivesClassesTheirOwnWeights) {
  const Table table = testing::synthetic_table(2000, testing::three_models(), 9);
  const auto policy = train_adaptive(table, all_rows(table), {});
  std::set<std::size_t> pooled;  // numbers of weights for each look of a pool
  for (const AdaptiveSetting& setting : adaptive(*policy).parameters().settings) {
    const auto& stages = setting.stages;
    for (std::size_t j = 0; j + 1 < stages.size(); ++j) EXPECT_EQ(stages[j].gain.size(), 17U);
    EXPECT_EQ(stages[0].weights.size(), 1U);
    for (std::size_t j = 1; j < stages.size(); ++j) {
      if (stages[j].weights.size() != j + 1) pooled.insert(stages[j].weights.size() - 10 * (j + 2));
    }
  }
  EXPECT_EQ(pooled, std::set<std::size_t>{0});
}

// Everything that training has learned, and what it says of it.
struct Learned {
  std::vector<std::vector<ModelIndex>> orders;
  std::vector<double> numbers;
  TrainingFacts training;
  bool operator==(const Learned&) const = default;
};
Learned learned(const Table& table, Rows rows, std::uint64_t seed) {
  const auto policy = train_adaptive(table, rows, {.seed = seed});
  const AdaptiveParameters& parameters = adaptive(*policy).parameters();
  Learned all{{}, {static_cast<double>(parameters.chosen)}, policy->info().training};
  for (const AdaptiveSetting& setting : parameters.settings) {
    all.orders.push_back(setting.order);
    for (const double number : {setting.price, setting.score, setting.cost}) all.numbers.push_back(number);
    for (const AdaptiveStage& stage : setting.stages) {
      all.numbers.insert(all.numbers.end(), stage.weights.begin(), stage.weights.end());
      all.numbers.insert(all.numbers.end(), stage.gain.begin(), stage.gain.end());
    }
  }
  return all;
}

TEST(TrainAdaptive, DependsOnSeedAndRowsAlone) {
  const Table table = random_table(300, 4, 1);
  const auto rows = all_rows(table);
  const Rows some = Rows(rows).subspan(50, 200);
  const Learned a = learned(table, some, 3);
  EXPECT_EQ(a.training.input_hashes.size(), 200U);
  EXPECT_EQ(learned(table, some, 3), a);
  // The same inputs the other way round, and without those that are not among the rows.
  const std::vector<std::uint32_t> backwards(some.rbegin(), some.rend());
  EXPECT_EQ(learned(table, backwards, 3), a);
  const Table alone = select_table_inputs(table, backwards);
  EXPECT_EQ(learned(alone, all_rows(alone), 3), a);

  const Learned seeded = learned(table, some, 4), other = learned(table, Rows(rows).first(200), 3);
  EXPECT_NE(seeded.numbers, a.numbers) << "the seed deals the inner folds";
  EXPECT_EQ(seeded.training.input_hashes, a.training.input_hashes);
  EXPECT_NE(other.numbers, a.numbers);
  EXPECT_NE(other.training.input_hashes, a.training.input_hashes);
}

TEST(TrainAdaptive, APriceChoosesItsSetting) {
  const Table table = random_table(300, 4, 1);
  const auto chosen = [&](double price) {
    AdaptiveOptions options;
    options.price = price;
    return train_adaptive(table, all_rows(table), {}, options)->default_setting();
  };
  const auto any = train_adaptive(table, all_rows(table), {});
  const auto settings = any->price_settings();
  ASSERT_GT(settings.size(), 10U);
  EXPECT_EQ(chosen(1e6), 0U);
  EXPECT_EQ(chosen(settings[5].price), 5U);
  // Nearest by ratio: what lies in the middle by difference, a little higher, is nearer to the lower one.
  const double middle = std::sqrt(settings[5].price * settings[6].price);
  EXPECT_EQ(chosen(1.002 * middle), 5U);
  EXPECT_EQ(chosen(middle / 1.002), 6U);
  EXPECT_EQ(chosen(0), settings.size() - 1);
}

TEST(TrainAdaptive, SavesEnergyWhereItWasMeasured) {
  Table table = random_table(300, 3, 1);
  LearnOptions options;
  options.cost = kEnergyCost;
  EXPECT_TRIAGE_ERROR(train_adaptive(table, all_rows(table), options), ErrorCode::kUsage, "energy");
  // The fastest model is the hungriest: by energy it never comes first.
  table.energy.infer_j = {9, 1, 3};
  table.energy.preprocess_j = {0, 0};
  const auto policy = train_adaptive(table, all_rows(table), options);
  EXPECT_EQ(adaptive(*policy).parameters().unit, kEnergyCost);
  std::set<std::string> first;
  for (const AdaptiveSetting& setting : adaptive(*policy).parameters().settings) {
    first.insert(policy->info().models[static_cast<std::size_t>(setting.order[0])].name);
  }
  EXPECT_TRUE(first.contains("model1"));
  EXPECT_FALSE(first.contains("model0"));
  EXPECT_EQ(policy->info().models[0].mean_j, 1);
}

// Model a costs a tenth of b and always has the label among its best five, but only every second time in
// front; b has it in front nine times out of ten, and else last.
Table first_or_among_five(std::size_t n) {
  Table table = table_of({"a", "b"}, {1, 10}, std::vector(n, std::vector<std::int32_t>{1, 1}));
  Random random(7);
  for (std::size_t i = 0; i < n; ++i) {
    const auto label = static_cast<Label>(random.below(5));  // of equal classes the lower come first
    table.labels[i] = label;
    table.outputs[2 * i] = testing::output_of(i % 2 == 0 ? label : (label + 1) % 5, 0.6F);
    std::vector<float> b(10, 0.1F / 9);
    b[static_cast<std::size_t>(label)] = 0.9F;
    if (i % 10 == 3) b = {0, 0, 0, 0, 0, 0.2F, 0.2F, 0.2F, 0.2F, 0.2F};
    table.outputs[2 * i + 1] = TopK::from_probabilities(b);
    for (std::size_t m = 0; m < 2; ++m) table.ranks[2 * i + m] = *table.outputs[2 * i + m].rank(label);
  }
  return table;
}

// What a policy reaches on its table, by a criterion, and how many models it runs.
struct OnTable {
  double score = 0, looks = 0;
};
OnTable replayed(const Table& table, const Policy& policy, Criterion criterion) {
  const FakeClock clock;
  const auto rows = all_rows(table);
  Replay replay = make_replay("it", table.n_inputs());
  replay_policy(table, rows, policy, clock, replay);
  OnTable mean;
  for (const std::uint32_t row : rows) {
    mean.score += replay.score(criterion)[row] / static_cast<double>(rows.size());
    mean.looks += static_cast<double>(replay.looks[row]) / static_cast<double>(rows.size());
  }
  return mean;
}

TEST(TrainAdaptive, JudgesByTopFive) {
  const Table table = first_or_among_five(400);
  const auto rows = all_rows(table);
  const auto policy = train_adaptive(table, rows, {.criterion = Criterion::kTop5});
  EXPECT_EQ(policy->info().criterion, Criterion::kTop5);
  EXPECT_EQ(policy->info().best.name, "a");
  ASSERT_EQ(policy->info().models.size(), 1U) << "b is never worth its time";
  EXPECT_EQ(policy->info().models[0].name, "a");
  for (const AdaptiveSetting& setting : adaptive(*policy).parameters().settings)
    EXPECT_NEAR(setting.score, 1, 1e-9);
  const OnTable five = replayed(table, *policy, Criterion::kTop5);
  EXPECT_NEAR(five.score, 1, 1e-9);
  EXPECT_NEAR(five.looks, 1, 1e-9);

  const auto by_one = train_adaptive(table, rows, {});
  EXPECT_EQ(by_one->info().best.name, "b");
  EXPECT_NEAR(replayed(table, *by_one, Criterion::kTop1).score, 0.9, 0.03);
}

// b is right by top five on nine inputs out of ten, a, the better one there, on all.
TEST(JudgeOrders, ByTopFiveToo) {
  const Table table = first_or_among_five(400);
  const auto rows = all_rows(table);
  LearnOptions learn;
  learn.criterion = Criterion::kTop5;
  EXPECT_EQ(candidate_orders(table, rows, learn, {}), (std::vector<Order>{{{0}}}));
  EXPECT_EQ(candidate_orders(table, rows, {}, {}),
            (std::vector<Order>{{{0}}, {{1}}, {{0, 1}}, {{0, 1}, false}}));
  const std::vector<double> prices{0.001};
  // Returns by how much b is worth more by soft scores.
  const auto expect = [&](double a, double a_gain, double b, double b_gain) {
    const auto curves = judge_orders(table, rows, learn, prices, std::vector<Order>{{{0}}, {{1}}});
    EXPECT_NEAR(curves[0].at_price[0].score, a, 1e-12);
    EXPECT_NEAR(curves[0].at_price[0].gain, a_gain, 1e-12);
    EXPECT_NEAR(curves[1].at_price[0].score, b, 1e-12);
    EXPECT_NEAR(curves[1].at_price[0].gain, b_gain, 1e-12);
    return curves[1].at_price[0].soft_gain - curves[0].at_price[0].soft_gain;
  };
  EXPECT_LT(expect(1, 0, 0.9, -0.1), 0.1 + 1e-9) << "on nine inputs of ten both name the same five";
  learn.criterion = Criterion::kTop1;
  EXPECT_GT(expect(0.5, -0.4, 0.9, 0), 0.1);
}

TEST(TrainAdaptive, RefusesWhatItCannotLearnFrom) {
  const Table table = random_table(100, 3, 1);
  const auto rows = all_rows(table);
  const auto refuse = [&](auto change, std::string_view message) {
    AdaptiveOptions options;
    change(options);
    EXPECT_TRIAGE_ERROR(train_adaptive(table, rows, {}, options), ErrorCode::kUsage, message);
  };
  refuse([](auto& o) { o.max_stages = 0; }, "stages 0, expected 1 to 4");
  refuse([](auto& o) { o.max_stages = 5; }, "stages 5, expected 1 to 4");
  refuse([](auto& o) { o.cost_ratios = {3, 0.5}; }, "cost ratio 0.5, expected at least 1");
  refuse([](auto& o) { o.price = -1; }, "price -1");
  EXPECT_TRIAGE_ERROR(train_adaptive(table, rows, {.margin = std::nan("")}), ErrorCode::kUsage, "margin nan");
  EXPECT_TRIAGE_ERROR(train_adaptive(table, Rows(rows).first(19), {}), ErrorCode::kUsage,
                      "training inputs 19, expected at least 20");
  Table bare = table;
  bare.outputs[7] = {};
  EXPECT_TRIAGE_ERROR(train_adaptive(bare, rows, {}), ErrorCode::kUsage, "without outputs");
}

TEST(TrainAdaptive, AimsBelowAgreementWhereLabelsAreAModels) {
  Table table = random_table(300, 3, 1);
  EXPECT_EQ(default_margin(table), 0);
  const auto trained = [&](std::optional<double> margin) {
    const auto policy = train_adaptive(table, all_rows(table), {.margin = margin});
    return std::pair(policy->default_setting(), policy->info().training);
  };
  EXPECT_EQ(trained({}), trained(0.0));
  label_by_model(table, "model2");
  EXPECT_EQ(default_margin(table), -0.005);
  EXPECT_EQ(trained({}), trained(-0.005));
  EXPECT_NE(trained({}), trained(0.0));
}

TEST(TrainAdaptive, StopsWhenTold) {
  const Table table = testing::synthetic_table(100, testing::synthetic_zoo(), 9);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRIAGE_ERROR(train_adaptive(table, all_rows(table), {.stop = stop.get_token()}),
                      ErrorCode::kInterrupted, "adaptive: stopped");
}

}  // namespace
}  // namespace triage
