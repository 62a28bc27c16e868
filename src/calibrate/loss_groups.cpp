// Losses by group, and the test that each group has to pass.
#include <algorithm>
#include <cmath>
#include <string>

#include "calibrate/setting_losses.h"
#include "stats/loss_evidence.h"
#include "table/row_order.h"

namespace triage {
namespace {

// What the rows of a table are told apart by.
struct Kinds {
  std::size_t n = 0;
  std::span<const std::string> names;  // (n) or empty
  std::span<const std::int32_t> of;    // (inputs)
};

Kinds classes_of(const Table& table) {
  return {static_cast<std::size_t>(table.n_classes), table.label_names, table.labels};
}

Kinds sources_of(const Table& table) { return {table.sources.size(), table.sources, table.source_of}; }

}  // namespace

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

RowGroups group_rows(const Table& table, Rows rows, CalibrateGroups per, const LossTest& test) {
  RowGroups groups;
  if (per == CalibrateGroups::kNone) return groups;
  const Kinds kinds = per == CalibrateGroups::kClass ? classes_of(table) : sources_of(table);
  std::vector<std::size_t> sizes(kinds.n, 0);
  for (const std::uint32_t row : rows) ++sizes[static_cast<std::size_t>(kinds.of[row])];
  groups.fewest = test.fewest_pairs();
  std::vector<std::uint32_t> place(kinds.n, 0);
  for (std::size_t k = 0; k < kinds.n; ++k) {
    if (sizes[k] == 0) continue;
    place[k] = static_cast<std::uint32_t>(groups.names.size());
    groups.names.push_back(kinds.names.empty() ? std::to_string(k) : kinds.names[k]);
    groups.sizes.push_back(sizes[k]);
  }
  for (const std::uint32_t row : rows) {
    groups.group_of.push_back(place[static_cast<std::size_t>(kinds.of[row])]);
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
