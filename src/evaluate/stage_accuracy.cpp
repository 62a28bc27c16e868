#include "evaluate/stage_accuracy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/premodel_policy.h"
#include "replay/replay_backend.h"

namespace triage {
namespace {

// Whether "yes" is right on more than half of the rows.
bool is_majority(const StageTruth& truth, Rows rows, std::size_t stage) {
  const auto n =
      std::count_if(rows.begin(), rows.end(), [&](std::uint32_t i) { return truth.yes(i, stage); });
  return 2 * static_cast<std::size_t>(n) > rows.size();
}

// The choice that is right most often (ties: the earlier in `selected`, none last).
ModelIndex most_frequent(const StageTruth& truth, Rows rows) {
  const auto selected = truth.selected();
  std::vector<std::size_t> counts(selected.size() + 1, 0);
  for (const std::uint32_t i : rows) {
    const auto at = std::find(selected.begin(), selected.end(), truth.choice(i));
    ++counts[static_cast<std::size_t>(at - selected.begin())];
  }
  const auto most = static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  return most == selected.size() ? kNoModel : selected[most];
}

// A premodel's answers to raw features, chooser by chooser.
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
  [[nodiscard]] std::size_t answer(std::size_t chooser) const {
    return choose(premodel_->parameters().choosers[chooser], question_);
  }

 private:
  const Premodel* premodel_;
  std::vector<float> raw_, scaled_;
  std::array<Neighbour, kMaxNeighbours> nearest_{};
  Question question_;
  ReplayBackend backend_;
};

void count_chain(const Fold& fold, const Premodel& premodel, const StageTruth& truth, StageReader& reader,
                 std::vector<StageCounts>& counts) {
  const std::size_t n_stages = truth.selected().size();
  counts.resize(std::max(counts.size(), n_stages));
  std::vector<bool> majority;
  for (std::size_t stage = 0; stage < n_stages; ++stage) {
    counts[stage].label = fmt::format("{}-{}", name_of(premodel.parameters().choosers[stage]), stage + 1);
    majority.push_back(is_majority(truth, fold.train, stage));
  }
  for (const std::uint32_t input : fold.test) {
    reader.read(input);
    for (std::size_t stage = 0; stage < n_stages; ++stage) {
      const bool yes = truth.yes(input, stage);
      counts[stage].inputs += 1;
      counts[stage].right += (reader.answer(stage) == 1) == yes ? 1 : 0;
      counts[stage].majority_right += majority[stage] == yes ? 1 : 0;
      counts[stage].positives += yes ? 1 : 0;
    }
  }
}

void count_multiclass(const Fold& fold, const Premodel& premodel, const StageTruth& truth,
                      StageReader& reader, std::vector<StageCounts>& counts) {
  counts.resize(1);
  counts[0].label = name_of(premodel.parameters().choosers.front());
  const ModelIndex majority = most_frequent(truth, fold.train);
  const auto selected = truth.selected();
  for (const std::uint32_t input : fold.test) {
    reader.read(input);
    const std::size_t cls = reader.answer(0);
    const ModelIndex said = cls == selected.size() ? kNoModel : selected[cls];
    const ModelIndex right = truth.choice(input);
    counts[0].inputs += 1;
    counts[0].right += said == right ? 1 : 0;
    counts[0].majority_right += majority == right ? 1 : 0;
    counts[0].positives += right != kNoModel ? 1 : 0;
  }
}

}  // namespace

bool StageTruth::yes(std::size_t input, std::size_t stage) const {
  return label_ == PremodelLabel::kCorrect ? table_->score(input, selected_[stage], criterion_) > 0
                                           : choice(input) == selected_[stage];
}

ModelIndex StageTruth::choice(std::size_t input) const {
  if (label_ == PremodelLabel::kOptimum) return optimum(*table_, input, selected_, costs_, criterion_);
  const auto first = std::find_if(selected_.begin(), selected_.end(), [&](ModelIndex model) {
    return table_->score(input, model, criterion_) > 0;
  });
  return first == selected_.end() ? kNoModel : *first;
}

ModelIndex majority_model(const StageTruth& truth, Rows train, std::string_view kind, ModelIndex fallback) {
  if (kind.find('.') == std::string_view::npos) {
    const ModelIndex most = most_frequent(truth, train);
    return most == kNoModel ? fallback : most;
  }
  for (std::size_t stage = 0; stage < truth.selected().size(); ++stage) {
    if (is_majority(truth, train, stage)) return truth.selected()[stage];
  }
  return fallback;
}

void count_stages(const Table& table, const Fold& fold, const Premodel& premodel, const StageTruth& truth,
                  std::vector<StageCounts>& counts) {
  StageReader reader(table, premodel);
  if (premodel.parameters().form == PremodelForm::kChain) {
    count_chain(fold, premodel, truth, reader, counts);
  } else {
    count_multiclass(fold, premodel, truth, reader, counts);
  }
}

std::vector<StageAccuracy> stage_accuracies(std::span<const StageCounts> counts) {
  std::vector<StageAccuracy> stages;
  for (const StageCounts& c : counts) {
    stages.push_back({c.label, c.right / c.inputs, c.majority_right / c.inputs, c.positives / c.inputs,
                      static_cast<std::size_t>(c.inputs)});
  }
  return stages;
}

}  // namespace triage
