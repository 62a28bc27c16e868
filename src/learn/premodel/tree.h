// Decision trees: CART (Breiman et al. 1984) with Gini impurity, the splits those of scikit-learn's
// DecisionTreeClassifier where no two are equally good.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "learn/premodel/labelled_rows.h"
#include "policy/tree_chooser.h"

namespace triage {

struct TreeOptions {
  int max_depth = 16;        // of a leaf; the root has 0
  std::size_t min_leaf = 1;  // training rows in a leaf, at least
};

// Splits greedily until a node is pure or no split leaves enough rows on both sides. Of equally good splits:
// the lower feature, then the lower threshold. O(d n log n) to sort, then O(d n) a level. At least one row.
[[nodiscard]] TreeChooser train_tree(const LabelledRows& rows, const TreeOptions& options);

struct TreeSearch {
  TreeOptions options;
  double accuracy = 0;  // of the chosen ones, over the inner folds; NaN when there were too few rows to ask
};
// The options of a small grid with the best accuracy in 3-fold cross-validation within the rows (ties: the
// smaller tree). A tree's upper part is what a lower depth would have grown, so that one tree a fold and
// min_leaf judges all depths. Throws kInterrupted, between two trees.
[[nodiscard]] TreeSearch search_tree_options(const LabelledRows& rows, std::uint64_t seed,
                                             std::stop_token stop = {});

}  // namespace triage
