// From rows of a table to the policy that forests make.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "learn/forest/choose_leaf.h"
#include "learn/forest/choose_schedule.h"
#include "learn/forest/fit_nearest_rows.h"
#include "learn/forest/forest.h"
#include "learn/forest/row_sample.h"
#include "learn/priced_outcome.h"
#include "learn/text/learned_texts.h"
#include "learn/training_info.h"
#include "policy/forests_policy.h"
#include "stats/mean.h"
#include "triage/error.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

constexpr int kInnerFolds = 5;  // for learners that have no rows out of their samples
constexpr std::size_t kTextRows = 4'000, kShareOfTreesForTexts = 8, kLeafRowsForTexts = 20;

// Of the training rows, row-major: see ForestData.
struct Matrices {
  std::size_t d = 0, m = 0;
  std::vector<float> features, losses, costs;
  std::vector<std::int32_t> fold_of;
  bool is_time = false;

  [[nodiscard]] ForestData data() const {
    // The score of a run time says all of its cost.
    return {.features = features,
            .d = d,
            .losses = losses,
            .m = m,
            .costs = is_time ? std::span<const float>() : std::span(costs),
            .weights = {},
            .fold_of = fold_of};
  }
};

// What is lost with a model on an input; of a run time from the time, which its score has less exactly.
float loss_of(const Table& table, std::uint32_t row, ModelIndex model, Criterion criterion) {
  const double score = table.score(row, model, criterion);
  const double cutoff = table.terms.cutoff;
  return static_cast<float>(cutoff > 0 && score > 0 ? table.cost_ms(row, model) / (10 * cutoff) : 1 - score);
}

// All but the features.
Matrices gather(const Table& table, Rows rows, const LearnOptions& learn, ForestsLearner learner) {
  Matrices out;
  out.m = table.n_models();
  out.is_time = table.terms.cutoff > 0;
  if (learner != ForestsLearner::kSeven && learner != ForestsLearner::kPairwise) {
    out.fold_of = make_folds(table, rows, kInnerFolds, learn.seed);
  }
  const auto models = all_models(table);
  for (const std::uint32_t row : rows) {
    for (const ModelIndex model : models) {
      out.losses.push_back(loss_of(table, row, model, learn.criterion));
      out.costs.push_back(static_cast<float>(learn.cost.of(table.cost_ms(row, model), table.cost_j(model))));
    }
  }
  return out;
}

void check_training(const Table& table, Rows rows, const LearnOptions& learn, const ForestsOptions& options) {
  if (!table.has_own_features()) {
    throw Error(
        ErrorCode::kUsage,
        "forests: the table has no features of its own, expected some; import it with feature columns or a "
        "text");
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
OutOfBag fit(const ForestData& data, const ForestOptions& growth, const std::stop_token& stop,
             ForestsParameters& parameters) {
  if (growth.learner == ForestsLearner::kNearest) {
    TrainedNeighbours trained = fit_nearest_rows(data, 0, stop);
    parameters.nearest = std::move(trained.nearest);
    return std::move(trained.unseen);
  }
  TrainedForests trained = train_forests(data, growth, stop);
  parameters.forests = std::move(trained.forests);
  return std::move(trained.out_of_bag);
}

// Whether the text helps this learner, tried small. Leaves are neither as small as chance likes them nor
// chosen.
TextSet try_texts(const LearnedTexts& texts, Matrices& matrices, ForestOptions growth,
                  std::span<const double> prices, const std::stop_token& stop) {
  growth.trees = std::max<std::size_t>(1, growth.trees / kShareOfTreesForTexts);
  growth.leaf_rows = growth.is_time ? 1 : kLeafRowsForTexts;
  return choose_text_set(texts, [&](TextSet set) {
    matrices.features = texts.values(set);
    matrices.d = texts.schema(set).size();
    const RowSample sample(matrices.data(), kTextRows, growth.seed);
    const ForestData rows = sample.data();
    ForestsParameters ignored;
    const std::size_t n = rows.losses.size() / rows.m;
    if (!every_model_ran(rows)) return std::vector<double>(n, kNotMeasured);
    return unseen_worths(rows, fit(rows, growth, stop, ignored), prices);
  });
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
  Matrices matrices = gather(table, rows, learn, options.learner);
  const std::size_t m = table.n_models();
  const bool is_time = matrices.is_time;
  ForestsParameters parameters;
  const ModelIndex best = single_best(mean_scores(table, rows, learn.criterion), costs);
  const double best_cost = costs[static_cast<std::size_t>(best)];
  const auto prices = is_time ? std::vector<double>{0} : falling_prices(0, -4, 33, best_cost);
  ForestOptions growth{
      .learner = options.learner, .is_time = is_time, .trees = options.trees, .seed = learn.seed};
  const LearnedTexts texts(table, rows, true, learn.seed, learn.stop);
  const TextSet set = try_texts(texts, matrices, growth, prices, learn.stop);
  matrices.features = texts.values(set);
  matrices.d = texts.schema(set).size();
  if (options.learner == ForestsLearner::kSeven) {
    growth.leaf_rows = choose_leaf_rows(matrices.data(), growth, prices, learn.stop);
  }
  const OutOfBag unseen = fit(matrices.data(), growth, learn.stop, parameters);
  std::vector<PricedOutcome> outcomes;
  for (const double price : prices) outcomes.push_back(choose_at(price, matrices, unseen, m, best));
  parameters.unit = learn.cost;
  for (const PricedOutcome& outcome : outcomes) parameters.settings.push_back(outcome.setting);
  parameters.chosen = choose_setting(outcomes, options.price, best_cost, learn.margin.value_or(0));
  if (is_time && options.schedule) parameters.schedule = plan_schedule(table, matrices, unseen);
  PolicyInfo info = make_policy_info(table, rows, learn.criterion, all_models(table));
  info.schema = texts.schema(set);
  info.text = texts.reduction(set);
  if (!table.texts.empty()) info.training.notes.emplace_back("text", text_note(texts, set));
  info.training.input_hashes = all_input_hashes(table, rows);
  info.training.seed = learn.seed;
  add_notes(options, parameters, outcomes[parameters.chosen], info);
  return make_forests(std::move(info), std::move(parameters));
}

}  // namespace triage
