#include "learn/premodel/labelled_rows.h"

#include <set>

#include "base/hash.h"
#include "table/row_order.h"

namespace triage {

OwnedRows take_rows(const LabelledRows& rows, std::span<const std::uint32_t> chosen) {
  OwnedRows taken{{}, {}, rows.d, rows.n_classes, {}};
  taken.values.reserve(chosen.size() * rows.d);
  taken.labels.reserve(chosen.size());
  for (const std::uint32_t i : chosen) {
    const auto row = rows.row(i);
    taken.values.insert(taken.values.end(), row.begin(), row.end());
    taken.labels.push_back(rows.labels[i]);
    if (!rows.groups.empty()) taken.groups.push_back(rows.groups[i]);
  }
  return taken;
}

std::vector<std::uint32_t> shuffled_indices(std::size_t n, std::uint64_t seed) {
  auto indices = first_positions(n);
  Random random(seed);
  shuffle(std::span(indices), random);
  return indices;
}

std::vector<InnerFold> inner_folds(std::span<const std::uint32_t> order,
                                   std::span<const std::uint32_t> groups, std::size_t n_folds) {
  const auto alone = groups.empty() ? first_positions(order.size()) : std::vector<std::uint32_t>{};
  const auto part = deal_groups(order, groups.empty() ? alone : groups, n_folds);
  std::vector<InnerFold> folds(n_folds);
  for (const std::uint32_t position : order) {
    for (std::size_t fold = 0; fold < n_folds; ++fold) {
      const bool tests = static_cast<std::size_t>(part[position]) == fold;
      (tests ? folds[fold].test : folds[fold].train).push_back(position);
    }
  }
  return folds;
}

bool has_inner_folds(const LabelledRows& rows) {
  if (rows.groups.empty()) return rows.n() >= kInnerFolds;
  return std::set<std::uint32_t>(rows.groups.begin(), rows.groups.end()).size() >= kInnerFolds;
}

}  // namespace triage
