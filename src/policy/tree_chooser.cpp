#include "policy/tree_chooser.h"

#include <cmath>

#include "policy/checks.h"

namespace triage {
namespace {

void check_node(const TreeChooser& tree, std::size_t node, std::size_t d, std::string_view field) {
  const auto inside = [&](std::int32_t child) {
    return child > static_cast<std::int32_t>(node) && static_cast<std::size_t>(child) < tree.feature.size();
  };
  if (tree.feature[node] == -1) return;
  if (tree.feature[node] < 0 || static_cast<std::size_t>(tree.feature[node]) >= d) {
    fail_field(fmt::format("{}.feature", field), tree.feature[node], fmt::format("-1 to {}", d - 1));
  }
  if (!std::isfinite(tree.threshold[node])) {
    fail_field(fmt::format("{}.threshold", field), tree.threshold[node], "finite numbers");
  }
  // A child comes after its parent, so no walk can loop.
  for (const std::int32_t child : {tree.left[node], tree.right[node]}) {
    if (!inside(child)) {
      fail_field(fmt::format("{}.left and right", field), child,
                 fmt::format("nodes behind {}, up to {}", node, tree.feature.size() - 1));
    }
  }
}

}  // namespace

std::size_t choose(const TreeChooser& tree, std::span<const float> features) {
  std::size_t node = 0;
  while (tree.feature[node] >= 0) node = child_of(tree, node, features);
  return tree.label[node];
}

void check_chooser(const TreeChooser& tree, std::size_t d, std::size_t n_classes, std::string_view field) {
  const std::size_t n = tree.feature.size();
  if (n == 0) fail_field(fmt::format("{}.feature", field), "no nodes", "at least one");
  for (const std::size_t size :
       {tree.threshold.size(), tree.left.size(), tree.right.size(), tree.label.size()}) {
    if (size != n) fail_field(field, fmt::format("an array of {} values", size), fmt::format("{} nodes", n));
  }
  for (std::size_t node = 0; node < n; ++node) {
    check_node(tree, node, d, field);
    if (tree.label[node] >= n_classes) {
      fail_field(fmt::format("{}.label", field), tree.label[node],
                 fmt::format("a class from 0 to {}", n_classes - 1));
    }
  }
}

}  // namespace triage
