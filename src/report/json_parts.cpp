#include "report/json_parts.h"

#include <cmath>

#include "report/method_names.h"

namespace triage {
namespace {

OrderedJson groups_json(const Evaluation& evaluation, const std::vector<InputGroup>& groups) {
  const std::vector<MethodId>& shown = evaluation.breakdown.methods;
  OrderedJson out = OrderedJson::array();
  for (const InputGroup& group : groups) {
    OrderedJson methods = OrderedJson::object();
    for (std::size_t b = 0; b < group.methods.size(); ++b) {
      const GroupFigures& figures = group.methods[b];
      methods[method_name(evaluation, shown[b])] = {{"score", figure_json(figures.score)},
                                                    {"ms", figure_json(figures.ms)},
                                                    {"looks", figure_json(figures.looks)}};
    }
    out.push_back({{"name", group.name},
                   {"inputs", group.inputs},
                   {"difficulty", figure_json(group.difficulty)},
                   {"methods", std::move(methods)}});
  }
  return out;
}

OrderedJson stage_json(const StageDecisions& stage) {
  OrderedJson models = OrderedJson::object();
  for (const auto& [model, share] : stage.models) models[model] = share;
  return {{"models", std::move(models)},
          {"reached", stage.reached},
          {"answered", stage.answered},
          {"chosen", stage.chosen},
          {"right", figure_json(stage.right)},
          {"wrong_to_stop", figure_json(stage.wrong_to_stop)},
          {"right_to_stop", figure_json(stage.right_to_stop)},
          {"for_nothing", figure_json(stage.for_nothing)},
          {"lost_going_on", figure_json(stage.lost_going_on)},
          {"won_going_on", figure_json(stage.won_going_on)}};
}

}  // namespace

OrderedJson figure_json(double value) {
  return std::isfinite(value) ? OrderedJson(value) : OrderedJson(nullptr);
}

OrderedJson estimate_json(double value, Interval interval) {
  return {{"value", figure_json(value)},
          {"low", figure_json(interval.low)},
          {"high", figure_json(interval.high)}};
}

OrderedJson terms_json(const Terms& terms) {
  return {{"score", terms.score},           {"worst", terms.worst},         {"best", terms.best},
          {"score_unit", terms.score_unit}, {"cost_unit", terms.cost_unit}, {"cutoff", terms.cutoff}};
}

OrderedJson request_json(const Evaluation& evaluation) {
  const Request& request = evaluation.request;
  if (request.is_default() && !evaluation.mean_latency_ms) return nullptr;
  return {{"max_latency_ms", figure_json(request.max_latency_ms)},
          {"cap_quantile", request.cap_quantile},
          {"max_energy_j", figure_json(request.max_energy_j)},
          {"min_confidence", figure_json(request.min_confidence)},
          {"price", figure_json(request.price)},
          {"mean_latency_ms", figure_json(evaluation.mean_latency_ms.value_or(kNotMeasured))}};
}

OrderedJson breakdown_json(const Evaluation& evaluation) {
  const Breakdown& breakdown = evaluation.breakdown;
  std::vector<std::string> names;
  for (const MethodId method : breakdown.methods) names.push_back(method_name(evaluation, method));
  return {{"methods", names},
          {"subject", names.empty() ? OrderedJson() : OrderedJson(names[breakdown.subject])},
          {"deciles", groups_json(evaluation, breakdown.deciles)},
          {"classes", groups_json(evaluation, breakdown.classes)}};
}

OrderedJson reliability_json(const Evaluation& evaluation) {
  OrderedJson out = OrderedJson::array();
  for (const Reliability& r : evaluation.reliability) {
    OrderedJson bins = OrderedJson::array();
    for (const ReliabilityBin& bin : r.bins) {
      bins.push_back({{"inputs", bin.inputs},
                      {"confidence", bin.confidence},
                      {"right", estimate_json(bin.right, bin.interval)}});
    }
    out.push_back({{"method", method_name(evaluation, r.method)},
                   {"inputs", r.inputs},
                   {"confidence", figure_json(r.confidence)},
                   {"right", figure_json(r.right)},
                   {"ece", figure_json(r.ece)},
                   {"bins", std::move(bins)}});
  }
  return out;
}

OrderedJson decisions_json(const Evaluation& evaluation) {
  OrderedJson out = OrderedJson::array();
  for (const Decisions& d : evaluation.decisions) {
    OrderedJson stages = OrderedJson::array();
    for (const StageDecisions& stage : d.stages) stages.push_back(stage_json(stage));
    out.push_back({{"method", method_name(evaluation, d.method)},
                   {"left_out", d.left_out},
                   {"stages", std::move(stages)}});
  }
  return out;
}

}  // namespace triage
