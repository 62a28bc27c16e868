// From rows of a table to the policy that forests make.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "learn/forest/choose_leaf.h"
#include "learn/forest/choose_schedule.h"
#include "learn/forest/fit_nearest_rows.h"
#include "learn/forest/forest.h"
#include "learn/priced_outcome.h"
#include "learn/training_info.h"
#include "policy/forests_policy.h"
#include "stats/mean.h"
#include "triage/error.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

constexpr int kInnerFolds = 5;  // for learners that have no rows out of their samples

// Of the training rows, row-major: see ForestData.
struct Matrices {
  std::vector<float> features, losses, costs;
};

// What is lost with a model on an input; of a run time from the time, which its score has less exactly.
float loss_of(const Table& table, std::uint32_t row, ModelIndex model, Criterion criterion) {
  const double score = table.score(row, model, criterion);
  const double cutoff = table.terms.cutoff;
  return static_cast<float>(cutoff > 0 && score > 0 ? table.cost_ms(row, model) / (10 * cutoff) : 1 - score);
}

Matrices gather(const Table& table, Rows rows, const LearnOptions& learn) {
  Matrices out;
  const auto models = all_models(table);
  out.features.reserve(rows.size() * table.schema.size());
  for (const std::uint32_t row : rows) {
    const auto features = table.feature_row(row);
    out.features.insert(out.features.end(), features.begin(), features.end());
    for (const ModelIndex model : models) {
      out.losses.push_back(loss_of(table, row, model, learn.criterion));
      out.costs.push_back(static_cast<float>(learn.cost.of(table.cost_ms(row, model), table.cost_j(model))));
    }
  }
  return out;
}

void check_training(const Table& table, Rows rows, const LearnOptions& learn, const ForestsOptions& options) {
  if (table.schema.groups.empty()) {
    throw Error(
        ErrorCode::kUsage,
        "forests: the table has no features of its own, expected some; import it with feature columns");
  }
  if (table.terms.cutoff > 0 && learn.cost != kTimeCost) {
    throw Error(ErrorCode::kUsage,
                fmt::format("forests: cost {}, expected time, of which the scores are made; use `cost` time",
                            to_string(learn.cost)));
  }
  expect_training_inputs(table, rows, "forests");
  if (options.price) expect_price("forests", *options.price);
}

// What choosing at a price does on rows that the trees did not see.
PricedOutcome choose_at(double price, const Matrices& matrices, const OutOfBag& unseen, std::size_t m,
                        ModelIndex best) {
  std::vector<double> scores, costs, gains;
  for (std::size_t begin = 0; begin < matrices.losses.size(); begin += m) {
    const auto row_of = [&](const std::vector<float>& values) {
      return values.empty() ? std::span<const float>() : std::span(values).subspan(begin, m);
    };
    if (std::isnan(unseen.score[begin])) continue;
    const auto choice = static_cast<std::size_t>(
        choose_model(row_of(unseen.score), row_of(unseen.loss), row_of(unseen.cost), price));
    const auto losses = row_of(matrices.losses);
    const float loss = losses[choice], reference = losses[static_cast<std::size_t>(best)];
    if (std::isnan(loss) || std::isnan(reference)) continue;
    gains.push_back(static_cast<double>(reference - loss));
    scores.push_back(1 - static_cast<double>(loss));
    costs.push_back(static_cast<double>(matrices.costs[begin + choice]));
  }
  return price_outcome(price, scores, costs, gains);
}

RunSchedule plan_schedule(const Table& table, const Matrices& matrices, const OutOfBag& unseen) {
  std::vector<float> times;
  std::vector<std::uint8_t> solved;
  for (std::size_t i = 0; i < matrices.losses.size(); ++i) {
    times.push_back(static_cast<float>(static_cast<double>(matrices.costs[i]) / table.terms.cutoff));
    solved.push_back(matrices.losses[i] < 0.5F ? 1 : 0);  // 0.1 at the cutoff, 1 where it was not solved
  }
  return choose_schedule({table.n_models(), unseen.score, times, solved});
}

