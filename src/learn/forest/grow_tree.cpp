// A node's rows lie together in memory, so that the search reads forward: splitting a node moves its rows.
// The rows of a node are therefore a part of those of its parent when the tree is done.
#include "learn/forest/grow_tree.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/hash.h"
#include "policy/tree_ensemble.h"

namespace triage {
namespace {

// The nodes up to this depth lie together, since all walks pass through them; below, each subtree does. So a
// walk from memory reads few cache lines.
constexpr int kTopLevels = 8;

constexpr std::size_t kCodeStep = 16;  // codes that are compared at once
typedef std::uint8_t CodeLanes __attribute__((vector_size(kCodeStep)));

// Rows of the sample, once each.
class SampleRows {
 public:
  SampleRows(const TreeRows& rows, std::span<const std::uint32_t> counts, bool centred)
      : rows_(rows),
        centred_(centred),
        code_stride_((rows.n_codes + kCodeStep - 1) / kCodeStep * kCodeStep),
        lanes_(rows.shape.lanes()) {
    for (std::uint32_t i = 0; i < counts.size(); ++i) {
      if (counts[i] > 0) index_.push_back(i);
    }
    codes_.resize(index_.size() * code_stride_);
    values_.resize(index_.size() * lanes_);
    for (std::size_t i = 0; i < index_.size(); ++i) fill(i, counts[index_[i]]);
  }

  [[nodiscard]] std::size_t n() const { return index_.size(); }
  [[nodiscard]] std::size_t code_stride() const { return code_stride_; }
  [[nodiscard]] std::uint32_t index(std::size_t i) const { return index_[i]; }
  [[nodiscard]] const std::uint8_t* codes(std::size_t i) const { return codes_.data() + i * code_stride_; }
  [[nodiscard]] double weight(std::size_t i) const { return static_cast<double>(values_[i * lanes_]); }
  [[nodiscard]] NodeRows node(std::size_t begin, std::size_t end) const {
    return {codes(begin), code_stride_, values_.data() + begin * lanes_, end - begin};
  }

  // Rows of [begin, end) that go left come first; returns where the others begin.
  std::size_t part(std::size_t begin, std::size_t end, const TreeSplit& split) {
    const auto goes_left = [&](std::size_t i) { return codes(i)[split.column] <= split.threshold; };
    while (true) {
      while (begin < end && goes_left(begin)) ++begin;
      while (begin < end && !goes_left(end - 1)) --end;
      if (begin == end) return begin;
      exchange(begin++, --end);
    }
  }

 private:
  void fill(std::size_t i, std::uint32_t count) {
    const std::size_t row = index_[i], m = rows_.shape.m;
    std::copy_n(rows_.codes.data() + row * rows_.stride, rows_.n_codes, codes_.data() + i * code_stride_);
    float* values = &values_[i * lanes_];
    const float weight = static_cast<float>(count) * (rows_.weights.empty() ? 1.0F : rows_.weights[row]);
    values[0] = weight;
    for (std::size_t j = 0; j < m; ++j) {
      const float target = rows_.targets[row * m + j];
      if (std::isnan(target)) continue;
      values[1 + j] = weight * (centred_ ? target - rows_.means[j] : target);
      if (rows_.shape.sparse) values[lanes_ / 2 + 1 + j] = weight;
    }
  }

  void exchange(std::size_t a, std::size_t b) {
    std::swap(index_[a], index_[b]);
    std::uint8_t* codes = codes_.data() + a * code_stride_;
    std::swap_ranges(codes, codes + code_stride_, codes_.data() + b * code_stride_);
    float* values = values_.data() + a * lanes_;
    std::swap_ranges(values, values + lanes_, values_.data() + b * lanes_);
  }

