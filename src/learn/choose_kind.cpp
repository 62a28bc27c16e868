// Which kind of policy to train: inner cross-validation, with a preference for the adaptive one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/stop.h"
#include "learn/adaptive/order_search.h"
#include "stats/mean.h"
#include "table/row_order.h"
#include "triage/clock.h"
#include "triage/error.h"
#include "triage/tools/ladder.h"
#include "triage/tools/learn.h"
#include "triage/tools/replay.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

constexpr std::size_t kFewestRows = 60;
constexpr std::size_t kManyRows = 10'000;
constexpr double kDoubt = 2;

double standard_error(std::span<const double> values) {
  return standard_deviation(values) / std::sqrt(static_cast<double>(values.size()));
}

std::vector<double> differences(std::span<const double> a, std::span<const double> b) {
  std::vector<double> out(a.size());
  std::transform(a.begin(), a.end(), b.begin(), out.begin(), [](double x, double y) { return x - y; });
  return out;
}

ModelIndex best_model(const Table& table, Rows rows, const LearnOptions& learn) {
  return single_best(mean_scores(table, rows, learn.criterion), model_costs(table, rows, learn.cost));
}

// The single best model first.
std::vector<PolicyKind> possible_kinds(const Table& table, Rows rows) {
  std::vector<PolicyKind> kinds{PolicyKind::kSingleBest, PolicyKind::kCheapestEqual};
  const bool has_outputs = has_all_outputs(table, rows);
  if (has_outputs || !table.signals.empty()) {
    if (table.n_models() >= 2) kinds.push_back(PolicyKind::kCascadeOfTwo);
    if (table.n_models() >= 3) kinds.push_back(PolicyKind::kCascadeOfThree);
  }
  if (table.has_own_features()) {
    kinds.push_back(PolicyKind::kForests);
  } else if (table.schema.size() > 0 && !has_outputs) {
    kinds.push_back(PolicyKind::kPremodel);
  }
  // Elsewhere adaptive policies do the same with the probabilities of classes.
  if (!table.scores.empty() && can_climb(table, rows)) {
    kinds.push_back(PolicyKind::kLadder);
  } else if (has_outputs) {
    kinds.push_back(PolicyKind::kAdaptive);
  }
  return kinds;
}

// The parts of an inner cross-validation that judge.
struct Parts {
  std::vector<std::vector<std::uint32_t>> train, test;
};
Parts make_parts(const Table& table, Rows rows, std::uint64_t seed) {
  const bool many = rows.size() >= kManyRows;
  const int n_parts = many ? 3 : 5, n_judging = many ? 1 : 5;
  const std::vector<std::int32_t> part = make_folds(table, rows, n_parts, seed);
  Parts parts;
  for (int judging = 0; judging < n_judging; ++judging) {
    auto& train = parts.train.emplace_back();
    auto& test = parts.test.emplace_back();
    for (std::size_t i = 0; i < rows.size(); ++i) (part[i] == judging ? test : train).push_back(rows[i]);
  }
  return parts;
}

// What a kind did on all rows that judge.
struct Outcome {
  std::vector<double> scores, soft_scores, costs;
};

// What the strongest models together think of each row of a part that judges: an answer's soft score is its
// probability there, which has less noise than whether it is right.
using Opinions = std::vector<Posterior>;

// None where outputs are missing, or where more than the first answer counts.
Opinions strong_opinions(const Table& table, Rows train, Rows test, Criterion criterion) {
  if (criterion != Criterion::kTop1 || !has_all_outputs(table, train) || !has_all_outputs(table, test))
    return {};
  const auto strong = strong_models(table, train, criterion);
  const auto weights = fit_weights(pool_rows(table, train, strong), first_positions(train.size()));
  const PooledRows pooled = pool_rows(table, test, strong);
  Opinions opinions;
  for (std::size_t i = 0; i < test.size(); ++i) opinions.push_back(pooled.posterior(i, weights));
  return opinions;
}

double probability_of(const Posterior& posterior, std::int32_t cls) {
  for (std::size_t c = 0; c < posterior.n; ++c) {
    if (posterior.entries[c].cls == cls) return static_cast<double>(posterior.entries[c].probability);
  }
  return 0;
}

void add(const Table& table, Rows rows, const Opinions& opinions, const Policy& policy,
         const LearnOptions& learn, Outcome& outcome) {
  Replay replay = make_replay("", table.n_inputs());
  // Its decisions take no time, so that equal rows give equal choices; in fact they take 0.2 to 2 us.
  replay_policy(table, rows, policy, FakeClock(), replay);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t row = rows[i];
    const double score = replay.score(learn.criterion)[row];
    outcome.scores.push_back(score);
    outcome.soft_scores.push_back(opinions.empty() ? score
                                                   : probability_of(opinions[i], replay.predicted[row]));
    outcome.costs.push_back(learn.cost.of(replay.ms[row], replay.j[row]));
  }
}