// Fills forests or neighbours; returns what they say of rows that they did not see.
OutOfBag fit(const Matrices& matrices, const Table& table, Rows rows, const LearnOptions& learn,
             const ForestsOptions& options, std::span<const double> prices, ForestsParameters& parameters) {
  // The score of a run time says all of its cost.
  const bool is_time = table.terms.cutoff > 0;
  ForestData data{.features = matrices.features,
                  .d = table.schema.size(),
                  .losses = matrices.losses,
                  .m = table.n_models(),
                  .costs = is_time ? std::span<const float>() : std::span(matrices.costs),
                  .weights = {}};
  std::vector<std::int32_t> fold_of;
  if (options.learner != ForestsLearner::kSeven && options.learner != ForestsLearner::kPairwise) {
    fold_of = make_folds(table, rows, kInnerFolds, learn.seed);
    data.fold_of = fold_of;
  }
  if (options.learner == ForestsLearner::kNearest) {
    TrainedNeighbours trained = fit_nearest_rows(data, 0, learn.stop);
    parameters.nearest = std::move(trained.nearest);
    return std::move(trained.unseen);
  }
  ForestOptions growth{
      .learner = options.learner, .is_time = is_time, .trees = options.trees, .seed = learn.seed};
  if (options.learner == ForestsLearner::kSeven) {
    growth.leaf_rows = choose_leaf_rows(data, growth, prices, learn.stop);
  }
  TrainedForests trained = train_forests(data, growth, learn.stop);
  parameters.forests = std::move(trained.forests);
  return std::move(trained.out_of_bag);
}

// What learned, "7 of 100 trees, 12 features".
std::pair<std::string, std::string> learner_note(const ForestsOptions& options,
                                                 const ForestsParameters& parameters, std::size_t d) {
  const std::size_t m = parameters.n_models();
  switch (options.learner) {
    case ForestsLearner::kSeven:
      return {"forests", fmt::format("7 of {} trees, {} features", options.trees, d)};
    case ForestsLearner::kPairwise:
      return {"forests of pairs",
              fmt::format("{} of {} trees, {} features", m * (m - 1) / 2, options.trees, d)};
    case ForestsLearner::kNearest:
      return {"neighbours", fmt::format("{}, {} features", parameters.nearest->k, d)};
    case ForestsLearner::kBoostedRegression:
    case ForestsLearner::kBoostedClassification:
      break;
  }
  return {options.learner == ForestsLearner::kBoostedRegression ? "boosted trees that predict losses"
                                                                : "boosted trees that say which are best",
          fmt::format("{} for each of {} models, {} features", options.trees, m, d)};
}

void add_notes(const ForestsOptions& options, const ForestsParameters& parameters,
               const PricedOutcome& chosen, PolicyInfo& info) {
  auto& notes = info.training.notes;
  const RunSchedule& schedule = parameters.schedule;
  notes.push_back(learner_note(options, parameters, info.schema.size()));
  notes.emplace_back("gain of training's choice",
                     gain_text(info.terms, chosen) + (options.learner == ForestsLearner::kNearest
                                                          ? " on rows left out"
                                                          : " on rows that the trees did not see"));
  const auto cost_of = [&](float share) {
    return fmt::format("{:.4g} {}", static_cast<double>(share) * info.terms.cutoff, info.terms.cost_unit);
  };
  for (const ShortRun& run : schedule.before) {
    notes.emplace_back(
        "before the choice",
        fmt::format("{} for {}", info.models[static_cast<std::size_t>(run.model)].name, cost_of(run.share)));
  }
  if (schedule.last > 0) {
    notes.emplace_back("behind the choice",
                       fmt::format("the second best for the last {}", cost_of(schedule.last)));
  }
}

}  // namespace

std::unique_ptr<Policy> train_forests_policy(const Table& table, Rows rows, const LearnOptions& learn,
                                             const ForestsOptions& options) {
  check_training(table, rows, learn, options);
  const auto costs = model_costs(table, rows, learn.cost);
  const Matrices matrices = gather(table, rows, learn);
  const std::size_t m = table.n_models();
  const bool is_time = table.terms.cutoff > 0;
  ForestsParameters parameters;
  const ModelIndex best = single_best(mean_scores(table, rows, learn.criterion), costs);
  const double best_cost = costs[static_cast<std::size_t>(best)];
  const auto prices = is_time ? std::vector<double>{0} : falling_prices(0, -4, 33, best_cost);
  const OutOfBag unseen = fit(matrices, table, rows, learn, options, prices, parameters);
  std::vector<PricedOutcome> outcomes;
  for (const double price : prices) outcomes.push_back(choose_at(price, matrices, unseen, m, best));
  parameters.unit = learn.cost;
  for (const PricedOutcome& outcome : outcomes) parameters.settings.push_back(outcome.setting);
  parameters.chosen = choose_setting(outcomes, options.price, best_cost, learn.margin.value_or(0));
  if (is_time && options.schedule) parameters.schedule = plan_schedule(table, matrices, unseen);
  PolicyInfo info = make_policy_info(table, rows, learn.criterion, all_models(table));
  info.schema = table.schema;
  info.training.input_hashes = all_input_hashes(table, rows);
  info.training.seed = learn.seed;
  add_notes(options, parameters, outcomes[parameters.chosen], info);
  return make_forests(std::move(info), std::move(parameters));
}

}  // namespace triage
