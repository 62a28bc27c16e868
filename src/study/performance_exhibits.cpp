// Figure 8: the premodel beside the models that it chooses from, and the oracle.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/method_names.h"
#include "report/phrases.h"
#include "study/exhibits.h"

namespace triage {
namespace {

// The bars of Figure 8: the models that Algorithm 1 keeps, the best single one if it is none of these, the
// premodel, the oracle.
std::vector<const Method*> compared(const Evaluation& evaluation) {
  std::vector<const Method*> methods;
  for (const ModelIndex model : evaluation.selection.models) {
    methods.push_back(&method_of(evaluation, {MethodKind::kSingle, static_cast<int>(model)}));
  }
  const Method& best =
      method_of(evaluation, {MethodKind::kSingle, static_cast<int>(sbs_model_index(evaluation))});
  if (std::find(methods.begin(), methods.end(), &best) == methods.end()) methods.push_back(&best);
  methods.push_back(&method_of(evaluation, {MethodKind::kPremodel}));
  methods.push_back(&method_of(evaluation, {MethodKind::kCascade}));
  methods.push_back(&method_of(evaluation, {MethodKind::kVbs}));
  return methods;
}

Exhibit time_exhibit(const Evaluation& evaluation, std::span<const Method* const> methods) {
  const Method& premodel = method_of(evaluation, {MethodKind::kPremodel});
  const Method& sbs = method_of(evaluation, {MethodKind::kSbs});
  Exhibit exhibit;
  exhibit.id = "figure-8a";
  exhibit.title = "Figure 8a: inference time";
  exhibit.about =
      "Mean over all inputs, each judged by what its fold had learned. Preprocessing and selection included, "
      "decoding not.";
  exhibit.data.columns = {{"method", 0}, {"mean ms", 4}, {"of it selection ms", 4},
                          {"p50 ms", 4}, {"p99 ms", 4},  {"times the best single model's", 3}};
  for (const Method* method : methods) {
    const Metrics& m = method->pooled;
    exhibit.data.rows.push_back({method_name(evaluation, method->id), m.mean_ms, m.mean_ms * m.overhead,
                                 m.p50_ms, m.p99_ms, method->time_ratio.value});
  }
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1}};
  exhibit.paper = "1.8 times faster than Inception, the most accurate model; selection is 20 % of the time.";
  const Interval& spread = premodel.time_ratio.interval;
  exhibit.ours = fmt::format(
      "{}; selection is {} % of the time.",
      with_range(
          fmt::format("{} times faster than {}", times(1 / premodel.time_ratio.value), sbs_model(evaluation)),
          times_range({1 / spread.high, 1 / spread.low})),
      percent(premodel.pooled.overhead));
  exhibit.verdict =
      premodel.pooled.mean_ms < sbs.pooled.mean_ms
          ? "Agrees that the premodel is faster than the most accurate model; Figure 8c says at which price."
          : "Disagrees: the premodel is not faster than the most accurate model.";
  return exhibit;
}

Exhibit energy_exhibit(const Evaluation& evaluation, std::span<const Method* const> methods) {
  const Method& premodel = method_of(evaluation, {MethodKind::kPremodel});
  const Method& sbs = method_of(evaluation, {MethodKind::kSbs});
  Exhibit exhibit;
  exhibit.id = "figure-8b";
  exhibit.title = "Figure 8b: energy";
  exhibit.about =
      fmt::format("Joules an input, idle power deducted, features included. Energy {}.", evaluation.energy);
  exhibit.data.columns = {{"method", 0}, {"mean mJ", 4}, {"of it features mJ", 4}};
  const bool measured = std::isfinite(sbs.pooled.mean_j);
  for (const Method* method : methods) {
    const Metrics& m = method->pooled;
    if (measured) {
      exhibit.data.rows.push_back(
          {method_name(evaluation, method->id), 1e3 * m.mean_j, 1e3 * m.mean_j * m.overhead_j});
    } else {
      exhibit.data.rows.push_back(
          {method_name(evaluation, method->id), std::string("not measured"), std::string("not measured")});
    }
  }
  if (measured) exhibit.chart = {ChartSpec::Kind::kBars, 0, {1}};
  exhibit.paper = "More than 2 times less than Inception and ResNet; selection is 11 % of it.";
  exhibit.ours = measured ? fmt::format("{} times less than {}; features are {} % of it.",
                                        times(sbs.pooled.mean_j / premodel.pooled.mean_j),
                                        sbs_model(evaluation), percent(premodel.pooled.overhead_j))
                          : fmt::format("Energy {}.", evaluation.energy);
  exhibit.verdict = !measured ? "Cannot be compared: there is no meter, and nothing is estimated."
                    : premodel.pooled.mean_j < sbs.pooled.mean_j / 2 ? "Agrees."
                                                                     : "Differs.";
  return exhibit;
}

