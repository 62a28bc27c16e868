#include "learn/premodel/tree.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stop_token>

#include "base/check.h"
#include "base/stop.h"

namespace triage {
namespace {

constexpr float kSameValue = 1e-7F;  // values closer than this are not split, as in scikit-learn
constexpr std::array<int, 8> kDepths{1, 2, 3, 4, 6, 8, 12, 16};
constexpr std::array<std::size_t, 4> kMinLeaf{200, 50, 10, 1};

struct Split {
  std::size_t feature = 0;
  std::size_t position = 0;  // first row of the right side, in the feature's order
  float threshold = 0;
  double quality = -1;  // larger is purer; below 0: no split
};

// Halfway between two values, rounded down: a value is at most this just when it is at most the exact middle.
float middle(float low, float high) {
  const double exact = static_cast<double>(low) / 2 + static_cast<double>(high) / 2;
  const auto rounded = static_cast<float>(exact);
  return static_cast<double>(rounded) > exact ? std::nextafter(rounded, -std::numeric_limits<float>::max())
                                              : rounded;
}

// Grows one tree. Each feature has its rows in rising order of value; a node is a range of all these orders,
// and splitting it parts each range in two without disturbing the order.
class Grower {
 public:
  Grower(const LabelledRows& rows, const TreeOptions& options)
      : rows_(rows),
        options_(options),
        columns_(rows.d * rows.n()),
        orders_(rows.d * rows.n()),
        goes_left_(rows.n()),
        scratch_(rows.n()) {
    for (std::size_t f = 0; f < rows.d; ++f) sort_feature(f);
  }

  TreeChooser run() {
    // Depth first, left before right: parents come before their children.
    pending_.push_back({0, rows_.n(), 0, -1, false});
    while (!pending_.empty()) {
      const Node node = pending_.back();
      pending_.pop_back();
      grow(node);
    }
    return std::move(tree_);
  }

 private:
  struct Node {
    std::size_t begin, end;
    int depth;
    std::int32_t parent;
    bool is_right;
  };

  [[nodiscard]] const float* column(std::size_t f) const { return &columns_[f * rows_.n()]; }
  [[nodiscard]] std::uint32_t* order(std::size_t f) { return &orders_[f * rows_.n()]; }

  void sort_feature(std::size_t f) {
    float* values = &columns_[f * rows_.n()];
    std::vector<std::pair<float, std::uint32_t>> sorted(rows_.n());
    for (std::uint32_t i = 0; i < sorted.size(); ++i) {
      values[i] = rows_.values[i * rows_.d + f];
      sorted[i] = {values[i], i};
    }
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i) order(f)[i] = sorted[i].second;
  }

  void grow(const Node& node) {
    const auto id = static_cast<std::int32_t>(tree_.feature.size());
    if (node.parent >= 0) {
      (node.is_right ? tree_.right : tree_.left)[static_cast<std::size_t>(node.parent)] = id;
    }
    std::vector<std::int64_t> counts(rows_.n_classes, 0);
    for (std::size_t i = node.begin; i < node.end; ++i) ++counts[rows_.labels[order(0)[i]]];
    add_leaf(counts);
    const auto n = static_cast<std::int64_t>(node.end - node.begin);
    const bool pure = *std::max_element(counts.begin(), counts.end()) == n;
    if (pure || node.depth >= options_.max_depth || node.end - node.begin < 2 * options_.min_leaf) return;
    const Split split = best_split(node, counts);
    if (split.quality < 0) return;
    tree_.feature.back() = static_cast<std::int32_t>(split.feature);
    tree_.threshold.back() = split.threshold;
    part(node, split);
    pending_.push_back({split.position, node.end, node.depth + 1, id, true});
    pending_.push_back({node.begin, split.position, node.depth + 1, id, false});
  }

  void add_leaf(std::span<const std::int64_t> counts) {
    tree_.feature.push_back(-1);
    tree_.threshold.push_back(0);
    tree_.left.push_back(-1);
    tree_.right.push_back(-1);
    const auto most = std::max_element(counts.begin(), counts.end()) - counts.begin();
    tree_.label.push_back(static_cast<std::uint8_t>(most));
  }

  Split best_split(const Node& node, std::span<const std::int64_t> counts) {
    Split best;
    for (std::size_t f = 0; f < rows_.d; ++f) try_feature(node, counts, f, best);
    return best;
  }

