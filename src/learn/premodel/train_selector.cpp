#include "learn/premodel/train_selector.h"

#include <fmt/format.h>

#include <algorithm>

#include "learn/premodel/fallback.h"
#include "learn/training_info.h"
#include "policy/selector_policy.h"
#include "triage/error.h"

namespace triage {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::kUsage, message); }

std::string known_selectors(const Table& table) {
  std::string names;
  for (const TableSelector& selector : table.selectors) {
    if (selector.fold_of.empty()) names += (names.empty() ? "" : ", ") + selector.name;
  }
  return names.empty() ? std::string("none; profile a zoo that has one") : names;
}

void check_options(const PremodelOptions& options) {
  if (options.label == PremodelLabel::kCorrect) {
    refuse("label: correct, expected optimum for the premodel 'cnn', which was trained on that");
  }
  if (options.weights != VoteWeights::kUniform) {
    refuse("weights: distance, expected uniform for the premodel 'cnn', in which no neighbours vote");
  }
  if (options.max_distance_quantile) {
    refuse(
        "max_distance_quantile: given for the premodel 'cnn', expected one that keeps features of its "
        "training inputs");
  }
}

// Positions in the table of the models that the selector's outputs name, each once.
std::vector<ModelIndex> chosen_models(const Table& table, const TableSelector& selector) {
  std::vector<ModelIndex> models;
  for (const std::string& name : selector.chooses) {
    const ModelIndex model = name.empty() ? kNoModel : table.find(name);
    if (model != kNoModel && std::find(models.begin(), models.end(), model) == models.end()) {
      models.push_back(model);
    }
  }
  if (models.empty()) {
    refuse(fmt::format("selector '{}': chooses no model, expected one or more", selector.name));
  }
  return models;
}

}  // namespace

ModelIndex find_selector(const Table& table, const std::string& wanted) {
  if (!wanted.empty()) {
    const ModelIndex found = table.find_selector(wanted);
    if (found != kNoModel) return found;
    refuse(fmt::format("selector: '{}' is not in the profile, expected one of: {}", wanted,
                       known_selectors(table)));
  }
  ModelIndex only = kNoModel;
  for (std::size_t i = 0; i < table.selectors.size(); ++i) {
    if (!table.selectors[i].fold_of.empty()) continue;
    if (only != kNoModel) {
      refuse(fmt::format("selector: not given, expected one of: {}; name one as `selector`",
                         known_selectors(table)));
    }
    only = static_cast<ModelIndex>(i);
  }
  if (only == kNoModel) {
    refuse("premodel 'cnn': no selector in the profile, expected one; profile a zoo that has one");
  }
  return only;
}

ModelIndex find_selector(const Table& table, const std::string& wanted, Rows train) {
  const std::string& base = table.selectors[static_cast<std::size_t>(find_selector(table, wanted))].name;
  const std::string hash = inputs_hash(table, train);
  for (std::size_t i = 0; i < table.selectors.size(); ++i) {
    const TableSelector& each = table.selectors[i];
    if (each.fold_of == base && each.fold_inputs == hash) return static_cast<ModelIndex>(i);
  }
  refuse(
      fmt::format("selector '{}': none in the profile saw just the {} training inputs of a fold (hash {}), "
                  "expected one for each fold; train them with tools/train_selectors.py on the folds of "
                  "these inputs, or leave the premodel cnn out",
                  base, train.size(), hash));
}

TrainedPremodel train_network_premodel(const Table& table, Rows rows, const LearnOptions& learn,
                                       const PremodelOptions& options) {
  check_options(options);
  const ModelIndex index = find_selector(table, options.selector);
  const TableSelector& selector = table.selectors[static_cast<std::size_t>(index)];
  auto models = chosen_models(table, selector);
  const auto costs = model_costs(table, rows, learn.cost);
  const std::size_t n_chosen = models.size();

  SelectorParameters model;
  for (const std::string& name : selector.chooses) {
    const auto at = std::find(models.begin(), models.end(), name.empty() ? kNoModel : table.find(name));
    model.chooses.push_back(at == models.end() ? kNoModel : static_cast<ModelIndex>(at - models.begin()));
  }
  const auto chosen =
      std::vector<ModelIndex>(models.begin(), models.begin() + static_cast<std::ptrdiff_t>(n_chosen));
  model.fallback = add_fallback(
      models,
      find_fallback(table, chosen, mean_scores(table, rows, learn.criterion), costs, options.fallback));
  model.selector = static_cast<ModelIndex>(models.size());
  PolicyInfo info = make_policy_info(table, rows, learn.criterion, models);
  info.models.push_back(describe_selector(table, rows, index));
  info.training.input_hashes = all_input_hashes(table, rows);
  info.training.details = SelectorFacts{selector.name};

  TrainedPremodel trained;
  trained.selection =
      select_models(table, rows, learn.criterion, options.theta, options.max_models, learn.cost);
  trained.policy = make_selector(std::move(info), std::move(model));
  return trained;
}

}  // namespace triage
