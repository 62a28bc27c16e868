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

void print_selection(const Table& table, const TrainedPolicy& trained, double theta_points) {
  fmt::print("\nAlgorithm 1: which models to choose from (theta {} points)\n", theta_points);
  fmt::print("  {:<28} {:>10} {:>14}\n", "model", "coverage", "gain, points");
  for (const auto& step : trained.selection) {
    fmt::print("  {:<28} {:>8.2f} % {:>+14.2f}  {}\n", printable(name_of(table, step.model)),
               100 * step.coverage, 100 * step.gain, step.kept ? "kept" : "dropped");
  }
}

void print_choice(const KindChoice& choice, const CostWeights& cost) {
  if (choice.compared.empty()) {
    fmt::print("\nSo few inputs do not tell which kind of policy pays: the single best model\n");
    return;
  }
  const std::string times = fmt::format("times its {}", to_string(cost));
  fmt::print("\nKinds of policy, by inner cross-validation against the single best model\n");
  fmt::print("  {:<28} {:>10} {:>16} {:>17} {:>8}\n", "kind", "points", "standard error", times, "worth");
  for (const KindEstimate& each : choice.compared) {
    fmt::print("{} {:<28} {:>+10.2f} {:>16.2f} {:>17.4g} {:>+8.2f}\n", each.kind == choice.kind ? '*' : ' ',
               to_string(each.kind), 100 * each.score_gain, 100 * each.score_error, each.cost_ratio,
               100 * each.worth);
  }
}

// The chosen setting with a few around it, or all.
void print_settings(const Policy& policy, bool all) {
  constexpr std::size_t kAround = 3;
  const std::string price = "price " + per_unit(policy.price_unit()), unit = unit_name(policy.price_unit());
  const std::size_t wide = std::max<std::size_t>(12, price.size()),
                    cost = std::max<std::size_t>(10, unit.size());
  const auto settings = policy.price_settings();
  fmt::print("\nSettings, by price; scores and costs are those of inner cross-validation\n");
  fmt::print("  {:>{}} {:>8} {:>{}}  order\n", price, wide, "score %", unit, cost);
  const std::size_t chosen = policy.default_setting().value_or(0);
  const std::size_t first = all || chosen < kAround ? 0 : chosen - kAround;
  const std::size_t end = all ? settings.size() : std::min(settings.size(), chosen + kAround + 1);
  for (std::size_t i = first; i < end; ++i) {
    const PriceSetting& setting = settings[i];
    fmt::print("{} {:>{}.4g} {:>8.2f} {:>{}}  {}\n", policy.default_setting() == i ? '*' : ' ', setting.price,
               wide, 100 * setting.score, format_figure(setting.cost), cost,
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
  fmt::print("\n  {:<28} {:>10} {:>12}{}\n", "model", "mean ms", "p99.9 ms",
             cascade ? "   accepted from" : "");
  for (std::size_t i = 0; i < policy.info().models.size(); ++i) {
    const auto& model = policy.info().models[i];
    fmt::print("  {:<28} {:>10} {:>12}", printable(model.name), format_figure(model.mean_ms),
               format_figure(model.p999_ms));
    if (cascade) {
      const double threshold = order[i].threshold;
      fmt::print("   {}", std::isnan(threshold) ? "always" : fmt::format("confidence {:.4f}", threshold));
    }
    fmt::print("\n");
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
  fmt::print("{}, trained on {} inputs", trained.policy->kind(), rows.size());
  if (table.n_failed > 0) fmt::print(" ({} failed while profiling and are left out)", table.n_failed);
  if (!table.labels_from.empty()) fmt::print(", labels {}", printable(describe_labels(table.labels_from)));
  fmt::print("\n");
  if (!trained.selection.empty()) print_selection(table, trained, theta_points);
  if (trained.choice) print_choice(*trained.choice, cost);
  print_models(*trained.policy);
  if (!table.machine.empty()) fmt::print("  timed on {}\n", printable(table.machine));
  if (trained.policy->has_prices()) print_settings(*trained.policy, all_settings);
  print_training(*trained.policy);
  if (estimate) {
    fmt::print("  {:<20} {:+.2f} points (standard error {:.2f}) at {:.4g} times its {}\n", "against the best",
               100 * estimate->score_gain, 100 * estimate->score_error, estimate->cost_ratio,
               to_string(saved_cost(*trained.policy)));
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
