// The evaluation as one JSON document; figures without a meaning are null. docs/formats.md has the keys.
#include <fmt/format.h>

#include "base/csv.h"
#include "report/json_parts.h"
#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sentences.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

OrderedJson figures(const std::vector<double>& values) {
  OrderedJson out = OrderedJson::array();
  for (const double value : values) out.push_back(figure_json(value));
  return out;
}

OrderedJson to_json(const Metrics& metrics) {
  OrderedJson out = OrderedJson::object();
  for (const MetricField& field : metric_fields()) out[field.key] = figure_json(metrics.*field.member);
  return out;
}

OrderedJson to_json(const Estimate& estimate) { return estimate_json(estimate.value, estimate.interval); }

OrderedJson to_json(const Evaluation& evaluation, const Method& method) {
  OrderedJson folds = OrderedJson::array();
  for (const Metrics& fold : method.folds) folds.push_back(to_json(fold));
  return {{"name", method_name(evaluation, method.id)},
          {"kind", to_string(method.id.kind)},
          {"about", method_about(evaluation, method.id)},
          {"pooled", to_json(method.pooled)},
          {"geometric_mean", to_json(method.geometric)},
          {"arithmetic_mean", to_json(method.arithmetic)},
          {"standard_deviation", to_json(method.deviation)},
          {"score", estimate_json(method.pooled.score, method.score_interval)},
          {"score_gain_over_sbs", to_json(method.score_gain)},
          {"time_ratio_to_sbs", to_json(method.time_ratio)},
          {"score_above_zero_router", to_json(method.above_router)},
          {"chosen", figures(method.chosen)},
          {"folds", std::move(folds)}};
}

OrderedJson to_json(const Frontier& frontier) {
  const Frontier::Intervals& spread = frontier.intervals;
  OrderedJson points = OrderedJson::array();
  for (const FrontierPoint& point : frontier.points) {
    points.push_back({{"ms", figure_json(point.ms)},
                      {"score", figure_json(point.score)},
                      {"price", figure_json(point.price)},
                      {"score_low", figure_json(point.score_interval.low)},
                      {"score_high", figure_json(point.score_interval.high)},
                      {"above_zero_router", to_json(point.above_router)}});
  }
  return {{"name", frontier_name(frontier)},
          {"aiq", estimate_json(frontier.aiq, spread.aiq)},
          {"closed_gap", estimate_json(frontier.closed_gap, spread.closed_gap)},
          {"speed_up_at_equal_score",
           estimate_json(frontier.speed_up_at_equal_score, spread.speed_up_at_equal_score)},
          {"score_gain_at_equal_time",
           estimate_json(frontier.score_gain_at_equal_time, spread.score_gain_at_equal_time)},
          {"time_share_for_95", estimate_json(frontier.time_share_for_95, spread.time_share_for_95)},
          {"points", std::move(points)}};
}

OrderedJson contrasts_json(const Evaluation& evaluation) {
  OrderedJson out = OrderedJson::array();
  for (const Contrast& c : evaluation.contrasts) {
    out.push_back({{"method", method_name(evaluation, c.method)},
                   {"reference", method_name(evaluation, c.reference)},
                   {"score_gain", to_json(c.score_gain)},
                   {"time_ratio", to_json(c.time_ratio)}});
  }
  return out;
}

OrderedJson candidates_json(const Evaluation& evaluation) {
  OrderedJson out = OrderedJson::array();
  for (const Judgement& judged : evaluation.recommendation.candidates) {
    out.push_back(
        {{"method", method_name(evaluation, judged.method)},
         {"no_worse", judged.no_worse},
         {"better", judged.better},
         {"faster", judged.faster},
         {"above_router", judged.above_router},
         {"worth_using", judged.is_worth_using()},
         {"shortcoming", judged.shortcoming ? OrderedJson(to_string(*judged.shortcoming)) : OrderedJson()}});
  }
  return out;
}

OrderedJson auto_kinds_json(const Evaluation& evaluation) {
  OrderedJson out = OrderedJson::object();
  for (const auto& [kind, folds] : evaluation.auto_kinds) out[std::string(to_string(kind))] = folds;
  return out;
}

