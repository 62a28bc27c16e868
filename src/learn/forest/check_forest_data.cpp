#include "learn/forest/check_forest_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/number_text.h"
#include "triage/error.h"

namespace triage {
namespace {

template <class Found>
[[noreturn]] void fail(std::string_view what, const Found& found, std::string_view expected,
                       std::string_view next) {
  throw Error(ErrorCode::kUsage,
              fmt::format("{}: {}, expected {}; {}", what, number_text(found), expected, next));
}

// A matrix (n, m) of what runs had: numbers where a model was run, at least one of each model.
void check_runs(std::span<const float> values, std::size_t n, std::size_t m, bool may_be_negative,
                std::string_view what) {
  if (values.size() != n * m)
    fail(what, values.size(), fmt::format("{} rows of {}", n, m), "give one for each model");
  std::vector<std::size_t> known(m);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    ++known[i % m];
    if (std::isinf(values[i]) || (values[i] < 0 && !may_be_negative)) {
      fail(fmt::format("{} of row {}, model {}", what, i / m, i % m), values[i],
           may_be_negative ? "a finite number" : "a finite number from 0 up",
           "correct the cell, or leave it empty where the model was not run");
    }
  }
  for (std::size_t j = 0; j < m; ++j) {
    if (known[j] == 0) {
      fail(fmt::format("{} of model {}", what, j), "none", "at least one", "leave the model out, or run it");
    }
  }
}

}  // namespace

void check_forest_data(const ForestData& data) {
  if (data.m == 0 || data.m > kMaxForestModels) {
    fail("models", data.m, fmt::format("1 to {}", kMaxForestModels), "choose among fewer");
  }
  const std::size_t n = data.losses.size() / data.m;
  if (n == 0) fail("training rows", n, "at least one", "give more inputs");
  if (data.d == 0 || data.features.size() != n * data.d) {
    fail("features", data.features.size(), fmt::format("{} rows of {}, at least one a row", n, data.d),
         "give each input its features");
  }
  check_runs(data.losses, n, data.m, false, "losses");
  if (!data.costs.empty()) check_runs(data.costs, n, data.m, true, "costs");
  if (!data.weights.empty() && data.weights.size() != n) {
    fail("weights", data.weights.size(), fmt::format("{}", n), "give one for each input");
  }
  for (const float weight : data.weights) {
    if (!(weight > 0) || std::isinf(weight))
      fail("weights", weight, "numbers above 0", "leave out inputs of no weight");
  }
}

void check_inner_folds(const ForestData& data) {
  const std::size_t n = data.losses.size() / data.m;
  if (data.fold_of.size() == n && n > 0) {
    const auto [least, greatest] = std::minmax_element(data.fold_of.begin(), data.fold_of.end());
    if (*least == 0 && *greatest > 0) return;
  }
  fail("inner folds", data.fold_of.size(), fmt::format("{}, from 0, at least two", n),
       "give each row the one that judges it");
}

void check_forest_options(const ForestData& data, const ForestOptions& options) {
  if (options.trees == 0) fail("trees", options.trees, "at least 1", "ask for more");
  if (options.full_rows == 0) fail("full_rows", options.full_rows, "at least 1", "ask for more");
  if (options.learner == ForestsLearner::kSeven) return;
  if (data.m > kMostModelsApart) {
    fail("models", data.m, fmt::format("1 to {} for {}", kMostModelsApart, to_string(options.learner)),
         "choose among fewer, or by seven-forests or knn");
  }
  if (options.learner != ForestsLearner::kPairwise) check_inner_folds(data);
}

}  // namespace triage