Exhibit accuracy_exhibit(const Evaluation& evaluation, std::span<const Method* const> methods) {
  const Method& premodel = method_of(evaluation, {MethodKind::kPremodel});
  Exhibit exhibit;
  exhibit.id = "figure-8c";
  exhibit.title = "Figure 8c: " + score_subject(evaluation);
  const std::string top1 = score_head(Criterion::kTop1, evaluation.labels_from);
  const std::string top5 = score_head(Criterion::kTop5, evaluation.labels_from);
  exhibit.data.columns = {{"method", 0}, {top1, 2},  {top5, 2}, {"gain over SBS, points", 2},
                          {"low", 2},    {"high", 2}};
  for (const Method* method : methods) {
    exhibit.data.rows.push_back({method_name(evaluation, method->id), percent_cell(method->pooled.top1),
                                 percent_cell(method->pooled.top5), percent_cell(method->score_gain.value),
                                 percent_cell(method->score_gain.interval.low),
                                 percent_cell(method->score_gain.interval.high)});
  }
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1, 2}};
  exhibit.about = "Low and high: paired bootstrap 95 % interval of the gain under the study's criterion.";
  exhibit.paper =
      "87.4 % top-1, 7.6 points over Inception, the best single model; the oracle reaches 91.2 %.";
  const Method& oracle = method_of(evaluation, {MethodKind::kVbs});
  exhibit.ours =
      fmt::format("{} %, {} to {}; the oracle reaches {} %.", percent(premodel.pooled.score, 2),
                  points_phrase(premodel.score_gain), sbs_model(evaluation), percent(oracle.pooled.score, 2));
  exhibit.verdict = low_end(premodel.score_gain) > 0
                        ? "Agrees: the premodel is more accurate than any single model."
                    : high_end(premodel.score_gain) < 0
                        ? "Disagrees: the premodel is less accurate than the best single model."
                        : "No difference to the best single model can be shown.";
  return exhibit;
}

Exhibit class_exhibit(const Evaluation& evaluation, std::span<const Method* const> methods) {
  Exhibit exhibit;
  exhibit.id = "figure-8d";
  exhibit.title = "Figure 8d: precision, recall and F1";
  exhibit.about = "Macro averages over the classes that have inputs here.";
  exhibit.data.columns = {{"method", 0}, {"precision %", 2}, {"recall %", 2}, {"F1 %", 2}};
  const Method* best = nullptr;
  for (const Method* method : methods) {
    exhibit.data.rows.push_back({method_name(evaluation, method->id), percent_cell(method->pooled.precision),
                                 percent_cell(method->pooled.recall), percent_cell(method->pooled.f1)});
    if (method->id.kind == MethodKind::kVbs) continue;
    if (best == nullptr || method->pooled.precision > best->pooled.precision) best = method;
  }
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1, 2, 3}};
  exhibit.paper = "The premodel has the highest precision and F1.";
  exhibit.ours = fmt::format("The highest precision, the oracle aside, is that of {}: {} %.",
                             method_name(evaluation, best->id), percent(best->pooled.precision, 2));
  exhibit.verdict = best->id.kind == MethodKind::kPremodel ? "Agrees." : "Disagrees.";
  return exhibit;
}

}  // namespace

std::vector<Exhibit> performance_exhibits(const StudyRun& run) {
  const auto methods = compared(run.evaluation);
  return {time_exhibit(run.evaluation, methods), energy_exhibit(run.evaluation, methods),
          accuracy_exhibit(run.evaluation, methods), class_exhibit(run.evaluation, methods)};
}

}  // namespace triage
