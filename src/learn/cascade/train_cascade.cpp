// Training of confidence cascades, and of the policy that runs a single model.
//
// What a cascade reaches on the rows that chose it is optimistic: it is the best of many candidates on these
// very rows. Judge it on other rows (cross-validation); a margin above the single best model makes up for the
// optimism.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "learn/cascade/cascade_search.h"
#include "learn/priced_outcome.h"
#include "learn/training_info.h"
#include "policy/cascade_policy.h"
#include "triage/error.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

// `facts` lack what the cascade reaches. `hashes` are of the rows, or empty: a frontier's points are not
// kept.
std::unique_ptr<Policy> to_policy(const Table& table, Rows rows, Criterion criterion,
                                  const CascadePoint& point, CascadeFacts facts,
                                  std::vector<std::uint64_t> hashes) {
  const auto n_stages = static_cast<std::size_t>(point.n_stages);
  PolicyInfo info = make_policy_info(table, rows, criterion, std::span(point.models).first(n_stages));
  facts.score = point.score;
  facts.cost = point.cost;
  info.training.details = facts;
  info.training.input_hashes = std::move(hashes);
  CascadeParameters model;
  model.thresholds.assign(point.thresholds.begin(), point.thresholds.begin() + (point.n_stages - 1));
  return make_cascade(std::move(info), std::move(model));
}

std::unique_ptr<Policy> choose_at_price(const Table& table, Rows rows, const LearnOptions& learn,
                                        const std::vector<CascadePoint>& frontier, double price,
                                        std::vector<std::uint64_t> hashes = {}) {
  CascadeFacts facts;
  facts.price = price;
  facts.unit = learn.cost;
  return to_policy(table, rows, learn.criterion, best_at_price(frontier, price), facts, std::move(hashes));
}

}  // namespace

std::unique_ptr<Policy> train_cascade(const Table& table, Rows rows, const LearnOptions& learn,
                                      const CascadeOptions& options) {
  if (options.price) expect_price("cascade", *options.price);
  const double margin = learn.margin.value_or(default_margin(table));
  if (!std::isfinite(margin)) {
    throw Error(ErrorCode::kUsage, fmt::format("cascade: margin {:.4g}, expected a finite share", margin));
  }
  const auto frontier = search_cascades(table, rows, learn, options);
  auto hashes = all_input_hashes(table, rows);
  if (options.price) {
    return choose_at_price(table, rows, learn, frontier, *options.price, std::move(hashes));
  }

  const auto scores = mean_scores(table, rows, learn.criterion);
  const double wanted = *std::max_element(scores.begin(), scores.end()) + margin;
  const auto& point = cheapest_reaching(frontier, wanted);
  CascadeFacts facts;
  facts.unit = learn.cost;
  facts.wanted = wanted;
  facts.reached = point.score >= wanted - 1e-12;
  return to_policy(table, rows, learn.criterion, point, facts, std::move(hashes));
}

std::vector<std::unique_ptr<Policy>> train_cascades(const Table& table, Rows rows, const LearnOptions& learn,
                                                    const CascadeOptions& options,
                                                    std::span<const double> prices) {
  for (const double price : prices) expect_price("cascade", price);
  const auto frontier = search_cascades(table, rows, learn, options);
  std::vector<std::unique_ptr<Policy>> policies;
  for (const double price : prices) {
    policies.push_back(choose_at_price(table, rows, learn, frontier, price));
  }
  return policies;
}

std::unique_ptr<Policy> train_single(const Table& table, Rows rows, Criterion criterion, ModelIndex model) {
  if (model < 0 || static_cast<std::size_t>(model) >= table.n_models()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("single: model {}, expected 0 to {}; choose one of the profile", model,
                            table.n_models() - 1));
  }
  PolicyInfo info = make_policy_info(table, rows, criterion, std::span(&model, 1));
  info.training.input_hashes = all_input_hashes(table, rows);
  return make_single(std::move(info), 0);
}

}  // namespace triage
