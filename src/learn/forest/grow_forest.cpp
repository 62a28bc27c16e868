#include "learn/forest/grow_forest.h"

#include <memory>
#include <utility>

#include "base/hash.h"
#include "base/parallel.h"
#include "base/stop.h"
#include "learn/forest/leaf_table.h"

namespace triage {
namespace {

struct JudgedTree {
  GrownTree tree;
  std::vector<std::uint32_t> rows;  // that are not in its sample
  std::vector<std::uint32_t> ends;  // the leaf nodes to which they come
};

JudgedTree grow_and_judge(const TreeRows& rows, const TreeGrowth& growth, std::uint64_t seed) {
  JudgedTree out;
  const std::vector<std::uint32_t> counts = bootstrap_counts(rows.n(), seed, rows.drawn);
  out.tree = grow_tree(rows, growth, counts, mix64(seed));
  for (std::uint32_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) out.rows.push_back(i);
  }
  out.ends.resize(out.rows.size());
  walk_tree(out.tree.nodes.data(), rows.codes.data(), rows.stride, out.rows, out.ends);
  return out;
}

// Takes trees in order.
class ForestAssembly {
 public:
  ForestAssembly(std::size_t n, std::size_t width) : width_(width), leaves_(forest_.trees) {
    forest_.trees.width = static_cast<std::uint32_t>(width);
    forest_.trees.tree_begin.push_back(0);
    forest_.means.resize(n * width);
    forest_.n_trees.resize(n);
  }

  void add(const JudgedTree& judged) {
    const GrownTree& tree = judged.tree;
    TreeEnsemble& trees = forest_.trees;
    for (std::size_t node = 0; node < tree.nodes.size(); ++node) {
      const bool is_leaf = tree.nodes[node] == leaf_node<WideNode>(static_cast<std::uint32_t>(node));
      trees.leaf.push_back(is_leaf ? leaves_.row_of({&tree.values[tree.leaf[node] * width_], width_}) : 0);
    }
    trees.wide.insert(trees.wide.end(), tree.nodes.begin(), tree.nodes.end());
    trees.tree_begin.push_back(static_cast<std::uint32_t>(trees.wide.size()));
    for (std::size_t i = 0; i < judged.rows.size(); ++i) {
      ++forest_.n_trees[judged.rows[i]];
      const float* values = &tree.values[tree.leaf[judged.ends[i]] * width_];
      float* sums = &forest_.means[judged.rows[i] * width_];
      for (std::size_t j = 0; j < width_; ++j) sums[j] += values[j];
    }
  }

  GrownForest finish() {
    for (std::size_t i = 0; i < forest_.n_trees.size(); ++i) {
      if (forest_.n_trees[i] == 0) continue;
      const float per_tree = 1.0F / static_cast<float>(forest_.n_trees[i]);
      for (std::size_t j = 0; j < width_; ++j) forest_.means[i * width_ + j] *= per_tree;
    }
    return std::move(forest_);
  }

 private:
  std::size_t width_;
  GrownForest forest_;
  LeafTable leaves_;
};

}  // namespace

GrownForest grow_forest(const TreeRows& rows, const TreeGrowth& growth, std::size_t trees, std::uint64_t seed,
                        unsigned threads, const std::stop_token& stop) {
  ForestAssembly assembly(rows.n(), rows.means.size());
  for_each_in_order(trees, threads, [&](std::size_t t) -> std::function<void()> {
    throw_if_stopped(stop, "forest");
    auto judged = std::make_shared<JudgedTree>(grow_and_judge(rows, growth, mix64(seed + t)));
    return [&assembly, judged = std::move(judged)] { assembly.add(*judged); };
  });
  return assembly.finish();
}

}  // namespace triage
