// The forests of a table policy: several ensembles, each with another idea of what is lost with each model,
// standardised and averaged. Plain arrays; trained by learn/forest/forest.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "policy/feature_map.h"
#include "policy/leaf_sums.h"
#include "policy/tree_ensemble.h"
#include "triage/types.h"

namespace triage {

inline constexpr std::size_t kMaxForestModels = 255;

// m models, f ensembles. Losses are in the unit of training, 0 the best.
struct Forests {
  std::uint32_t n_models = 0;           // m
  FeatureMap features;                  // of d features
  std::vector<TreeEnsemble> ensembles;  // (f) leaves of m values, lower is better; ensemble `raw` see below
  std::vector<float> deviation;         // (f) of the ensemble's predictions, centred in each row; above 0
  std::uint32_t raw = 0;                // the ensemble that predicts losses: loss = low + range * its value
  bool has_costs = false;               // whether its leaves have m costs behind the m losses
  float loss_low = 0, loss_range = 1;   // finite; the range is not negative
  float slope = 0;                      // what a unit of score is worth in loss; not negative
};

// What is said about n rows; each span has shape (n, m).
struct ForestOutput {
  std::span<float> score;  // mean of the ensembles' standardised predictions; the lowest is chosen
  std::span<float> loss;   // expected: the row's mean by the raw ensemble, plus slope * score
  std::span<float> cost;   // expected; left alone, and may be empty, without costs
};

// Kept from call to call, so that one of as many rows or fewer allocates nothing.
struct ForestBuffers {
  std::vector<std::uint8_t> codes;
  std::vector<float> sums;
  WalkBuffers walk;
};

// `features` has shape (n, d), NaN where missing. From kGroupRows rows on the trees take turns, which is
// faster; a row gets the same numbers whatever else is asked for. Buffers grow with n, to at most some
// thousand rows' size.
void predict_rows(const Forests& forests, std::span<const float> features, ForestBuffers& buffers,
                  const ForestOutput& output);

// Of one row's predictions (m): the model with the least loss + price * cost (ties: the lower index). At
// price 0 the one with the least score, whose losses may be equal where rounded. `cost` may be empty at price
// 0.
[[nodiscard]] ModelIndex choose_model(std::span<const float> score, std::span<const float> loss,
                                      std::span<const float> cost, double price);

// Adds (values - their mean) * scale to `score`: one row's predictions (m) of one ensemble, standardised.
void add_centred(std::span<const float> values, float scale, std::span<float> score);

// Throws kPolicy, naming `field`, unless all parts fit together.
void check_forests(const Forests& forests, std::string_view field);

}  // namespace triage
