#include "policy/forests_policy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "policy/checks.h"
#include "policy/price_settings.h"

namespace triage {
namespace {

void check_schedule(const PolicyInfo& info, const RunSchedule& schedule) {
  const auto& before = schedule.before;
  if (before.size() > kMaxShortRuns) {
    fail_field("forests.before", fmt::format("{} runs", before.size()),
               fmt::format("{} at most", kMaxShortRuns));
  }
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::string field = fmt::format("forests.before[{}]", i);
    check_model(info, before[i].model, field + ".model");
    if (!(before[i].share > 0)) fail_field(field + ".share", before[i].share, "a share above 0");
    for (std::size_t k = 0; k < i; ++k) {
      if (before[k].model == before[i].model)
        fail_field(field + ".model", before[i].model, "each model once");
    }
  }
  if (!(schedule.last >= 0) || !(schedule.share_before() + schedule.last < 1)) {
    fail_field("forests.schedule", fmt::format("shares {} and {}", schedule.share_before(), schedule.last),
               "shares of the cutoff, together below 1");
  }
  if (info.terms.cutoff <= 0 && !schedule.is_empty()) {
    fail_field("forests.schedule", "one", "none where there is no cutoff");
  }
}

void check_costs(const ForestsParameters& parameters) {
  const double highest = parameters.settings.front().price;
  if (highest > 0 && !parameters.has_costs()) {
    fail_field("forests.settings", highest, "the price 0, since no costs are predicted");
  }
}

// What one decision needs; grows once for each thread.
struct Scratch {
  ForestBuffers buffers;
  NearestBuffers nearest;
  std::vector<float> score, loss, cost;
  void resize(std::size_t n) {
    for (auto* values : {&score, &loss, &cost}) values->resize(n);
  }
};

// Of the scratch's rows; returns the costs, if there are any.
std::span<float> predict(const ForestsParameters& parameters, const std::optional<NearestSearch>& search,
                         std::span<const float> features, Scratch& scratch) {
  const auto cost = parameters.has_costs() ? std::span(scratch.cost) : std::span<float>();
  const ForestOutput output{scratch.score, scratch.loss, cost};
  if (parameters.nearest) {
    predict_by_neighbours(*parameters.nearest, *search, features, scratch.nearest, output);
  } else {
    predict_rows(parameters.forests, features, scratch.buffers, output);
  }
  return cost;
}

// Of one row's predictions (m).
ForestsPolicy::Ranking ranking_of(std::span<const float> score, std::span<const float> loss,
                                  std::span<const float> cost, double price) {
  const ModelIndex best = choose_model(score, loss, cost, price);
  const auto place = static_cast<std::size_t>(best);
  return {.best = best,
          .second = second_choice(score, best),
          .loss = loss[place],
          .cost = cost.empty() ? std::numeric_limits<float>::quiet_NaN() : cost[place]};
}

void check_predictor(const ForestsParameters& parameters) {
  if (!parameters.nearest) return check_forests(parameters.forests, "forests");
  check_nearest_rows(*parameters.nearest, "forests.nearest");
  if (!parameters.forests.ensembles.empty()) {
    fail_field("forests.ensembles", parameters.forests.ensembles.size(), "none beside neighbours");
  }
}

}  // namespace

ForestsPolicy::ForestsPolicy(PolicyInfo info, ForestsParameters parameters)
    : PricedPolicy(std::move(info), std::move(parameters)) {
  check_info(this->info());
  check_predictor(parameters_);
  if (parameters_.n_models() != this->info().models.size()) {
    fail_field("forests.n_models", parameters_.n_models(),
               fmt::format("{}, one a model", this->info().models.size()));
  }
  if (parameters_.n_features() != this->info().schema.size()) {
    fail_field("forests.n_features", parameters_.n_features(),
               fmt::format("{}, those of the schema", this->info().schema.size()));
  }
  check_price_settings("forests", parameters_.settings, parameters_.chosen);
  check_certificate("forests", parameters_.certificate);
  check_costs(parameters_);
  check_schedule(this->info(), parameters_.schedule);
  if (const auto& nearest = parameters_.nearest) search_.emplace(nearest->rows, nearest->column.size());
}

