// Decisions on rows of numbers, without images: which model to run and, after looks, whether to run another.
#pragma once

#include <limits>
#include <span>
#include <string_view>

#include "triage/policy.h"

namespace triage {

// What a policy wants next. Positions of models are those of PolicyInfo::models.
struct Choice {
  bool stops = false;           // no further model runs: `model` has the answer
  ModelIndex model = kNoModel;  // to run, or whose answer is taken; kNoModel: refused, or combined
  // At what cost a run is stopped, in Terms::cost_unit (Action::most_ms).
  double most_cost = std::numeric_limits<double>::infinity();
  TopK answer;  // when it stops; empty where models give scores alone
  // Of running that model alone, where the policy expects something: a share, and a cost; else NaN.
  double expected_score = kNotMeasured;
  double expected_cost = kNotMeasured;
  ModelIndex second = kNoModel;  // the next best; kNoModel: not known
};

// What the policy sees of a text: numbers that stand behind all other features of its schema. Takes about
// 0.1 ms a kilobyte.
struct TextNumbers {
  std::string_view column;  // what the text was called in training; empty: the policy sees none
  std::size_t count = 0;    // of the numbers
};
[[nodiscard]] TextNumbers text_numbers(const PolicyInfo& policy);
// Writes them, shape (count); NaN for an empty text. Bytes that are no UTF-8 count as unknown characters.
// Throws kUsage for another shape. Safe concurrently.
void text_features(const Policy& policy, std::string_view text, std::span<float> numbers);

// `features` (d) are those of the policy's schema, in its order, NaN where missing; `looks` what ran so far,
// in order. Throws kUsage for another number of features. Safe concurrently.
[[nodiscard]] Choice choose(const Policy& policy, std::span<const float> features,
                            std::span<const Look> looks = {}, const Request& request = {},
                            Trace* trace = nullptr);
// The first model of each of n rows, `features` (n, d), `models` (n); much faster than one by one for
// forests.
void choose_rows(const Policy& policy, std::span<const float> features, std::span<ModelIndex> models,
                 const Request& request = {});
// What choose() says of each of them before anything ran.
void choose_rows(const Policy& policy, std::span<const float> features, std::span<Choice> choices,
                 const Request& request = {});

}  // namespace triage
