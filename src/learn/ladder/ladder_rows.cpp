#include "learn/ladder/ladder_rows.h"

#include <algorithm>
#include <cmath>

namespace triage {
namespace {

// The mean of what is finite in a column of row-major values; 0 for none.
std::vector<float> usual_values(std::span<const float> values, std::size_t width) {
  std::vector<double> sums(width, 0), counts(width, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    sums[i % width] += static_cast<double>(values[i]);
    counts[i % width] += 1;
  }
  std::vector<float> usual(width, 0.0F);
  for (std::size_t j = 0; j < width; ++j) {
    if (counts[j] > 0) usual[j] = static_cast<float>(sums[j] / counts[j]);
  }
  return usual;
}

void fill_missing(std::span<const float> usual, std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) values[i] = usual[i % usual.size()];
  }
}

bool confidences_differ(const Table& table, Rows rows) {
  double first = kNotMeasured;
  for (const std::uint32_t row : rows) {
    for (const ModelIndex model : all_models(table)) {
      const double here = table.confidence(row, model);
      if (std::isnan(here)) continue;
      if (std::isnan(first)) first = here;
      // Where a model said nothing its answers are all alike; that is known otherwise.
      const bool is_silent = table.signals.empty() && said(table.output(row, model)) == kNoLabel;
      if (here != first && !is_silent) return true;
    }
  }
  return false;
}

}  // namespace

LadderShape ladder_shape(const Table& table, Rows rows) {
  LadderShape shape;
  shape.answers = has_all_outputs(table, rows);
  shape.signals = confidences_differ(table, rows);
  shape.products = true;
  shape.n_answers = std::max(2.0, static_cast<double>(table.n_classes));
  return shape;
}

LadderRows gather_ladder(const Table& table, Rows rows, std::span<const ModelIndex> order,
                         const LadderShape& shape, std::vector<float> features, Criterion criterion,
                         const CostWeights& cost) {
  LadderRows out;
  out.features = std::move(features);
  out.shape = shape;
  out.k = order.size();
  std::vector<float> signals;
  for (const std::uint32_t row : rows) {
    LadderLooks& looks = out.looks.emplace_back();
    looks.n = order.size();
    for (std::size_t i = 0; i < order.size(); ++i) {
      looks.answer[i] = said(table.output(row, order[i]));
      signals.push_back(static_cast<float>(table.confidence(row, order[i])));
      out.scores.push_back(table.score(row, order[i], criterion));
      out.costs.push_back(cost.of(table.cost_ms(row, order[i]), table.cost_j(order[i])));
    }
  }
  out.usual_features = usual_values(out.features, shape.n_features);
  out.usual_signals = usual_values(signals, out.k);
  if (shape.n_features > 0) fill_missing(out.usual_features, out.features);
  fill_missing(out.usual_signals, signals);
  for (std::size_t i = 0; i < signals.size(); ++i) out.looks[i / out.k].signal[i % out.k] = signals[i];
  return out;
}

LadderRows select_ladder(const LadderRows& all, std::span<const std::uint32_t> which) {
  LadderRows out{all.shape, all.k, {}, {}, {}, {}, all.usual_features, all.usual_signals};
  for (const std::uint32_t i : which) {
    const auto features = all.row(i);
    out.features.insert(out.features.end(), features.begin(), features.end());
    out.looks.push_back(all.looks[i]);
    for (std::size_t j = 0; j < all.k; ++j) {
      out.scores.push_back(all.scores[i * all.k + j]);
      out.costs.push_back(all.costs[i * all.k + j]);
    }
  }
  return out;
}

}  // namespace triage