double ForestsPolicy::price_of(const Request& request) const {
  return std::isnan(request.price) ? parameters_.settings[parameters_.chosen].price : request.price;
}

void ForestsPolicy::rank_rows(std::span<const float> features, const Request& request,
                              std::span<Ranking> rankings) const {
  const std::size_t m = parameters_.n_models();
  Scratch scratch;
  scratch.resize(rankings.size() * m);
  const auto cost = predict(parameters_, search_, features, scratch);
  const double price = price_of(request);
  for (std::size_t i = 0; i < rankings.size(); ++i) {
    const auto row_of = [&](std::span<const float> values) {
      return values.empty() ? values : values.subspan(i * m, m);
    };
    rankings[i] = ranking_of(row_of(scratch.score), row_of(scratch.loss), row_of(cost), price);
  }
}

ForestsPolicy::Ranking ForestsPolicy::rank(const Evidence& evidence, Trace* trace) const {
  thread_local Scratch scratch;
  scratch.resize(parameters_.n_models());
  const auto cost = predict(parameters_, search_, evidence.features, scratch);
  const double price = price_of(evidence.request);
  const Ranking ranking = ranking_of(scratch.score, scratch.loss, cost, price);
  if (trace != nullptr) {
    ForestsExpect event{.losses = {scratch.loss.begin(), scratch.loss.end()}, .costs = {}, .price = price};
    event.costs.assign(cost.begin(), cost.end());
    event.model = ranking.best;
    event.second = ranking.second;
    trace->emplace_back(std::move(event));
  }
  return ranking;
}

Action ForestsPolicy::next(const Evidence& evidence, Trace* trace) const {
  if (!evidence.looks.empty() && !evidence.looks.back().unanswered) {
    return Action::answer_of(evidence.looks.back());
  }
  const auto& before = parameters_.schedule.before;
  if (evidence.looks.size() < before.size()) {
    const ShortRun& run = before[evidence.looks.size()];
    Action action = Action::run(run.model);
    action.most_ms = static_cast<double>(run.share) * info().terms.cutoff;
    return action;
  }
  const FeatureMask missing = all_features(info().schema) & ~evidence.extracted;
  if (missing != 0) return Action::extract(missing);
  TRIAGE_CHECK(evidence.features.size() == info().schema.size());
  return next_of_schedule(evidence, rank(evidence, trace));
}

// After the short runs the choice, after the choice the second, as long as time is left; the last that ran
// answers, be it with nothing.
Action ForestsPolicy::next_of_schedule(const Evidence& evidence, const Ranking& ranking) const {
  const double cutoff = info().terms.cutoff;
  if (cutoff <= 0) return Action::run(ranking.best);
  const RunSchedule& schedule = parameters_.schedule;
  const std::size_t n_chosen = evidence.looks.size() - schedule.before.size();
  const bool has_second = schedule.last > 0 && ranking.second != kNoModel;
  const double left = std::max(0.0, cutoff - evidence.spent.ms);
  if (left <= 0 || n_chosen > 1 || (n_chosen == 1 && !has_second)) {
    return evidence.looks.empty() ? Action::refuse() : Action::answer_of(evidence.looks.back());
  }
  Action action = Action::run(n_chosen == 0 ? ranking.best : ranking.second);
  const double kept = n_chosen == 0 && has_second ? static_cast<double>(schedule.last) * cutoff : 0;
  action.most_ms = std::max(0.0, left - kept);
  return action;
}

Action ForestsPolicy::first_run(const Ranking& ranking) const {
  Evidence nothing;
  nothing.spent.ms = 0;
  return next_of_schedule(nothing, ranking);
}

std::unique_ptr<Policy> ForestsPolicy::remake(ForestsParameters parameters) const {
  return make_forests(info(), std::move(parameters));
}

std::unique_ptr<Policy> make_forests(PolicyInfo info, ForestsParameters parameters) {
  return std::make_unique<ForestsPolicy>(std::move(info), std::move(parameters));
}

}  // namespace triage