  const TreeRows& rows_;
  bool centred_;  // sums of squares lose fewer digits around the mean
  std::size_t code_stride_, lanes_;
  std::vector<std::uint32_t> index_;
  std::vector<std::uint8_t> codes_;  // (n, code_stride), 0 behind the columns
  std::vector<float> values_;        // (n, lanes)
};

class TreeGrower {
 public:
  TreeGrower(const TreeRows& rows, const TreeGrowth& growth, std::span<const std::uint32_t> counts,
             std::uint64_t seed)
      : rows_(rows),
        growth_(growth),
        sample_(rows, counts, growth.rule != SplitRule::kBestSingle),
        search_(make_split_search(growth.rule, rows.shape)),
        random_(seed),
        least_(sample_.code_stride()),
        greatest_(sample_.code_stride()),
        columns_(rows.n_codes) {
    std::iota(columns_.begin(), columns_.end(), 0U);
  }

  GrownTree run() {
    add_node(0, sample_.n(), 0);
    std::vector<std::uint32_t> level{0}, next;
    for (int depth = 0; depth < kTopLevels && !level.empty(); ++depth) {
      for (const std::uint32_t node : level) grow(node, next);
      level.swap(next);
      next.clear();
    }
    for (const std::uint32_t root : level) {
      for (next = {root}; !next.empty();) {
        const std::uint32_t node = next.back();
        next.pop_back();
        grow(node, next);
      }
    }
    add_leaves();
    return std::move(tree_);
  }

 private:
  struct Range {
    std::size_t begin, end;
    std::uint32_t parent;  // of the root: itself
  };

  // Splits the node if there is a reason to, and adds its children to `children`.
  void grow(std::uint32_t node, std::vector<std::uint32_t>& children) {
    const auto [begin, end, parent] = ranges_[node];
    const TreeSplit split = best_split(ranges_[node]);
    if (!split.found) return;
    const std::size_t middle = sample_.part(begin, end, split);
    const auto left = static_cast<std::uint32_t>(ranges_.size());
    tree_.nodes[node] = WideNode::make(node, left, split.threshold, split.column);
    add_node(begin, middle, node);
    add_node(middle, end, node);
    children.push_back(left);
    children.push_back(left + 1);
  }

  void add_node(std::size_t begin, std::size_t end, std::uint32_t parent) {
    tree_.nodes.push_back(leaf_node<WideNode>(static_cast<std::uint32_t>(ranges_.size())));
    ranges_.push_back({begin, end, parent});
  }

  // Whether the rows weigh too little for two leaves.
  [[nodiscard]] bool is_light(const Range& range) const {
    if (growth_.min_weight <= 0) return false;
    double weight = 0;
    for (std::size_t i = range.begin; i < range.end; ++i) weight += sample_.weight(i);
    return weight < 2 * static_cast<double>(growth_.min_weight);
  }

  // Whether all rows have the same targets, of which none is a number where another's is not.
  [[nodiscard]] bool is_pure(const Range& range) const {
    const auto target = [&](std::size_t i) { return &rows_.targets[sample_.index(i) * rows_.shape.m]; };
    const float* first = target(range.begin);
    const auto same = [](float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); };
    for (std::size_t i = range.begin + 1; i < range.end; ++i) {
      if (!std::equal(first, first + rows_.shape.m, target(i), same)) return false;
    }
    return true;
  }

  void find_code_ranges(const Range& range) {
    for (std::size_t c = 0; c < sample_.code_stride(); c += kCodeStep) {
      CodeLanes least, greatest, codes;
      std::memcpy(&least, sample_.codes(range.begin) + c, kCodeStep);
      greatest = least;
      for (std::size_t i = range.begin + 1; i < range.end; ++i) {
        std::memcpy(&codes, sample_.codes(i) + c, kCodeStep);
        least = codes < least ? codes : least;
        greatest = codes > greatest ? codes : greatest;
      }
      std::memcpy(&least_[c], &least, kCodeStep);
      std::memcpy(&greatest_[c], &greatest, kCodeStep);
    }
  }

