#include "learn/forest/boosting.h"

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <utility>

#include "base/check.h"
#include "policy/tree_ensemble.h"
#include "triage/error.h"

namespace triage {
namespace {

using nlohmann::json;

void expect_success(int result, const char* what) {
  if (result == 0) return;
  throw Error(ErrorCode::kInternal,
              fmt::format("XGBoost: {} failed, expected success: {}", what, XGBGetLastError()));
}

class BoostMatrix {
 public:
  explicit BoostMatrix(const BoostRows& rows) {
    const std::size_t n = rows.targets.size();
    std::vector<float> values(n * rows.n_codes);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t c = 0; c < rows.n_codes; ++c) {
        values[i * rows.n_codes + c] = static_cast<float>(rows.codes[i * rows.stride + c]);
      }
    }
    expect_success(XGDMatrixCreateFromMat_omp(values.data(), n, rows.n_codes, std::nanf(""), &handle_, 1),
                   "taking rows");
  }
  BoostMatrix(const BoostMatrix&) = delete;
  BoostMatrix& operator=(const BoostMatrix&) = delete;
  ~BoostMatrix() { XGDMatrixFree(handle_); }
  void set(const char* field, std::span<const float> values) {
    expect_success(XGDMatrixSetFloatInfo(handle_, field, values.data(), values.size()), field);
  }
  [[nodiscard]] DMatrixHandle handle() const { return handle_; }

 private:
  DMatrixHandle handle_ = nullptr;
};

class Booster {
 public:
  Booster(const BoostMatrix& matrix, const BoostOptions& options) : matrix_(matrix.handle()) {
    expect_success(XGBoosterCreate(&matrix_, 1, &handle_), "making a booster");
    const bool logistic = options.loss == BoostLoss::kLogistic;
    set("verbosity", "0");
    set("nthread", "1");
    set("tree_method", "hist");
    set("objective", logistic ? "binary:logistic" : "reg:squarederror");
    set("base_score", logistic ? "0.5" : "0");  // log-odds of 0
    set("eta", fmt::format("{}", options.rate));
    set("max_depth", fmt::format("{}", options.depth));
  }
  Booster(const Booster&) = delete;
  Booster& operator=(const Booster&) = delete;
  ~Booster() { XGBoosterFree(handle_); }

  void grow(std::size_t trees) {
    for (std::size_t t = 0; t < trees; ++t) {
      expect_success(XGBoosterUpdateOneIter(handle_, static_cast<int>(t), matrix_), "growing a tree");
    }
  }
  [[nodiscard]] json trees() const {
    bst_ulong size = 0;
    const char* text = nullptr;
    expect_success(XGBoosterSaveModelToBuffer(handle_, R"({"format": "json"})", &size, &text),
                   "writing trees");
    return json::parse(text, text + size).at("learner").at("gradient_booster").at("model").at("trees");
  }

 private:
  void set(const char* name, const std::string& value) {
    expect_success(XGBoosterSetParam(handle_, name, value.c_str()), name);
  }

  DMatrixHandle matrix_;
  BoosterHandle handle_ = nullptr;
};

// XGBoost's nodes come in any order, and go left below a condition; ours have their children behind them,
// side by side, and go left up to a code.
BoostedTrees::Tree tree_of(const json& tree) {
  const auto left = tree.at("left_children").get<std::vector<int>>();
  const auto right = tree.at("right_children").get<std::vector<int>>();
  const auto column = tree.at("split_indices").get<std::vector<std::uint32_t>>();
  const auto condition = tree.at("split_conditions").get<std::vector<float>>();  // of a leaf: its value
  std::vector<std::size_t> theirs{0};  // which of their nodes each of ours is
  BoostedTrees::Tree out;
  for (std::size_t node = 0; node < theirs.size(); ++node) {
    const std::size_t from = theirs[node];
    if (left[from] < 0) {
      out.nodes.push_back(leaf_node<WideNode>(static_cast<std::uint32_t>(node)));
      out.value.push_back(condition[from]);
      continue;
    }
    const float threshold = std::ceil(condition[from]) - 1;
    TRIAGE_CHECK(threshold >= 0 && threshold < kLeafThreshold);
    out.nodes.push_back(
        WideNode::make(node, theirs.size(), static_cast<std::uint8_t>(threshold), column[from]));
    out.value.push_back(0);
    theirs.push_back(static_cast<std::size_t>(left[from]));
    theirs.push_back(static_cast<std::size_t>(right[from]));
  }
  return out;
}

}  // namespace

BoostedTrees boost_trees(const BoostRows& rows, const BoostOptions& options) {
  BoostedTrees out;
  BoostRows own = rows;
  if (options.loss == BoostLoss::kSquares) {
    out.base = static_cast<float>(std::accumulate(rows.targets.begin(), rows.targets.end(), 0.0) /
                                  static_cast<double>(rows.targets.size()));
    for (float& target : own.targets) target -= out.base;
  }
  if (rows.n_codes == 0) return out;
  BoostMatrix matrix(own);
  matrix.set("label", own.targets);
  if (!own.weights.empty()) matrix.set("weight", own.weights);
  Booster booster(matrix, options);
  booster.grow(options.trees);
  for (const json& tree : booster.trees()) out.trees.push_back(tree_of(tree));
  return out;
}

std::vector<float> predict_boosted(const BoostedTrees& boosted, std::span<const std::uint8_t> codes,
                                   std::size_t stride) {
  std::vector<std::uint32_t> rows(codes.size() / stride), ends(rows.size());
  std::iota(rows.begin(), rows.end(), 0U);
  std::vector<float> sums(rows.size(), boosted.base);
  for (const BoostedTrees::Tree& tree : boosted.trees) {
    walk_tree(tree.nodes.data(), codes.data(), stride, rows, ends);
    for (std::size_t i = 0; i < rows.size(); ++i) sums[i] += tree.value[ends[i]];
  }
  return sums;
}

}  // namespace triage
