#include "policy/chooser.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "policy/checks.h"

namespace triage {
namespace {

std::size_t votes_for(const KnnChooser& knn, std::span<const Neighbour> neighbours, std::size_t cls) {
  return static_cast<std::size_t>(std::count_if(
      neighbours.begin(), neighbours.end(), [&](const Neighbour& n) { return knn.labels[n.row] == cls; }));
}

// What each neighbour's vote counts.
using VoteValues = std::array<double, kMaxNeighbours>;

VoteValues vote_values(VoteWeights weights, std::span<const Neighbour> neighbours) {
  VoteValues values{};
  // Nearest first: where the first is an exact hit, only those are heard.
  const bool hit = !neighbours.empty() && neighbours.front().squared_distance == 0;
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    const double squared = neighbours[i].squared_distance;
    if (weights == VoteWeights::kUniform) {
      values[i] = 1;
    } else {
      values[i] = hit ? (squared == 0 ? 1.0 : 0.0) : 1 / std::sqrt(squared);
    }
  }
  return values;
}

double sum_of_votes(const KnnChooser& knn, std::span<const Neighbour> neighbours, const VoteValues& values,
                    std::size_t cls) {
  double sum = 0;
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    if (knn.labels[neighbours[i].row] == cls) sum += values[i];
  }
  return sum;
}

std::string describe_votes(const KnnChooser& knn, std::span<const Neighbour> neighbours, std::size_t cls,
                           std::string_view what) {
  const std::string counted =
      fmt::format("{} of {} neighbours say {}", votes_for(knn, neighbours, cls), neighbours.size(), what);
  if (knn.weights == VoteWeights::kUniform) return counted;
  const VoteValues values = vote_values(knn.weights, neighbours);
  const double all = std::accumulate(values.begin(), values.end(), 0.0);
  return fmt::format("{}, with {:.1f} % of the weight", counted,
                     100 * sum_of_votes(knn, neighbours, values, cls) / all);
}

std::string describe_way(const TreeChooser& tree, std::span<const float> features,
                         std::span<const std::string_view> names) {
  std::string way;
  std::size_t node = 0;
  while (tree.feature[node] >= 0) {
    const std::size_t child = child_of(tree, node, features);
    const bool left = static_cast<std::int32_t>(child) == tree.left[node];
    way += fmt::format("{}{} {} {:.4g}", way.empty() ? "" : ", ",
                       names[static_cast<std::size_t>(tree.feature[node])], left ? "<=" : ">",
                       tree.threshold[node]);
    node = child;
  }
  return way.empty() ? "one leaf" : way;
}

}  // namespace

std::size_t choose(const KnnChooser& knn, std::span<const Neighbour> neighbours) {
  // At most k classes have votes, and k is small: counted by comparing, without a table of all classes.
  const VoteValues values = vote_values(knn.weights, neighbours);
  std::size_t best = 0;
  double most = 0;
  for (const Neighbour& neighbour : neighbours) {
    const std::size_t cls = knn.labels[neighbour.row];
    const double votes = sum_of_votes(knn, neighbours, values, cls);
    if (votes > most || (votes == most && cls < best)) {
      best = cls;
      most = votes;
    }
  }
  return best;
}

std::size_t choose(const Chooser& chooser, const Question& question) {
  if (const auto* knn = std::get_if<KnnChooser>(&chooser)) return choose(*knn, question.neighbours);
  if (const auto* tree = std::get_if<TreeChooser>(&chooser)) return choose(*tree, question.scaled);
  return choose(std::get<SvmChooser>(chooser), question.scaled).label;
}

std::string_view name_of(const Chooser& chooser) {
  constexpr std::array<std::string_view, 3> kNames{"KNN", "DT", "SVM"};
  return kNames[chooser.index()];
}

std::string explain(const Chooser& chooser, const Question& question, std::size_t cls, std::string_view what,
                    std::span<const std::string_view> names) {
  if (const auto* knn = std::get_if<KnnChooser>(&chooser)) {
    return describe_votes(*knn, question.neighbours, cls, what);
  }
  if (const auto* tree = std::get_if<TreeChooser>(&chooser)) {
    return fmt::format("{} (scaled) for {}", describe_way(*tree, question.scaled, names), what);
  }
  const auto& svm = std::get<SvmChooser>(chooser);
  const double value = choose(svm, question.scaled).value;
  return svm.classes.size() > 2 ? fmt::format("{} of {} pairs won by {}", value, svm.classes.size() - 1, what)
                                : fmt::format("decision value {:.4f} for {}", value, what);
}

void check_chooser(const Chooser& chooser, std::size_t n, std::size_t d, std::size_t n_classes,
                   std::string_view field) {
  if (const auto* tree = std::get_if<TreeChooser>(&chooser)) return check_chooser(*tree, d, n_classes, field);
  if (const auto* svm = std::get_if<SvmChooser>(&chooser)) return check_chooser(*svm, d, n_classes, field);
  const auto& labels = std::get<KnnChooser>(chooser).labels;
  const std::string name = fmt::format("{}.labels", field);
  if (labels.empty()) fail_field(name, "no training inputs", "at least k");
  if (labels.size() != n) fail_field(name, labels.size(), fmt::format("{} training inputs", n));
  const auto outside = std::find_if(labels.begin(), labels.end(), [&](auto l) { return l >= n_classes; });
  if (outside != labels.end()) fail_field(name, *outside, fmt::format("a class from 0 to {}", n_classes - 1));
}

}  // namespace triage