  TreeSplit best_split(const Range& range) {
    if (range.end - range.begin < 2 || is_light(range) || is_pure(range)) return {};
    find_code_ranges(range);
    // Columns in random order, so many at a time, until one parts the rows.
    for (std::size_t first = 0; first < columns_.size(); first += growth_.tried) {
      candidates_.clear();
      for (std::size_t i = first; i < std::min(first + growth_.tried, columns_.size()); ++i) {
        std::swap(columns_[i], columns_[i + random_.below(columns_.size() - i)]);
        const std::uint32_t column = columns_[i];
        if (least_[column] < greatest_[column]) candidates_.push_back(candidate(column));
      }
      if (candidates_.empty()) continue;
      const TreeSplit split =
          search_->best(sample_.node(range.begin, range.end), candidates_, growth_.min_weight);
      if (split.found) return split;
    }
    return {};
  }

  SplitCandidate candidate(std::uint32_t column) {
    if (growth_.rule != SplitRule::kRandomVariance) return {column, 0};
    const std::uint64_t thresholds = greatest_[column] - least_[column];
    return {column, static_cast<std::uint8_t>(least_[column] + random_.below(thresholds))};
  }

  void add_leaves() {
    tree_.leaf.assign(tree_.nodes.size(), 0);
    std::uint32_t n_leaves = 0;
    for (std::uint32_t node = 0; node < tree_.nodes.size(); ++node) {
      if (tree_.nodes[node] != leaf_node<WideNode>(node)) continue;
      tree_.leaf[node] = n_leaves++;
      add_means(node, rows_.targets, 0);
      if (!rows_.costs.empty()) add_means(node, rows_.costs, rows_.shape.m);
    }
  }

  void add_means(std::uint32_t node, std::span<const float> values, std::size_t first_mean) {
    for (std::size_t j = 0; j < rows_.shape.m; ++j) {
      double mean = mean_in(ranges_[node], values, j);
      for (std::uint32_t above = node; std::isnan(mean) && above != 0;) {
        above = ranges_[above].parent;
        mean = mean_in(ranges_[above], values, j);
      }
      tree_.values.push_back(std::isnan(mean) ? rows_.means[first_mean + j] : static_cast<float>(mean));
    }
  }

  // NaN for none.
  [[nodiscard]] double mean_in(const Range& range, std::span<const float> values, std::size_t model) const {
    double sum = 0, weight = 0;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const double value = static_cast<double>(values[sample_.index(i) * rows_.shape.m + model]);
      if (std::isnan(value)) continue;
      sum += sample_.weight(i) * value;
      weight += sample_.weight(i);
    }
    return sum / weight;
  }

  const TreeRows& rows_;
  TreeGrowth growth_;
  SampleRows sample_;
  std::unique_ptr<SplitSearch> search_;
  Random random_;
  std::vector<std::uint8_t> least_, greatest_;  // (code_stride) of the node's codes
  std::vector<std::uint32_t> columns_;          // all, in the order of the last draws
  std::vector<SplitCandidate> candidates_;
  std::vector<Range> ranges_;  // of each node's rows
  GrownTree tree_;
};

}  // namespace

std::vector<std::uint32_t> bootstrap_counts(std::size_t n, std::uint64_t seed,
                                            std::span<const std::uint32_t> drawn) {
  std::vector<std::uint32_t> counts(n);
  const std::size_t draws = drawn.empty() ? n : drawn.size();
  Random random(seed);
  for (std::size_t i = 0; i < draws; ++i) {
    const std::size_t at = random.below(draws);
    ++counts[drawn.empty() ? at : drawn[at]];
  }
  return counts;
}

GrownTree grow_tree(const TreeRows& rows, const TreeGrowth& growth, std::span<const std::uint32_t> counts,
                    std::uint64_t seed) {
  return TreeGrower(rows, growth, counts, seed).run();
}

}  // namespace triage
