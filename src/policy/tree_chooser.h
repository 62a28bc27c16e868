// A decision tree's answer, on flat arrays: what training in `learn` leaves for the device.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace triage {

// (t) nodes; node 0 is the root, children come after their parent. The classes are 0 .. n_classes-1.
struct TreeChooser {
  std::vector<std::int32_t> feature;  // (t) which the node asks for; -1 for a leaf
  std::vector<float> threshold;       // (t) at most this: on to `left`, otherwise `right`; 0 for a leaf
  std::vector<std::int32_t> left;     // (t) -1 for a leaf
  std::vector<std::int32_t> right;    // (t)
  std::vector<std::uint8_t> label;    // (t) the class with the most training rows here (ties: the lower)
};

// The next node on the way of `features` (d) from an inner node.
[[nodiscard]] inline std::size_t child_of(const TreeChooser& tree, std::size_t node,
                                          std::span<const float> features) {
  const float value = features[static_cast<std::size_t>(tree.feature[node])];
  return static_cast<std::size_t>(value <= tree.threshold[node] ? tree.left[node] : tree.right[node]);
}

// The class of the leaf that `features` come to.
[[nodiscard]] std::size_t choose(const TreeChooser& tree, std::span<const float> features);

// Throws kPolicy, naming `field`, unless every walk over `d` features ends and gives one of the classes.
void check_chooser(const TreeChooser& tree, std::size_t d, std::size_t n_classes, std::string_view field);

}  // namespace triage