OrderedJson selection_json(const Evaluation& evaluation) {
  OrderedJson trace = OrderedJson::array();
  for (const SelectionStep& step : evaluation.selection.trace) {
    trace.push_back({{"model", evaluation.models[static_cast<std::size_t>(step.model)]},
                     {"coverage", figure_json(step.coverage)},
                     {"gain", figure_json(step.gain)},
                     {"kept", step.kept}});
  }
  return {{"theta", evaluation.theta},
          {"trace", std::move(trace)},
          {"share_of_folds", figures(evaluation.selected_share)}};
}

OrderedJson stages_json(const Evaluation& evaluation) {
  OrderedJson out = OrderedJson::array();
  for (const StageAccuracy& s : evaluation.stages) {
    out.push_back({{"stage", s.label},
                   {"accuracy", figure_json(s.accuracy)},
                   {"base_rate", figure_json(s.base_rate)},
                   {"positives", figure_json(s.positives)},
                   {"inputs", s.inputs}});
  }
  return out;
}

OrderedJson soundness_json(const Soundness& soundness, const ScoreWords& words) {
  if (soundness.inputs == 0) return nullptr;
  OrderedJson points = OrderedJson::array();
  for (const SoundnessPoint& p : soundness.points) {
    points.push_back({{"distance", p.distance}, {"coverage", p.coverage}, {"score", p.score}});
  }
  return {{"inputs", soundness.inputs},
          {"auc", to_json(soundness.auc)},
          {"verdict", soundness_sentence(soundness, words)},
          {"points", std::move(points)}};
}

}  // namespace

std::string evaluation_json(const Evaluation& evaluation, const ReportInfo& info) {
  OrderedJson methods = OrderedJson::array();
  for (const Method& method : evaluation.methods) methods.push_back(to_json(evaluation, method));
  OrderedJson frontiers = OrderedJson::array();
  for (const Frontier& frontier : evaluation.frontiers) frontiers.push_back(to_json(frontier));
  OrderedJson out = {
      {"format", "triage-evaluation"},
      {"format_version", 2},
      {"triage", info.version},
      {"command", info.command},
      {"date", info.date},
      {"profiles", info.sources},
      {"machine", evaluation.machine},
      {"timing", timing_sentence(evaluation)},
      {"timing_difference", timing_difference_sentences(evaluation)},
      {"energy", evaluation.energy},
      {"criterion", to_string(evaluation.criterion)},
      {"labels_from", evaluation.labels_from.empty() ? OrderedJson() : OrderedJson(evaluation.labels_from)},
      {"folds", evaluation.folds},
      {"sources", evaluation.sources},
      {"seed", evaluation.seed},
      {"bootstrap", evaluation.resamples},
      {"inputs", evaluation.n_inputs},
      {"inputs_left_out", evaluation.n_failed},
      {"perturbed_copies", evaluation.n_copies},
      {"classes", evaluation.n_classes},
      {"models", evaluation.models},
      {"recommended", method_name(evaluation, evaluation.recommendation.method)},
      {"verdict", evaluation_verdict(evaluation)},
      {"make", info.make.empty() ? OrderedJson() : OrderedJson(info.make)},
      {"remarks", evaluation_remarks(evaluation)},
      {"warnings", evaluation_warnings(evaluation)},
      {"candidates", candidates_json(evaluation)},
      {"auto_kinds", auto_kinds_json(evaluation)},
      {"optimum_share", figures(evaluation.optimum_share)},
      {"selection", selection_json(evaluation)},
      {"stages", stages_json(evaluation)},
      {"soundness", soundness_json(evaluation.soundness, words_of(evaluation))},
      {"request", request_json(evaluation)},
      {"methods", std::move(methods)},
      {"contrasts", contrasts_json(evaluation)},
      {"zero_router", to_json(evaluation.zero_router)},
      {"frontiers", std::move(frontiers)},
      {"breakdown", breakdown_json(evaluation)},
      {"reliability", reliability_json(evaluation)},
      {"decisions", decisions_json(evaluation)}};
  if (evaluation.terms != Terms{}) out["terms"] = terms_json(evaluation.terms);
  return out.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string folds_csv(const Table& table, const Evaluation& evaluation) {
  std::string out = "input,fold\n";
  for (std::size_t i = 0; i < evaluation.fold_of.size(); ++i) {
    out += fmt::format("{},{}\n", csv_field(table.ids[i]), evaluation.fold_of[i]);
  }
  return out;
}

}  // namespace triage
