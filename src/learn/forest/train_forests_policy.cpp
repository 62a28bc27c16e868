// From rows of a table to the policy that forests make.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "learn/forest/choose_schedule.h"
#include "learn/forest/forest.h"
#include "learn/training_info.h"
#include "learn/worth.h"
#include "policy/forests_policy.h"
#include "stats/mean.h"
#include "triage/error.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

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

Matrices gather(const Table& table, Rows rows, Criterion criterion) {
  Matrices out;
  const auto models = all_models(table);
  out.features.reserve(rows.size() * table.schema.size());
  for (const std::uint32_t row : rows) {
    const auto features = table.feature_row(row);
    out.features.insert(out.features.end(), features.begin(), features.end());
    for (const ModelIndex model : models) {
      out.losses.push_back(loss_of(table, row, model, criterion));
      out.costs.push_back(static_cast<float>(table.cost_ms(row, model)));
    }
  }
  return out;
}

void check_training(const Table& table, Rows rows, const ForestsOptions& options) {
  if (table.schema.groups.empty()) {
    throw Error(
        ErrorCode::kUsage,
        "forests: the table has no features of its own, expected some; import it with feature columns");
  }
  expect_training_inputs(table, rows, "forests");
  if (options.price && !(*options.price >= 0 && std::isfinite(*options.price))) {
    throw Error(ErrorCode::kUsage,
                fmt::format("forests: price {:.4g}, expected a finite one of 0 or more", *options.price));
  }
}

// What choosing at a price does on rows that the trees did not see.
struct PricedChoice {
  double price = 0, score = 0, cost = 0;
  double gain = 0, gain_error = 0;  // of score over the single best model, and its standard error
};

PricedChoice choose_at(double price, const Matrices& matrices, const OutOfBag& unseen, std::size_t m,
                       ModelIndex best) {
  std::vector<double> gains;
  double score = 0, cost = 0;
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
    score += 1 - static_cast<double>(loss);
    cost += static_cast<double>(matrices.costs[begin + choice]);
  }
  const auto n = static_cast<double>(gains.size());
  return {price, score / n, cost / n, mean(gains), standard_deviation(gains) / std::sqrt(n)};
}

// Falling prices: from that at which the cost of the single best model is worth all of the score down to a
// ten-thousandth of it, and none.
std::vector<double> price_grid(double cost) {
  std::vector<double> prices;
  for (int step = 0; step <= 32 && cost > 0; ++step) prices.push_back(std::pow(10.0, -step / 8.0) / cost);
  prices.push_back(0);
  return prices;
}

// The setting of the highest worth beside the single best model.
std::size_t most_worth(std::span<const PricedChoice> points, double best_cost, const LearnOptions& learn) {
  const auto worth = [&](const PricedChoice& point) {
    return expected_worth(point.gain - learn.margin.value_or(0), point.gain_error,
                          best_cost > 0 ? point.cost / best_cost : 1);
  };
  const auto best =
      std::max_element(points.begin(), points.end(),
                       [&](const PricedChoice& a, const PricedChoice& b) { return worth(a) < worth(b); });
  return static_cast<std::size_t>(best - points.begin());
}

// The highest of at most this price, else the lowest.
std::size_t setting_at(std::span<const PricedChoice> points, double price) {
  const auto at = std::find_if(points.begin(), points.end(),
                               [&](const PricedChoice& point) { return point.price <= price; });
  return static_cast<std::size_t>((at == points.end() ? at - 1 : at) - points.begin());
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

void add_notes(const RunSchedule& schedule, const PricedChoice& chosen, std::size_t trees, PolicyInfo& info) {
  auto& notes = info.training.notes;
  notes.emplace_back("forests", fmt::format("7 of {} trees, {} features", trees, info.schema.size()));
  const Terms& terms = info.terms;
  notes.emplace_back("expected gain",
                     fmt::format("{:+.4g}{}{} (standard error {:.4g}) on rows that the trees did not see",
                                 terms.shown_gain(chosen.gain), terms.score_unit.empty() ? "" : " ",
                                 terms.score_unit, std::abs(terms.shown_gain(chosen.gain_error))));
  const auto cost_of = [&](float share) {
    return fmt::format("{:.4g} {}", static_cast<double>(share) * info.terms.cutoff, info.terms.cost_unit);
  };
  if (schedule.presolver != kNoModel) {
    notes.emplace_back(
        "before the choice",
        fmt::format("{} for {}", info.models[static_cast<std::size_t>(schedule.presolver)].name,
                    cost_of(schedule.slice)));
  }
  if (schedule.last > 0) {
    notes.emplace_back("behind the choice",
                       fmt::format("the second best for the last {}", cost_of(schedule.last)));
  }
}

}  // namespace

std::unique_ptr<Policy> train_forests_policy(const Table& table, Rows rows, const LearnOptions& learn,
                                             const ForestsOptions& options) {
  check_training(table, rows, options);
  const Matrices matrices = gather(table, rows, learn.criterion);
  const std::size_t m = table.n_models();
  // The score of a run time says all of its cost.
  const bool is_time = table.terms.cutoff > 0;
  auto trained = train_forests({.features = matrices.features,
                                .d = table.schema.size(),
                                .losses = matrices.losses,
                                .m = m,
                                .costs = is_time ? std::span<const float>() : std::span(matrices.costs),
                                .weights = {}},
                               {.is_time = is_time, .trees = options.trees, .seed = learn.seed}, learn.stop);
  const auto costs = mean_costs(table, rows);
  const ModelIndex best = single_best(mean_scores(table, rows, learn.criterion), costs);
  const double best_cost = costs[static_cast<std::size_t>(best)];
  std::vector<PricedChoice> points;
  for (const double price : is_time ? std::vector<double>{0} : price_grid(best_cost)) {
    points.push_back(choose_at(price, matrices, trained.out_of_bag, m, best));
  }
  ForestsParameters parameters;
  for (const PricedChoice& point : points)
    parameters.settings.push_back({point.price, point.score, point.cost});
  parameters.chosen =
      options.price ? setting_at(points, *options.price) : most_worth(points, best_cost, learn);
  if (is_time && options.schedule) parameters.schedule = plan_schedule(table, matrices, trained.out_of_bag);
  parameters.forests = std::move(trained.forests);
  PolicyInfo info = make_policy_info(table, rows, learn.criterion, all_models(table));
  info.schema = table.schema;
  info.training.input_hashes = all_input_hashes(table, rows);
  info.training.seed = learn.seed;
  add_notes(parameters.schedule, points[parameters.chosen], options.trees, info);
  return make_forests(std::move(info), std::move(parameters));
}

}  // namespace triage
