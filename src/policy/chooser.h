// A premodel's choosers: what says, from scaled features and the nearest training inputs, which class an
// input is of. In a chain the classes are 0 (no) and 1 (yes); a multi-class chooser has one for each model
// and, last, "none is right".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/knn.h"
#include "policy/svm_chooser.h"
#include "policy/tree_chooser.h"
#include "triage/trace.h"
#include "triage/types.h"

namespace triage {

// The class with most votes among the nearest training rows (ties: the lower class). The rows themselves and
// the search over them are the premodel's, shared by all its choosers of this kind.
struct KnnChooser {
  std::vector<std::uint8_t> labels;  // (n) class of each training row
  VoteWeights weights = VoteWeights::kUniform;
};

using Chooser = std::variant<KnnChooser, TreeChooser, SvmChooser>;

// What a chooser may look at.
struct Question {
  std::span<const float> scaled;          // (d)
  std::span<const Neighbour> neighbours;  // (k) nearest first; empty when no chooser needs them
};

[[nodiscard]] std::size_t choose(const KnnChooser& knn, std::span<const Neighbour> neighbours);
// The class of any chooser. Allocates nothing.
[[nodiscard]] std::size_t choose(const Chooser& chooser, const Question& question);

// "KNN", "DT" or "SVM", as the paper calls them.
[[nodiscard]] std::string_view name_of(const Chooser& chooser);
// Why it says `cls` to what it was asked: the votes, the way down the tree, the decision value.
[[nodiscard]] TraceEvent explain(const Chooser& chooser, const Question& question, std::size_t cls,
                                 const ChooserQuestion& asked);

// Throws kPolicy, naming `field`, unless it fits `n` training rows of `d` features and the classes.
void check_chooser(const Chooser& chooser, std::size_t n, std::size_t d, std::size_t n_classes,
                   std::string_view field);

}  // namespace triage