// Nothing where a kind cannot be trained: what suffices for all rows may not suffice for a part of them.
std::optional<Outcome> try_kind(const Table& table, const Parts& parts, std::span<const Opinions> opinions,
                                PolicyKind kind, const LearnOptions& learn, const AdaptiveOptions& adaptive) {
  Outcome outcome;
  for (std::size_t p = 0; p < parts.train.size(); ++p) {
    throw_if_stopped(learn.stop, "train");
    try {
      add(table, parts.test[p], opinions[p], *train_kind(table, parts.train[p], kind, learn, adaptive), learn,
          outcome);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kUsage) throw;
      return std::nullopt;
    }
  }
  return outcome;
}

// By row, by hard and soft scores.
std::vector<double> shrunk_gain(const Outcome& outcome, const Outcome& best) {
  auto gain = differences(outcome.scores, best.scores);
  const auto soft = differences(outcome.soft_scores, best.soft_scores);
  const double weight = weight_of_hard_scores(standard_error(gain));
  for (std::size_t i = 0; i < gain.size(); ++i) gain[i] = weight * gain[i] + (1 - weight) * soft[i];
  return gain;
}

// The adaptive kind, which can be each of the others and has doubted in its own training already; the single
// best model where there is none. Another one has to be better than it by kDoubt standard errors: seldom by
// chance.
std::size_t preferred_kind(std::span<const KindEstimate> compared) {
  const auto adaptive = std::find_if(compared.begin(), compared.end(), [](const KindEstimate& each) {
    return each.kind == PolicyKind::kAdaptive;
  });
  return adaptive == compared.end() ? 0 : static_cast<std::size_t>(adaptive - compared.begin());
}

}  // namespace

std::string_view to_string(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::kSingleBest:
      return "single best model";
    case PolicyKind::kCheapestEqual:
      return "cheapest equal model";
    case PolicyKind::kCascadeOfTwo:
      return "cascade of 2";
    case PolicyKind::kCascadeOfThree:
      return "cascade of 3";
    case PolicyKind::kPremodel:
      return "premodel";
    case PolicyKind::kForests:
      return "forests";
    case PolicyKind::kLadder:
      return "ladder";
    case PolicyKind::kAdaptive:
      return "adaptive";
  }
  return "";
}

std::unique_ptr<Policy> train_kind(const Table& table, Rows rows, PolicyKind kind, const LearnOptions& learn,
                                   const AdaptiveOptions& adaptive) {
  switch (kind) {
    case PolicyKind::kSingleBest:
      break;
    case PolicyKind::kCheapestEqual:
      return train_single(table, rows, learn.criterion, cheapest_equal_model(table, rows, learn));
    case PolicyKind::kCascadeOfTwo:
      return train_cascade(table, rows, learn, {.min_stages = 2, .max_stages = 2});
    case PolicyKind::kCascadeOfThree:
      return train_cascade(table, rows, learn, {.min_stages = 3, .max_stages = 3});
    case PolicyKind::kPremodel:
      return std::move(train_premodel(table, rows, learn).policy);
    case PolicyKind::kForests:
      return train_forests_policy(table, rows, learn);
    case PolicyKind::kLadder:
      return train_ladder(table, rows, learn);
    case PolicyKind::kAdaptive:
      return train_adaptive(table, rows, learn, adaptive);
  }
  return train_single(table, rows, learn.criterion, best_model(table, rows, learn));
}

KindChoice choose_kind(const Table& table, Rows rows, const LearnOptions& learn,
                       const AdaptiveOptions& adaptive) {
  if (learn.margin && !std::isfinite(*learn.margin)) {
    throw Error(ErrorCode::kUsage, fmt::format("train: margin {}, expected a finite share", *learn.margin));
  }
  (void)model_costs(table, rows, learn.cost);  // throws where they were not measured
  if (count_groups(table, rows) < kFewestRows) return {};
  const Parts parts = make_parts(table, rows, learn.seed);
  std::vector<Opinions> opinions;
  for (std::size_t p = 0; p < parts.train.size(); ++p) {
    opinions.push_back(strong_opinions(table, parts.train[p], parts.test[p], learn.criterion));
  }
  KindChoice choice;
  std::vector<std::vector<double>> gains;  // (kinds compared, rows that judge)
  Outcome best;
  for (const PolicyKind kind : possible_kinds(table, rows)) {
    auto outcome = try_kind(table, parts, opinions, kind, learn, adaptive);
    if (!outcome) continue;
    if (kind == PolicyKind::kSingleBest) best = *outcome;
    auto gain = shrunk_gain(*outcome, best);
    choice.compared.push_back(
        {kind, mean(gain), standard_error(gain), mean(outcome->costs) / mean(best.costs)});
    gains.push_back(std::move(gain));
  }
  const std::size_t preferred = preferred_kind(choice.compared);
  for (std::size_t k = 0; k < gains.size(); ++k) {
    KindEstimate& estimate = choice.compared[k];
    const double doubt = kDoubt * standard_error(differences(gains[k], gains[preferred]));
    estimate.worth = estimate.score_gain - doubt + kWorthOfTime * (1 - estimate.cost_ratio);
  }
  // Of equals the first, which is the simplest.
  choice.kind =
      std::max_element(choice.compared.begin(), choice.compared.end(), [](const auto& a, const auto& b) {
        return a.worth < b.worth;
      })->kind;
  return choice;
}

}  // namespace triage
