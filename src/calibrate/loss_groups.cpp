// Losses by group, and the test that each group has to pass.
#include <algorithm>
#include <cmath>
#include <string>

#include "calibrate/setting_losses.h"
#include "stats/loss_evidence.h"
#include "table/row_order.h"

namespace triage {

bool LossTest::passes(const LossCounts& counts) const {
  if (anytime) return log_loss_evidence(counts, max_loss) >= -std::log(delta);
  return is_loss_below(counts, max_loss, delta);
}

double LossTest::p_value(const LossCounts& counts) const {
  return anytime ? anytime_loss_p_value(counts, max_loss) : loss_p_value(counts, max_loss, delta);
}

double LossTest::pairs_needed(const LossCounts& counts) const {
  return anytime ? anytime_pairs_needed(counts, max_loss, delta)
                 : triage::pairs_needed(counts, max_loss, delta);
}

std::size_t LossTest::fewest_pairs() const {
  std::size_t few = 0, enough = 1;
  while (!passes({enough, 0, 0})) {
    few = enough;
    enough *= 2;
  }
  while (enough - few > 1) {
    const std::size_t middle = (few + enough) / 2;
    (passes({middle, 0, 0}) ? enough : few) = middle;
  }
  return enough;
}

RowGroups group_by_class(const Table& table, Rows rows, const LossTest& test) {
  std::vector<std::size_t> sizes(static_cast<std::size_t>(table.n_classes), 0);
  for (const std::uint32_t row : rows) ++sizes[static_cast<std::size_t>(table.labels[row])];
  RowGroups groups;
  groups.fewest = test.fewest_pairs();
  std::vector<std::uint32_t> place(sizes.size(), 0);
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    if (sizes[c] == 0) continue;
    place[c] = static_cast<std::uint32_t>(groups.names.size());
    groups.names.push_back(table.label_names.empty() ? std::to_string(c) : table.label_names[c]);
    groups.sizes.push_back(sizes[c]);
  }
  for (const std::uint32_t row : rows) {
    groups.group_of.push_back(place[static_cast<std::size_t>(table.labels[row])]);
  }
  return groups;
}

GroupedCounts count_losses(std::span<const std::int8_t> losses, const RowGroups& groups,
                           std::span<const std::uint32_t> drawn) {
  GroupedCounts counts;
  counts.groups.resize(groups.names.size());
  for (const std::uint32_t i : drawn) {
    counts.all.add(losses[i]);
    if (!counts.groups.empty()) counts.groups[groups.group_of[i]].add(losses[i]);
  }
  return counts;
}

GroupedCounts count_losses(std::span<const std::int8_t> losses, const RowGroups& groups) {
  return count_losses(losses, groups, first_positions(losses.size()));
}

bool passes_everywhere(const GroupedCounts& counts, std::size_t fewest, const LossTest& test) {
  return test.passes(counts.all) &&
         std::all_of(counts.groups.begin(), counts.groups.end(), [&](const LossCounts& group) {
           return group.n < fewest || group.n == 0 || test.passes(group);
         });
}

}  // namespace triage
