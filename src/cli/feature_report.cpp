#include "cli/feature_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/csv.h"
#include "cli/cli.h"

namespace triage::cli {
namespace {

using Json = nlohmann::json;

std::string percent(double share) { return fmt::format("{:.2f} %", 100 * share); }

std::string milliseconds(double ms) {
  return std::isnan(ms) ? std::string("not known") : fmt::format("{:.4f}", ms);
}

std::string_view rule_name(PairRule rule) { return rule == PairRule::kCheaper ? "cheaper" : "useful"; }

// ---- for people ----

void print_removed(const FeatureSelection& selection, const FeatureSelectionOptions& options) {
  if (!selection.dropped.empty()) fmt::print("\nDropped at once\n");
  for (const auto& dropped : selection.dropped) {
    fmt::print("  {:<26} {}\n", printable(dropped.name), dropped.reason);
  }
  fmt::print("\nRemoved for |r| > {:g} with a feature that stays (of a pair the {} stays)\n",
             options.max_correlation,
             options.pair_rule == PairRule::kCheaper ? "cheaper, at equal cost the more useful"
                                                     : "more useful, at equal use the cheaper");
  if (selection.correlated.empty()) fmt::print("  none\n");
  for (const auto& each : selection.correlated) {
    fmt::print("  {:<26} for {:<26} {:>+6.2f}\n", printable(each.name), printable(each.kept), each.r);
  }
}

void print_trace(const FeatureSelection& selection, const FeatureSelectionOptions& options) {
  fmt::print("\nGreedy elimination by premodel accuracy in {} inner folds, k {}\n", options.folds, options.k);
  fmt::print("  {:>8}  {:<26} {:>10} {:>14}\n", "features", "removed", "accuracy", "extraction, ms");
  for (std::size_t i = 0; i < selection.trace.size(); ++i) {
    const auto& step = selection.trace[i];
    fmt::print("  {:>8}  {:<26} {:>10} {:>14}{}\n", step.features.size(), printable(step.removed),
               percent(step.accuracy), milliseconds(step.extraction_ms),
               i == selection.chosen ? "  chosen" : "");
  }
  fmt::print("  {:>8}  {:<26} {:>10} {:>14}\n", 0, "all", percent(selection.baseline), "0");
}

void print_importance(const FeatureSelection& selection) {
  fmt::print("\nAccuracy lost when one is left out, points\n  {:<26} {:>10} {:>10} {:>14}\n", "feature",
             "of chosen", "share", "of the first");
  const auto& first = selection.trace.front();
  for (const auto& each : selection.importance) {
    const auto left_out = std::find_if(first.left_out.begin(), first.left_out.end(),
                                       [&](const LeftOut& other) { return other.name == each.name; });
    fmt::print("  {:<26} {:>+10.2f} {:>10} {:>+14.2f}\n", printable(each.name), 100 * each.loss,
               percent(each.share), 100 * (first.accuracy - left_out->accuracy));
  }
}

void print_verdict(const FeatureSelection& selection, const FeatureSelectionOptions& options) {
  fmt::print("\nChosen: {}\n", printable(fmt::format("{}", fmt::join(selection.features, ", "))));
  if (options.n_features == 0) {
    fmt::print("the fewest whose accuracy is within {:g} standard error{} ({:.2f} points) of the best\n",
               options.tolerance, options.tolerance == 1 ? "" : "s", 100 * selection.standard_error);
  }
  const double gain = selection.accuracy - selection.baseline;
  const std::string_view meaning = gain <= 0 ? ": these features do not help to choose"
                                   : gain <= 2 * selection.standard_error
                                       ? ": these features hardly help to choose"
                                       : "";
  fmt::print("{} right, {:+.2f} points against the same premodel without any feature{}\n",
             percent(selection.accuracy), 100 * gain, meaning);
}

// ---- for programs ----

Json step_json(const EliminationStep& step) {
  Json left_out = Json::array();
  for (const auto& each : step.left_out) {
    left_out.push_back(
        {{"feature", each.name}, {"accuracy", each.accuracy}, {"extraction_ms", each.extraction_ms}});
  }
  return {{"removed", step.removed.empty() ? Json() : Json(step.removed)},
          {"features", step.features},
          {"accuracy", step.accuracy},
          {"extraction_ms", step.extraction_ms},
          {"left_out", left_out}};
}

std::string number(double value) { return std::isnan(value) ? std::string() : fmt::format("{}", value); }

// What is known of one candidate; empty where it has no meaning.
struct StepLine {
  std::string fate, reason, correlated_with, r, extraction_ms, usefulness, step, accuracy, left_ms,
      loss_first, loss_chosen;
};

void add_elimination(const FeatureSelection& selection, const std::string& name, StepLine& line) {
  line.fate = "chosen";
  for (std::size_t i = 1; i < selection.trace.size(); ++i) {
    const auto& step = selection.trace[i];
    if (step.removed != name) continue;
    if (i <= selection.chosen) line.fate = "eliminated";
    line.step = std::to_string(i);
    line.accuracy = number(step.accuracy);
    line.left_ms = number(step.extraction_ms);
  }
  const auto& first = selection.trace.front();
  for (const auto& each : first.left_out) {
    if (each.name == name) line.loss_first = number(first.accuracy - each.accuracy);
  }
  for (const auto& each : selection.importance) {
    if (each.name == name) line.loss_chosen = number(each.loss);
  }
}

StepLine describe(const FeatureSelection& selection, const FeatureSummary& feature) {
  StepLine line;
  line.extraction_ms = number(feature.extraction_ms);
  line.usefulness = number(feature.usefulness);
  const auto found = std::find_if(selection.correlated.begin(), selection.correlated.end(),
                                  [&](const CorrelatedFeature& each) { return each.name == feature.name; });
  if (found == selection.correlated.end()) {
    add_elimination(selection, feature.name, line);
    return line;
  }
  line.fate = "correlated";
  line.correlated_with = found->kept;
  line.r = number(found->r);
  return line;
}

}  // namespace

FeatureSelection select_features_with_progress(const Table& table, Rows rows,
                                               FeatureSelectionOptions options) {
  std::optional<Progress> progress;
  options.on_progress = [&](std::size_t done, std::size_t total) {
    if (!progress) progress.emplace("searching features (rows x features)", total);
    progress->update(done);
  };
  return select_features(table, rows, options);
}

void print_feature_selection(const FeatureSelection& selection, const FeatureSelectionOptions& options) {
  fmt::print("Features of the premodel, searched on {} inputs; {}{}, models to choose from: {}\n",
             selection.n_rows, to_string(options.criterion),
             selection.labels_from.empty()
                 ? ""
                 : fmt::format(" (labels {})", printable(describe_labels(selection.labels_from))),
             printable(fmt::format("{}", fmt::join(selection.models, ", "))));
  print_removed(selection, options);
  print_trace(selection, options);
  print_importance(selection);
  print_verdict(selection, options);
}

Json feature_selection_json(const FeatureSelection& selection, const FeatureSelectionOptions& options) {
  Json document{{"inputs", selection.n_rows},
                {"criterion", to_string(options.criterion)},
                {"labels_from", selection.labels_from.empty() ? Json() : Json(selection.labels_from)},
                {"models", selection.models},
                {"k", options.k},
                {"inner_folds", options.folds},
                {"seed", options.seed},
                {"max_correlation", options.max_correlation},
                {"keep", rule_name(options.pair_rule)},
                {"features", selection.features},
                {"accuracy", selection.accuracy},
                {"standard_error", selection.standard_error},
                {"extraction_ms", selection.extraction_ms},
                {"accuracy_without_features", selection.baseline},
                {"chosen_step", selection.chosen},
                {"candidates", Json::array()},
                {"dropped", Json::array()},
                {"correlated", Json::array()},
                {"trace", Json::array()},
                {"importance", Json::array()}};
  for (const auto& each : selection.candidates) {
    document["candidates"].push_back(
        {{"feature", each.name}, {"extraction_ms", each.extraction_ms}, {"usefulness", each.usefulness}});
  }
  for (const auto& each : selection.dropped) {
    document["dropped"].push_back({{"feature", each.name}, {"reason", each.reason}});
  }
  for (const auto& each : selection.correlated) {
    document["correlated"].push_back({{"feature", each.name}, {"kept", each.kept}, {"r", each.r}});
  }
  for (const auto& step : selection.trace) document["trace"].push_back(step_json(step));
  for (const auto& each : selection.importance) {
    document["importance"].push_back({{"feature", each.name}, {"loss", each.loss}, {"share", each.share}});
  }
  return document;
}

std::string feature_selection_csv(const FeatureSelection& selection) {
  std::string out =
      "feature,fate,reason,correlated_with,r,extraction_ms,usefulness,removed_at_step,accuracy_after,"
      "extraction_ms_after,loss_of_first,loss_of_chosen\n";
  const auto add = [&](const std::string& name, const StepLine& line) {
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_field(name), line.fate, line.reason,
                       csv_field(line.correlated_with), line.r, line.extraction_ms, line.usefulness,
                       line.step, line.accuracy, line.left_ms, line.loss_first, line.loss_chosen);
  };
  for (const auto& feature : selection.candidates) add(feature.name, describe(selection, feature));
  for (const auto& dropped : selection.dropped) {
    StepLine line;
    line.fate = "dropped";
    line.reason = dropped.reason;
    add(dropped.name, line);
  }
  return out;
}

}  // namespace triage::cli
