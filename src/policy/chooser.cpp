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

// The weight of each neighbour's vote.
using VoteValues = std::array<double, kMaxNeighbours>;

VoteValues vote_values(VoteWeights weights, std::span<const Neighbour> neighbours) {
  VoteValues values{};
  // Nearest first. Where the first has distance 0, only such neighbours vote: 1 / 0 would be infinite.
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

NeighboursVote explain(const KnnChooser& knn, const Question& question, std::size_t cls,
                       const ChooserQuestion& asked) {
  const auto neighbours = question.neighbours;
  NeighboursVote event{asked, votes_for(knn, neighbours, cls), neighbours.size(), std::nullopt};
  if (knn.weights == VoteWeights::kUniform) return event;
  const VoteValues values = vote_values(knn.weights, neighbours);
  event.weight_share =
      sum_of_votes(knn, neighbours, values, cls) / std::accumulate(values.begin(), values.end(), 0.0);
  return event;
}

TreeAnswer explain(const TreeChooser& tree, const Question& question, std::size_t /*cls*/,
                   const ChooserQuestion& asked) {
  TreeAnswer event{asked, {}};
  std::size_t node = 0;
  while (tree.feature[node] >= 0) {
    const std::size_t child = child_of(tree, node, question.scaled);
    event.way.push_back({static_cast<std::size_t>(tree.feature[node]),
                         static_cast<std::int32_t>(child) == tree.left[node],
                         static_cast<double>(tree.threshold[node])});
    node = child;
  }
  return event;
}

SvmAnswered explain(const SvmChooser& svm, const Question& question, std::size_t /*cls*/,
                    const ChooserQuestion& asked) {
  const std::size_t n_classes = svm.classes.size();
  return {asked, choose(svm, question.scaled).value, n_classes > 2 ? n_classes - 1 : 0};
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

TraceEvent explain(const Chooser& chooser, const Question& question, std::size_t cls,
                   const ChooserQuestion& asked) {
  return std::visit([&](const auto& each) -> TraceEvent { return explain(each, question, cls, asked); },
                    chooser);
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
