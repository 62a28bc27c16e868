#include "cli/train_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "triage/tools/report.h"

namespace triage::cli {
namespace {

constexpr std::string_view kOptimistic =
    "Figures on training inputs are optimistic: 'triage evaluate' judges on inputs that were not trained on.";

const std::string& name_of(const Table& table, ModelIndex model) {
  return table.models[static_cast<std::size_t>(model)].name;
}

ScoreWords words_of(const Policy& policy) {
  return ScoreWords(policy.info().terms, policy.info().criterion, policy.info().training.labels_from);
}

void print_selection(const Table& table, const TrainedPolicy& trained, double theta_points) {
  if (!words_of(*trained.policy).counts_successes()) return;
  fmt::print("\nAlgorithm 1: which models to choose from (theta {} points)\n", theta_points);
  fmt::print("  {:<28} {:>10} {:>14}\n", "model", "coverage", "gain, points");
  for (const auto& step : trained.selection) {
    fmt::print("  {:<28} {:>8.2f} % {:>+14.2f}  {}\n", printable(name_of(table, step.model)),
               100 * step.coverage, 100 * step.gain, step.kept ? "kept" : "dropped");
  }
}

// Gain and standard error; of right answers with as many digits as ever.
std::pair<std::string, std::string> figures_of(const ScoreWords& words, const KindEstimate& estimate) {
  if (words.in_percent()) {
    return {fmt::format("{:+.2f}", 100 * estimate.score_gain),
            fmt::format("{:.2f}", 100 * estimate.score_error)};
  }
  return {words.gain(estimate.score_gain), words.spread(estimate.score_error, 2)};
}

// A selector never silently loses to the single best model: says where forests do not surely gain.
void print_doubt(const KindChoice& choice, const ScoreWords& words) {
  const auto forests =
      std::find_if(choice.compared.begin(), choice.compared.end(),
                   [](const KindEstimate& each) { return each.kind == PolicyKind::kForests; });
  if (forests == choice.compared.end() || std::abs(forests->score_gain) > 2 * forests->score_error) return;
  fmt::print("  The gain of forests, {}, is within twice its standard error{}\n",
             words.gain_phrase({forests->score_gain, {}}),
             choice.kind == PolicyKind::kForests ? "" : fmt::format(": {} instead", to_string(choice.kind)));
}

void print_choice(const KindChoice& choice, const CostWeights& cost, const ScoreWords& words) {
  if (choice.compared.empty()) {
    fmt::print("\nSo few inputs do not tell which kind of policy pays: the single best model\n");
    return;
  }
  const std::string times = fmt::format("times its {}", words.saved(cost));
  const std::string gain = words.is_named() ? printable(words.named_unit()) : "points";
  fmt::print("\nKinds of policy, by inner cross-validation against the single best model\n");
  fmt::print("  {:<28} {:>10} {:>16} {:>17} {:>8}\n", "kind", gain, "standard error", times, "worth");
  for (const KindEstimate& each : choice.compared) {
    const auto& [score_gain, score_error] = figures_of(words, each);
    fmt::print("{} {:<28} {:>10} {:>16} {:>17.4g} {:>+8.2f}\n", each.kind == choice.kind ? '*' : ' ',
               to_string(each.kind), score_gain, score_error, each.cost_ratio, 100 * each.worth);
  }
  print_doubt(choice, words);
}

// The chosen setting with a few around it, or all.
void print_settings(const Policy& policy, bool all) {
  constexpr std::size_t kAround = 3;
  const ScoreWords words = words_of(policy);
  const std::string price = printable("price " + words.per_unit(policy.price_unit())),
                    unit = printable(words.unit_of(policy.price_unit()));
  const std::string score = words.is_named() ? printable(words.head()) : "score %";
  const std::size_t wide = std::max<std::size_t>(12, price.size()),
                    cost = std::max<std::size_t>(10, unit.size());
  const auto settings = policy.price_settings();
  fmt::print("\nSettings, by price; scores and costs are those of inner cross-validation\n");
  const std::size_t score_wide = std::max<std::size_t>(8, score.size());
  fmt::print("  {:>{}} {:>{}} {:>{}}  order\n", price, wide, score, score_wide, unit, cost);
  const std::size_t chosen = policy.default_setting().value_or(0);
  const std::size_t first = all || chosen < kAround ? 0 : chosen - kAround;
  const std::size_t end = all ? settings.size() : std::min(settings.size(), chosen + kAround + 1);
  for (std::size_t i = first; i < end; ++i) {
    const PriceSetting& setting = settings[i];
    fmt::print("{} {:>{}.4g} {:>{}} {:>{}}  {}\n", policy.default_setting() == i ? '*' : ' ', setting.price,
               wide,
               words.in_percent() ? fmt::format("{:.2f}", 100 * setting.score) : words.score(setting.score),
               score_wide, words.cost_figure(setting.cost), cost,
               printable(order_names(policy.info(), policy.look_order({.price = setting.price}))));
  }
  if (end - first < settings.size()) {
    fmt::print("  {} of {} settings; --all-settings shows all\n", end - first, settings.size());
  }
}

bool is_cascade(const Policy& policy) {
  return std::holds_alternative<CascadeFacts>(policy.info().training.details);
}

void print_models(const Policy& policy) {
  const bool cascade = is_cascade(policy);
  const auto order = policy.look_order({});
  const ScoreWords words = words_of(policy);
  const std::string unit = printable(words.cost_unit());
  fmt::print("\n  {:<28} {:>10} {:>12}{}\n", "model", "mean " + unit, "p99.9 " + unit,
             cascade ? "   accepted from" : "");
  for (std::size_t i = 0; i < policy.info().models.size(); ++i) {
    const auto& model = policy.info().models[i];
    fmt::print("  {:<28} {:>10} {:>12}", printable(model.name), words.cost_figure(model.mean_ms),
               words.cost_figure(model.p999_ms));
    if (cascade) {
      const double threshold = order[i].threshold;
      fmt::print("   {}", std::isnan(threshold) ? "always" : fmt::format("confidence {:.4f}", threshold));
    }
    fmt::print("\n");
  }
}

void print_origin_of_costs(const Table& table, const ScoreWords& words) {
  if (table.machine.empty()) return;
  if (table.scores.empty()) {
    fmt::print("  timed on {}\n", printable(table.machine));
  } else {
    fmt::print("  costs {}\n", printable(imported_costs_phrase(table.machine, words)));
  }
}

void print_training(const Policy& policy) {
  fmt::print("\n");
  for (const auto& [key, value] : training_lines(policy)) {
    if (key != "coverage") fmt::print("  {:<20} {}\n", key, printable(value));  // it has a table of its own
  }
}

nlohmann::json choice_json(const KindChoice& choice) {
  nlohmann::json compared = nlohmann::json::array();
  for (const KindEstimate& each : choice.compared) {
    compared.push_back({{"kind", to_string(each.kind)},
                        {"score_gain", each.score_gain},
                        {"score_error", each.score_error},
                        {"cost_ratio", each.cost_ratio},
                        {"worth", each.worth}});
  }
  return {{"kind", to_string(choice.kind)}, {"compared", compared}};
}

nlohmann::json settings_json(const Policy& policy) {
  nlohmann::json settings = nlohmann::json::array();
  for (const PriceSetting& setting : policy.price_settings()) {
    nlohmann::json order = nlohmann::json::array();
    for (const OrderedLook& look : policy.look_order({.price = setting.price})) {
      order.push_back(model_name(policy.info(), look.model));
    }
    settings.push_back({{"price", setting.price},
                        {"order", std::move(order)},
                        {"expected_score", setting.score},
                        {"expected_cost", setting.cost}});
  }
  return settings;
}

nlohmann::json thresholds_json(const Policy& cascade) {
  nlohmann::json thresholds = nlohmann::json::array();
  for (const OrderedLook& look : cascade.look_order({})) {
    if (!std::isnan(look.threshold)) thresholds.push_back(look.threshold);
  }
  return thresholds;
}

}  // namespace

void print_report(const TrainReport& report) {
  const auto& [table, rows, trained, out, size, estimate, pays, theta_points, all_settings, cost] = report;
  const ScoreWords words = words_of(*trained.policy);
  fmt::print("{}, trained on {} inputs", trained.policy->kind(), rows.size());
  if (table.n_failed > 0) fmt::print(" ({} failed while profiling and are left out)", table.n_failed);
  if (!table.labels_from.empty()) fmt::print(", labels {}", printable(describe_labels(table.labels_from)));
  fmt::print("\n");
  if (!trained.selection.empty()) print_selection(table, trained, theta_points);
  if (trained.choice) print_choice(*trained.choice, cost, words);
  print_models(*trained.policy);
  print_origin_of_costs(table, words);
  if (trained.policy->has_prices()) print_settings(*trained.policy, all_settings);
  print_training(*trained.policy);
  if (estimate) {
    fmt::print("  {:<20} {} at {:.4g} times its {}\n", "against the best",
               printable(words.gain_with_error(estimate->score_gain, estimate->score_error)),
               estimate->cost_ratio, words.saved(saved_cost(*trained.policy)));
  }
  fmt::print("\n{} written, {}. {}\n", printable(out), format_bytes(static_cast<double>(size)), kOptimistic);
}

nlohmann::json to_json(const TrainReport& report) {
  const TrainedPolicy& trained = report.trained;
  const auto& info = trained.policy->info();
  nlohmann::json document{{"policy", trained.policy->kind()},
                          {"file", report.out},
                          {"size_bytes", report.size},
                          {"inputs", report.rows.size()},
                          {"failed_inputs", report.table.n_failed},
                          {"criterion", to_string(info.criterion)},
                          {"machine", report.table.machine},
                          {"warnings", trained.warnings},
                          {"models", nlohmann::json::array()},
                          {"features", nlohmann::json::array()},
                          {"selection", nlohmann::json::array()},
                          {"training", nlohmann::json::object()},
                          {"inner_estimate", nullptr},
                          {"pays", report.pays},
                          {"note", kOptimistic}};
  if (report.estimate) {
    document["inner_estimate"] = {{"score_gain", report.estimate->score_gain},
                                  {"score_error", report.estimate->score_error},
                                  {"cost_ratio", report.estimate->cost_ratio}};
  }
  if (trained.choice) document["choice"] = choice_json(*trained.choice);
  for (const auto& model : info.models) {
    document["models"].push_back({{"name", model.name},
                                  {"mean_ms", model.mean_ms},
                                  {"p50_ms", model.p50_ms},
                                  {"p90_ms", model.p90_ms},
                                  {"p99_ms", model.p99_ms},
                                  {"p999_ms", model.p999_ms}});
  }
  for (const auto& feature : info.schema.features) document["features"].push_back(feature.name);
  for (const auto& step : trained.selection) {
    document["selection"].push_back({{"model", name_of(report.table, step.model)},
                                     {"coverage", step.coverage},
                                     {"gain", step.gain},
                                     {"kept", step.kept}});
  }
  for (const auto& [key, value] : training_lines(*trained.policy)) document["training"][key] = value;
  if (is_cascade(*trained.policy)) document["thresholds"] = thresholds_json(*trained.policy);
  if (trained.policy->has_prices()) {
    document["settings"] = settings_json(*trained.policy);
    document["chosen"] = trained.policy->default_setting().value();
  }
  return document;
}

}  // namespace triage::cli
