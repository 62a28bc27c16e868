#include "policy/forests.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "policy/checks.h"

namespace triage {
namespace {

constexpr std::size_t kRowsAtOnce = 8192;

// Shape of a block's buffers: a row's codes, and its sums over the trees of one ensemble.
struct BlockShape {
  std::size_t n, m, codes, sums;
};

BlockShape block_shape(const Forests& forests, std::size_t n) {
  std::size_t width = 0;
  for (const TreeEnsemble& trees : forests.ensembles) width = std::max<std::size_t>(width, trees.width);
  return {n, forests.n_models, std::max<std::size_t>(1, forests.features.n_codes()), leaf_stride(width)};
}

// The rows' level of loss and their costs, from sums over the raw ensemble's trees.
void read_raw(const Forests& forests, const BlockShape& shape, const float* sums, std::size_t stride,
              const ForestOutput& output) {
  const float per_tree = 1.0F / static_cast<float>(forests.ensembles[forests.raw].n_trees());
  for (std::size_t i = 0; i < shape.n; ++i) {
    const float* row = sums + i * stride;
    float level = 0;
    for (std::size_t j = 0; j < shape.m; ++j) level += row[j];
    level *= per_tree / static_cast<float>(shape.m);
    std::fill_n(&output.loss[i * shape.m], shape.m, forests.loss_low + forests.loss_range * level);
    if (!forests.has_costs) continue;
    for (std::size_t j = 0; j < shape.m; ++j) output.cost[i * shape.m + j] = row[shape.m + j] * per_tree;
  }
}

const TreeTopKernel* fastest_kernel() {
  const auto kernels = tree_top_kernels();
  return kernels.empty() ? nullptr : kernels.data();
}

void predict_block(const Forests& forests, const float* features, const BlockShape& shape,
                   ForestBuffers& buffers, const ForestOutput& output) {
  const std::size_t d = forests.features.n_features, m = shape.m;
  for (std::size_t i = 0; i < shape.n; ++i) {
    encode_features(forests.features, {features + i * d, d}, &buffers.codes[grouped_row(i, shape.codes)],
                    kGroupRows);
  }
  std::fill_n(output.score.begin(), shape.n * m, 0.0F);
  for (std::size_t e = 0; e < forests.ensembles.size(); ++e) {
    const TreeEnsemble& trees = forests.ensembles[e];
    const std::size_t stride = leaf_stride(trees.width);
    const std::span sums(buffers.sums.data(), shape.n * stride);
    std::fill(sums.begin(), sums.end(), 0.0F);
    add_leaves(trees, buffers.codes, shape.codes, shape.n, fastest_kernel(), buffers.walk, sums);
    const float scale =
        1.0F / (static_cast<float>(trees.n_trees() * forests.ensembles.size()) * forests.deviation[e]);
    for (std::size_t i = 0; i < shape.n; ++i) {
      add_centred(sums.subspan(i * stride, m), scale, output.score.subspan(i * m, m));
    }
    if (e == forests.raw) read_raw(forests, shape, sums.data(), stride, output);
  }
  for (std::size_t i = 0; i < shape.n * m; ++i) output.loss[i] += forests.slope * output.score[i];
}

void check_numbers(const Forests& forests, std::string_view field) {
  const bool fits = std::isfinite(forests.loss_low) && std::isfinite(forests.loss_range) &&
                    forests.loss_range >= 0 && std::isfinite(forests.slope) && forests.slope >= 0;
  if (!fits) {
    fail_field(field,
               fmt::format("low {}, range {}, slope {}", forests.loss_low, forests.loss_range, forests.slope),
               "finite numbers, range and slope not negative");
  }
  for (const float deviation : forests.deviation) {
    if (!(deviation > 0) || !std::isfinite(deviation)) {
      fail_field(fmt::format("{}.deviation", field), deviation, "numbers above 0");
    }
  }
}

}  // namespace

void add_centred(std::span<const float> values, float scale, std::span<float> score) {
  float sum = 0;
  for (const float value : values) sum += value;
  const float mean = sum / static_cast<float>(values.size());
  for (std::size_t j = 0; j < values.size(); ++j) score[j] += (values[j] - mean) * scale;
}

void predict_rows(const Forests& forests, std::span<const float> features, ForestBuffers& buffers,
                  const ForestOutput& output) {
  const std::size_t d = forests.features.n_features, m = forests.n_models;
  const std::size_t n = output.score.size() / m;
  TRIAGE_CHECK(features.size() == n * d && output.loss.size() == n * m &&
               (!forests.has_costs || output.cost.size() == n * m));
  for (std::size_t first = 0; first < n; first += kRowsAtOnce) {
    const BlockShape shape = block_shape(forests, std::min(kRowsAtOnce, n - first));
    const std::size_t n_codes = grouped_size(shape.n, shape.codes);
    if (buffers.codes.size() < n_codes) buffers.codes.resize(n_codes);
    if (buffers.sums.size() < shape.n * shape.sums) buffers.sums.resize(shape.n * shape.sums);
    const auto part = [&](std::span<float> all) {
      return all.empty() ? all : all.subspan(first * m, shape.n * m);
    };
    predict_block(forests, features.data() + first * d, shape, buffers,
                  {part(output.score), part(output.loss), part(output.cost)});
  }
}

ModelIndex choose_model(std::span<const float> score, std::span<const float> loss,
                        std::span<const float> cost, double price) {
  const auto value = [&](std::size_t j) {
    return price == 0 ? static_cast<double>(score[j])
                      : static_cast<double>(loss[j]) + price * static_cast<double>(cost[j]);
  };
  std::size_t best = 0;
  for (std::size_t j = 1; j < score.size(); ++j) {
    if (value(j) < value(best)) best = j;
  }
  return static_cast<ModelIndex>(best);
}

void check_forests(const Forests& forests, std::string_view field) {
  const std::size_t m = forests.n_models, f = forests.ensembles.size();
  if (m == 0 || m > kMaxForestModels) {
    fail_field(fmt::format("{}.n_models", field), m, fmt::format("1 to {}", kMaxForestModels));
  }
  check_feature_map(forests.features, fmt::format("{}.features", field));
  if (f == 0 || forests.deviation.size() != f || forests.raw >= f) {
    fail_field(field,
               fmt::format("{} ensembles, {} deviations, raw {}", f, forests.deviation.size(), forests.raw),
               "at least one ensemble, as many deviations, and raw among them");
  }
  check_numbers(forests, field);
  for (std::size_t e = 0; e < f; ++e) {
    const std::size_t width = e == forests.raw && forests.has_costs ? 2 * m : m;
    check_ensemble(forests.ensembles[e], forests.features.n_codes(), width,
                   fmt::format("{}.ensembles[{}]", field, e));
  }
}

}  // namespace triage
