#include "triage/tools/inner_gain.h"

#include <cmath>
#include <vector>

#include "stats/mean.h"
#include "table/row_order.h"
#include "triage/error.h"
#include "triage/tools/replay.h"

namespace triage {
namespace {

constexpr std::size_t kFewestRows = 60;
constexpr int kParts = 3;
constexpr double kDoubt = 2;       // standard errors
constexpr double kCheaper = 0.99;  // less than that is no gain that anyone would notice

}  // namespace

bool InnerGain::pays(double tolerance) const {
  const bool is_cheaper = cost_ratio < kCheaper && score_gain >= -tolerance - kDoubt * score_error;
  return is_cheaper || score_gain > score_error;
}

std::optional<InnerGain> inner_gain(const Table& table, Rows rows, Criterion criterion, std::uint64_t seed,
                                    const std::function<std::unique_ptr<Policy>(Rows rows)>& train,
                                    const std::shared_ptr<const Clock>& clock) {
  if (count_groups(table, rows) < kFewestRows) return std::nullopt;
  const std::vector<std::int32_t> part = make_folds(table, rows, kParts, seed);
  std::vector<std::uint32_t> learn, test;
  for (std::size_t i = 0; i < rows.size(); ++i) (part[i] == 0 ? test : learn).push_back(rows[i]);
  std::unique_ptr<Policy> policy;
  try {
    policy = train(learn);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUsage) throw;
    return std::nullopt;  // what suffices for training may not suffice with a third less
  }
  Replay own = make_replay("own", table.n_inputs()), best = own;
  const ModelIndex sbs = single_best(mean_scores(table, learn, criterion), mean_costs(table, learn));
  // Without a clock decisions take no time, so that equal rows give equal estimates.
  const FakeClock still;
  replay_policy(table, test, *policy, clock != nullptr ? *clock : still, own);
  for (const std::uint32_t row : test) replay_model(table, row, sbs, best);

  const CostWeights saved = saved_cost(*policy);
  std::vector<double> difference;
  double own_cost = 0, best_cost = 0;
  for (const std::uint32_t row : test) {
    difference.push_back(own.score(criterion)[row] - best.score(criterion)[row]);
    own_cost += saved.of(own.ms[row], own.j[row]);
    best_cost += saved.of(best.ms[row], best.j[row]);
  }
  InnerGain gain;
  gain.score_gain = mean(difference);
  const auto n = static_cast<double>(difference.size());
  gain.score_error = std::sqrt(squared_deviations(difference, gain.score_gain) / (n - 1) / n);
  gain.cost_ratio = own_cost / best_cost;
  return gain;
}

CostWeights saved_cost(const Policy& policy) {
  const TrainingDetails& details = policy.info().training.details;
  if (const auto* cascade = std::get_if<CascadeFacts>(&details)) return cascade->unit;
  if (const auto* premodel = std::get_if<PremodelFacts>(&details)) return premodel->cost;
  return policy.price_unit();
}

std::optional<InnerGain> adaptive_gain(const Policy& policy) {
  const auto* facts = std::get_if<AdaptiveFacts>(&policy.info().training.details);
  const auto setting = policy.default_setting();
  if (facts == nullptr || !setting || policy.certificate() != nullptr) return std::nullopt;
  const PolicyModel& best = policy.info().best;
  const double whole = policy.price_unit().of(best.mean_ms, best.mean_j);
  return InnerGain{facts->gain, facts->gain_error, policy.price_settings()[*setting].cost / whole};
}

}  // namespace triage
