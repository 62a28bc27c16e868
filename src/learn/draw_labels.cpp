// Labels for inputs that have none, from what the models say of them.
#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "learn/adaptive/order_search.h"
#include "table/row_order.h"
#include "triage/error.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

constexpr std::size_t kLeastLabelled = 20;

void check_rows(const Table& table, Rows labelled, Rows unlabelled) {
  if (labelled.size() < kLeastLabelled) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("inputs without labels: {} with labels beside them, expected {} or more, which say "
                    "how right the models are",
                    labelled.size(), kLeastLabelled));
  }
  if (std::any_of(labelled.begin(), labelled.end(),
                  [&](std::uint32_t row) { return table.labels[row] == kNoLabel; })) {
    throw Error(ErrorCode::kUsage,
                "inputs without labels: there are such among those said to have one, "
                "expected a label for each");
  }
  if (!has_all_outputs(table, labelled) || !has_all_outputs(table, unlabelled)) {
    throw Error(ErrorCode::kUsage,
                "inputs without labels: models lack outputs, expected those of every model on every input; "
                "profile the inputs with all models");
  }
}

// Of the posterior; where the draw falls on what it leaves to the classes that it does not list, any of them.
Label draw(const Posterior& posterior, std::int32_t n_classes, Random random) {
  const auto entries = std::span(posterior.entries).first(posterior.n);
  double left = random.uniform();
  for (const ClassProbability& entry : entries) {
    left -= static_cast<double>(entry.probability);
    if (left < 0) return entry.cls;
  }
  const auto is_listed = [&](Label label) {
    return std::any_of(entries.begin(), entries.end(), [&](const auto& e) { return e.cls == label; });
  };
  if (entries.size() >= static_cast<std::size_t>(n_classes)) return entries.back().cls;
  while (true) {
    const auto label = static_cast<Label>(random.below(static_cast<std::uint64_t>(n_classes)));
    if (!is_listed(label)) return label;
  }
}

}  // namespace

void draw_labels(Table& table, Rows labelled, Rows unlabelled, const LearnOptions& learn) {
  check_rows(table, labelled, unlabelled);
  const auto strong = strong_models(table, labelled, learn.criterion);
  const auto weights = fit_weights(pool_rows(table, labelled, strong), first_positions(labelled.size()));
  const PooledRows pooled = pool_rows(table, unlabelled, strong);
  table.has_drawn_label.resize(table.n_inputs());
  for (std::size_t i = 0; i < unlabelled.size(); ++i) {
    const std::uint32_t row = unlabelled[i];
    set_label(
        table, row,
        draw(pooled.posterior(i, weights), table.n_classes, Random(hash64(learn.seed, table.ids[row]))));
    table.has_drawn_label[row] = 1;
  }
}

}  // namespace triage