  // The weighted Gini impurity of two sides is least where the sum over the sides of (squares of the class
  // counts) / rows is largest; a row that changes sides changes the squares by a little, known without a
  // loop.
  void try_feature(const Node& node, std::span<const std::int64_t> counts, std::size_t f, Split& best) {
    const float* values = column(f);
    const std::uint32_t* rows = order(f);
    left_.assign(rows_.n_classes, 0);
    right_.assign(counts.begin(), counts.end());
    std::int64_t left_squares = 0, right_squares = 0;
    for (const std::int64_t count : counts) right_squares += count * count;
    for (std::size_t i = node.begin; i + 1 < node.end; ++i) {
      const std::size_t label = rows_.labels[rows[i]];
      left_squares += 2 * left_[label]++ + 1;
      right_squares -= 2 * right_[label]-- - 1;
      const float here = values[rows[i]], next = values[rows[i + 1]];
      if (next <= here + kSameValue) continue;
      const std::size_t n_left = i + 1 - node.begin, n_right = node.end - i - 1;
      if (n_left < options_.min_leaf || n_right < options_.min_leaf) continue;
      const double quality = static_cast<double>(left_squares) / static_cast<double>(n_left) +
                             static_cast<double>(right_squares) / static_cast<double>(n_right);
      if (quality > best.quality) best = {f, i + 1, middle(here, next), quality};
    }
  }

  void part(const Node& node, const Split& split) {
    const std::uint32_t* by = order(split.feature);
    for (std::size_t i = node.begin; i < node.end; ++i) goes_left_[by[i]] = i < split.position ? 1 : 0;
    for (std::size_t f = 0; f < rows_.d; ++f) {
      if (f == split.feature) continue;
      std::uint32_t* rows = order(f);
      std::size_t left = node.begin, right = 0;
      for (std::size_t i = node.begin; i < node.end; ++i) {
        const std::uint32_t row = rows[i];
        // Both are written, one is kept: a branch would be mispredicted half of the time.
        rows[left] = row;
        scratch_[right] = row;
        left += goes_left_[row];
        right += 1U - goes_left_[row];
      }
      std::copy_n(scratch_.begin(), right, rows + left);
    }
  }

  LabelledRows rows_;
  TreeOptions options_;
  std::vector<float> columns_;         // (d, n)
  std::vector<std::uint32_t> orders_;  // (d, n)
  std::vector<std::uint8_t> goes_left_;
  std::vector<std::uint32_t> scratch_;
  std::vector<std::int64_t> left_, right_;
  std::vector<Node> pending_;
  TreeChooser tree_;
};

// Adds 1 to right[i] where the tree, cut at kDepths[i], is right on the row.
void judge_depths(const TreeChooser& tree, std::span<const float> features, std::size_t label,
                  std::span<std::size_t> right) {
  std::size_t node = 0;
  int depth = 0;
  for (std::size_t i = 0; i < kDepths.size(); ++i) {
    for (; depth < kDepths[i] && tree.feature[node] >= 0; ++depth) node = child_of(tree, node, features);
    right[i] += tree.label[node] == label ? 1 : 0;
  }
}

}  // namespace

TreeChooser train_tree(const LabelledRows& rows, const TreeOptions& options) {
  TRIAGE_CHECK(rows.n() > 0 && rows.values.size() == rows.n() * rows.d && options.min_leaf > 0);
  return Grower(rows, options).run();
}

TreeSearch search_tree_options(const LabelledRows& rows, std::uint64_t seed, std::stop_token stop) {
  if (!has_inner_folds(rows)) return {{}, std::numeric_limits<double>::quiet_NaN()};
  std::array<std::array<std::size_t, kDepths.size()>, kMinLeaf.size()> right{};
  const auto order = shuffled_indices(rows.n(), seed);
  for (const auto& [train, test] : inner_folds(order, rows.groups)) {
    const OwnedRows fitted = take_rows(rows, train);
    for (std::size_t m = 0; m < kMinLeaf.size(); ++m) {
      throw_if_stopped(stop, "premodel");
      const TreeChooser tree = train_tree(fitted.view(), {kDepths.back(), kMinLeaf[m]});
      for (const std::uint32_t i : test) judge_depths(tree, rows.row(i), rows.labels[i], right[m]);
    }
  }
  TreeSearch best{{}, -1};
  for (std::size_t d = 0; d < kDepths.size(); ++d) {
    for (std::size_t m = 0; m < kMinLeaf.size(); ++m) {
      const double accuracy = static_cast<double>(right[m][d]) / static_cast<double>(rows.n());
      if (accuracy > best.accuracy) best = {{kDepths[d], kMinLeaf[m]}, accuracy};
    }
  }
  return best;
}

}  // namespace triage
