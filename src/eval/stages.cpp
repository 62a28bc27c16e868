#include "eval/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/premodel.h"

namespace triage {
namespace {

// Whether more than half of `optima` are `model`.
bool is_majority(std::span<const ModelIndex> optima, ModelIndex model) {
  return 2 * static_cast<std::size_t>(std::count(optima.begin(), optima.end(), model)) > optima.size();
}

// A premodel's answers to raw features, stage by stage. A multi-class chooser says yes to one model.
class StageReader {
 public:
  StageReader(const Table& table, const Premodel& premodel)
      : premodel_(&premodel),
        raw_(premodel.info().schema.size()),
        scaled_(raw_.size()),
        backend_(table, premodel.info()) {}
  void read(std::size_t input) {
    backend_.begin(input);
    backend_.extract(all_features(premodel_->info().schema), raw_);
    premodel_->scale(raw_, scaled_);
    question_ = premodel_->ask(scaled_, nearest_);
  }
  [[nodiscard]] bool says_yes(std::size_t stage) const {
    const PremodelModel& model = premodel_->model();
    return model.form == PremodelForm::kChain ? choose(model.choosers[stage], question_) == 1
                                              : choose(model.choosers.front(), question_) == stage;
  }

 private:
  const Premodel* premodel_;
  std::vector<float> raw_, scaled_;
  std::array<Neighbour, kMaxNeighbours> nearest_{};
  Question question_;
  ReplayBackend backend_;
};

}  // namespace

std::vector<ModelIndex> selected_optima(const Table& table, Rows rows, const Fold& fold,
                                        std::span<const ModelIndex> selected, Criterion criterion) {
  std::vector<ModelIndex> optima;
  optima.reserve(rows.size());
  for (const std::uint32_t i : rows) optima.push_back(optimum(table, i, selected, fold.costs, criterion));
  return optima;
}

ModelIndex fallback_model(const Table& table, const Fold& fold, std::span<const ModelIndex> selected,
                          std::string_view fallback) {
  if (fallback == "refuse") return kNoModel;
  if (fallback != "best") return table.find(fallback);
  std::vector<double> scores, costs;
  for (const ModelIndex model : selected) {
    scores.push_back(fold.scores[static_cast<std::size_t>(model)]);
    costs.push_back(fold.costs[static_cast<std::size_t>(model)]);
  }
  return selected[static_cast<std::size_t>(single_best(scores, costs))];
}

ModelIndex majority_model(const Table& table, const Fold& fold, std::span<const ModelIndex> selected,
                          std::string_view fallback, Criterion criterion) {
  const auto optima = selected_optima(table, fold.train, fold, selected, criterion);
  const auto at = std::find_if(selected.begin(), selected.end(),
                               [&](ModelIndex model) { return is_majority(optima, model); });
  return at != selected.end() ? *at : fallback_model(table, fold, selected, fallback);
}

void count_stages(const Table& table, const Fold& fold, const Policy& premodel,
                  std::span<const ModelIndex> selected, std::vector<StageCounts>& counts) {
  const auto* chain = dynamic_cast<const Premodel*>(&premodel);
  if (chain == nullptr || chain->model().n_stages != selected.size()) return;
  const Criterion criterion = premodel.info().criterion;
  const auto trained = selected_optima(table, fold.train, fold, selected, criterion);
  const auto tested = selected_optima(table, fold.test, fold, selected, criterion);
  counts.resize(std::max(counts.size(), selected.size()));
  std::vector<bool> majority;
  for (const ModelIndex model : selected) majority.push_back(is_majority(trained, model));
  StageReader reader(table, *chain);
  for (std::size_t t = 0; t < tested.size(); ++t) {
    reader.read(fold.test[t]);
    for (std::size_t stage = 0; stage < selected.size(); ++stage) {
      const bool truth = tested[t] == selected[stage];
      counts[stage].inputs += 1;
      counts[stage].right += reader.says_yes(stage) == truth ? 1 : 0;
      counts[stage].majority_right += majority[stage] == truth ? 1 : 0;
      counts[stage].positives += truth ? 1 : 0;
    }
  }
}

std::vector<StageAccuracy> stage_accuracies(std::span<const StageCounts> counts) {
  std::vector<StageAccuracy> stages;
  for (const StageCounts& c : counts) {
    stages.push_back({fmt::format("KNN-{}", stages.size() + 1), c.right / c.inputs,
                      c.majority_right / c.inputs, c.positives / c.inputs,
                      static_cast<std::size_t>(c.inputs)});
  }
  return stages;
}

}  // namespace triage
