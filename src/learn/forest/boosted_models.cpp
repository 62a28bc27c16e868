#include "learn/forest/boosted_models.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parallel.h"
#include "base/stop.h"
#include "learn/forest/leaf_table.h"

namespace triage {
namespace {

constexpr std::int32_t kNoFold = -1;

class ModelBooster {
 public:
  ModelBooster(const TreeRows& rows, std::size_t m, std::span<const std::int32_t> fold_of,
               const BoostOptions& options)
      : rows_(rows),
        m_(m),
        fold_of_(fold_of),
        options_(options),
        n_folds_(1 + *std::max_element(fold_of.begin(), fold_of.end())) {
    unseen_.resize(fold_of.size() * m);
    whole_.resize(m);
  }

  [[nodiscard]] std::size_t n_trainings() const { return m_ * static_cast<std::size_t>(n_folds_ + 1); }

  // One model, without one fold or on all rows. Writes what no other training writes.
  void train(std::size_t training) {
    const std::size_t model = training % m_;
    const std::int32_t left_out = static_cast<std::int32_t>(training / m_) - 1;
    const BoostedTrees trees = without(model, left_out);
    if (left_out == kNoFold) {
      whole_[model] = trees;
      return;
    }
    std::vector<std::uint8_t> codes;
    std::vector<std::size_t> index;
    for (std::size_t i = 0; i < fold_of_.size(); ++i) {
      if (fold_of_[i] != left_out) continue;
      const auto row = rows_.codes.subspan(i * rows_.stride, rows_.stride);
      codes.insert(codes.end(), row.begin(), row.end());
      index.push_back(i);
    }
    const std::vector<float> predicted = predict_boosted(trees, codes, rows_.stride);
    for (std::size_t i = 0; i < index.size(); ++i) unseen_[index[i] * m_ + model] = sign() * predicted[i];
  }

  GrownForest finish() {
    GrownForest out;
    out.trees.width = static_cast<std::uint32_t>(m_);
    out.trees.tree_begin.push_back(0);
    LeafTable leaves(out.trees);
    std::vector<float> leaf(m_);
    for (std::size_t j = 0; j < m_; ++j) leaf[j] = sign() * whole_[j].base;
    add_tree(
        {{leaf_node<WideNode>(0)}, {0}}, [&](float) { return leaves.row_of(leaf); }, out.trees);
    std::fill(leaf.begin(), leaf.end(), 0.0F);
    for (std::size_t j = 0; j < m_; ++j) {
      const auto row_of = [&](float value) {
        leaf[j] = sign() * value;
        return leaves.row_of(leaf);
      };
      for (const BoostedTrees::Tree& tree : whole_[j].trees) add_tree(tree, row_of, out.trees);
      leaf[j] = 0;
    }
    out.means = std::move(unseen_);
    const float per_tree = 1.0F / static_cast<float>(out.trees.n_trees());
    for (float& mean : out.means) mean *= per_tree;
    out.n_trees.assign(fold_of_.size(), static_cast<std::uint32_t>(out.trees.n_trees()));
    return out;
  }

 private:
  [[nodiscard]] float sign() const { return options_.loss == BoostLoss::kLogistic ? -1.0F : 1.0F; }

  [[nodiscard]] BoostedTrees without(std::size_t model, std::int32_t left_out) const {
    std::vector<std::uint8_t> codes;
    BoostRows own{{}, rows_.stride, rows_.n_codes, {}, {}};
    for (std::size_t i = 0; i < fold_of_.size(); ++i) {
      const float target = rows_.targets[i * m_ + model];
      if (fold_of_[i] == left_out || std::isnan(target)) continue;
      const auto row = rows_.codes.subspan(i * rows_.stride, rows_.stride);
      codes.insert(codes.end(), row.begin(), row.end());
      own.targets.push_back(target);
      if (!rows_.weights.empty()) own.weights.push_back(rows_.weights[i]);
    }
    if (own.targets.empty()) return {};
    own.codes = codes;
    return boost_trees(own, options_);
  }

  template <class RowOf>
  static void add_tree(const BoostedTrees::Tree& tree, const RowOf& row_of, TreeEnsemble& trees) {
    for (std::size_t node = 0; node < tree.nodes.size(); ++node) {
      const bool is_leaf = tree.nodes[node] == leaf_node<WideNode>(static_cast<std::uint32_t>(node));
      trees.leaf.push_back(is_leaf ? row_of(tree.value[node]) : 0);
    }
    trees.wide.insert(trees.wide.end(), tree.nodes.begin(), tree.nodes.end());
    trees.tree_begin.push_back(static_cast<std::uint32_t>(trees.wide.size()));
  }

  const TreeRows& rows_;
  std::size_t m_;
  std::span<const std::int32_t> fold_of_;
  BoostOptions options_;
  std::int32_t n_folds_;
  std::vector<float> unseen_;        // (n, m)
  std::vector<BoostedTrees> whole_;  // (m)
};

}  // namespace

GrownForest boost_models(const TreeRows& rows, std::size_t m, std::span<const std::int32_t> fold_of,
                         const BoostOptions& options, unsigned threads, const std::stop_token& stop) {
  ModelBooster booster(rows, m, fold_of, options);
  for_each_parallel(booster.n_trainings(), threads, [&] {
    return [&](std::size_t training) {
      throw_if_stopped(stop, "boosting");
      booster.train(training);
    };
  });
  return booster.finish();
}

}  // namespace triage
