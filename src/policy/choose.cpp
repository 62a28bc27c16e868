#include "triage/choose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "policy/forests_policy.h"
#include "triage/error.h"

namespace triage {
namespace {

void expect_features(const Policy& policy, std::size_t found, std::size_t n) {
  const std::size_t expected = n * policy.info().schema.size();
  if (found == expected) return;
  throw Error(
      ErrorCode::kUsage,
      fmt::format("features: {} numbers, expected {}, those of the policy's schema", found, expected));
}

// A fixed order is what such a policy's numbers are of.
void expect_order(const Policy& policy, std::span<const Look> looks, const Request& request) {
  const auto order = policy.look_order(request);
  const auto& models = policy.info().models;
  if (order.empty()) return;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    if (i < order.size() && looks[i].model == order[i].model) continue;
    throw Error(
        ErrorCode::kUsage,
        fmt::format("looks: number {} is of model '{}', expected {}", i + 1,
                    models[static_cast<std::size_t>(looks[i].model)].name,
                    i < order.size() ? fmt::format("'{}', in the policy's order",
                                                   models[static_cast<std::size_t>(order[i].model)].name)
                                     : fmt::format("{} at most", order.size())));
  }
}

// What forests expect of the model that they chose.
void add_expectations(const Trace& trace, std::size_t from, Choice& choice) {
  for (std::size_t i = from; i < trace.size(); ++i) {
    const auto* event = std::get_if<ForestsExpect>(&trace[i]);
    if (event == nullptr || choice.model == kNoModel) continue;
    const auto m = static_cast<std::size_t>(choice.model);
    choice.expected_score = 1 - event->losses[m];
    if (!event->costs.empty()) choice.expected_cost = event->costs[m];
    choice.second = event->model == choice.model ? event->second : event->model;
  }
}

std::vector<ForestsPolicy::Ranking> rankings_of(const ForestsPolicy& forests, std::span<const float> features,
                                                std::size_t n, const Request& request) {
  std::vector<ForestsPolicy::Ranking> rankings(n);
  forests.rank_rows(features, request, rankings);
  return rankings;
}

// What runs first, with what is expected of it.
Choice first_choice(const ForestsPolicy& forests, const ForestsPolicy::Ranking& ranking) {
  return {.stops = false,
          .model = ranking.best,
          .most_cost = forests.first_run(ranking).most_ms,
          .answer = {},
          .expected_score = 1 - static_cast<double>(ranking.loss),
          .expected_cost = static_cast<double>(ranking.cost),
          .second = ranking.second};
}

}  // namespace

Choice choose(const Policy& policy, std::span<const float> features, std::span<const Look> looks,
              const Request& request, Trace* trace) {
  expect_features(policy, features.size(), 1);
  expect_order(policy, looks, request);
  Cost spent{.ms = 0};
  for (const Look& look : looks) spent.ms += look.cost.ms;
  const Evidence evidence{.features = features,
                          .looks = looks,
                          .spent = spent,
                          .request = request,
                          .extracted = all_features(policy.info().schema)};
  Trace own;
  Trace& events = trace == nullptr ? own : *trace;
  const std::size_t from = events.size();
  const Action action = policy.next(evidence, &events);
  Choice choice;
  choice.stops = action.kind != Action::Kind::kRun;
  choice.model = action.kind == Action::Kind::kRefuse ? kNoModel : action.model;
  choice.most_cost = action.most_ms;
  choice.answer = action.answer;
  add_expectations(events, from, choice);
  return choice;
}

void choose_rows(const Policy& policy, std::span<const float> features, std::span<ModelIndex> models,
                 const Request& request) {
  expect_features(policy, features.size(), models.size());
  if (const auto* forests = dynamic_cast<const ForestsPolicy*>(&policy)) {
    const auto rankings = rankings_of(*forests, features, models.size(), request);
    std::transform(rankings.begin(), rankings.end(), models.begin(),
                   [](const ForestsPolicy::Ranking& ranking) { return ranking.best; });
    return;
  }
  const std::size_t d = policy.info().schema.size();
  const FeatureMask all = all_features(policy.info().schema);
  for (std::size_t i = 0; i < models.size(); ++i) {
    models[i] = policy
                    .next({.features = features.subspan(i * d, d),
                           .looks = {},
                           .spent = {},
                           .request = request,
                           .extracted = all})
                    .model;
  }
}

void choose_rows(const Policy& policy, std::span<const float> features, std::span<Choice> choices,
                 const Request& request) {
  expect_features(policy, features.size(), choices.size());
  const auto* forests = dynamic_cast<const ForestsPolicy*>(&policy);
  // A short run comes first whatever the features are.
  if (forests != nullptr && forests->parameters().schedule.before.empty()) {
    const auto rankings = rankings_of(*forests, features, choices.size(), request);
    std::transform(rankings.begin(), rankings.end(), choices.begin(),
                   [&](const ForestsPolicy::Ranking& ranking) { return first_choice(*forests, ranking); });
    return;
  }
  const std::size_t d = policy.info().schema.size();
  for (std::size_t i = 0; i < choices.size(); ++i) {
    choices[i] = choose(policy, features.subspan(i * d, d), {}, request);
  }
}

}  // namespace triage
