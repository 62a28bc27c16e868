#include "learn/premodel/train_chooser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/stop.h"
#include "learn/premodel/svm.h"
#include "learn/premodel/tree.h"
#include "triage/error.h"

namespace triage {
namespace {

ChooserKind parse_stage(std::string_view name, std::string_view text) {
  if (name == "knn") return ChooserKind::kKnn;
  if (name == "dt") return ChooserKind::kTree;
  if (name == "svm") return ChooserKind::kSvm;
  throw Error(
      ErrorCode::kUsage,
      fmt::format("premodel: '{}' in '{}', expected knn, dt or svm, or several with dots between, such "
                  "as knn.dt.svm; choose one",
                  name, text));
}

std::optional<double> known(double accuracy) {
  return std::isnan(accuracy) ? std::nullopt : std::optional(accuracy);
}

TrainedChooser make_tree(const LabelledRows& rows, const ChooserTraining& training) {
  const TreeSearch found = search_tree_options(rows, training.seed, training.stop);
  TreeChooser tree = train_tree(rows, found.options);
  const TreeFacts facts{found.options.max_depth, found.options.min_leaf, tree.feature.size(),
                        known(found.accuracy)};
  return {std::move(tree), facts};
}

TrainedChooser make_svm(const LabelledRows& rows, const ChooserTraining& training) {
  auto order = shuffled_indices(rows.n(), training.seed);
  const auto first = [&](std::size_t most) {
    return take_rows(rows, std::span(order).first(std::min(most, order.size())));
  };
  const SvmSearch found = search_svm_options(first(kSvmSearchRows).view(), training.seed, training.stop);
  throw_if_stopped(training.stop, "premodel");
  const OwnedRows used = first(training.full ? order.size() : kSvmRows);
  SvmChooser svm = train_svm(used.view(), found.options);
  const SvmFacts facts{found.options.c, found.options.gamma,  svm.vectors.size() / rows.d, used.labels.size(),
                       rows.n(),        known(found.accuracy)};
  return {std::move(svm), facts};
}

}  // namespace

PremodelKind parse_premodel_kind(std::string_view text) {
  PremodelKind kind;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t dot = std::min(text.find('.', begin), text.size());
    kind.stages.push_back(parse_stage(text.substr(begin, dot - begin), text));
    begin = dot + 1;
  }
  if (kind.stages.size() == 1) kind.form = PremodelForm::kMulticlass;
  return kind;
}

TrainedChooser train_chooser(ChooserKind kind, const LabelledRows& rows, const ChooserTraining& training) {
  if (kind == ChooserKind::kTree) return make_tree(rows, training);
  if (kind == ChooserKind::kSvm) return make_svm(rows, training);
  return {KnnChooser{{rows.labels.begin(), rows.labels.end()}, training.weights}, KnnFacts{}};
}

}  // namespace triage
