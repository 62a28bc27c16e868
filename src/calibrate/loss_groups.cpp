// Losses by group, and the test that each group has to pass.
#include <algorithm>
#include <cmath>
#include <string>

#include "calibrate/setting_losses.h"

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

bool LossTest::passes(const PairedLosses& losses) const {
  if (anytime) return log_loss_evidence(losses, max_loss) >= -std::log(delta);
  return is_loss_below(losses, max_loss, delta);
}

double LossTest::p_value(const PairedLosses& losses) const {
  return anytime ? anytime_loss_p_value(losses, max_loss) : loss_p_value(losses, max_loss, delta);
}

double LossTest::pairs_needed(const PairedLosses& losses) const {
  return anytime ? anytime_pairs_needed(losses, max_loss, delta)
                 : triage::pairs_needed(losses, max_loss, delta);
}

std::size_t LossTest::fewest_pairs() const {
  const auto agreeing = [&](std::size_t n) {
    PairedLosses losses(kind);
    for (std::size_t i = 0; i < n; ++i) losses.add(0);
    return losses;
  };
  std::size_t few = 0, enough = 1;
  while (!passes(agreeing(enough))) {
    few = enough;
    enough *= 2;
  }
  while (enough - few > 1) {
    const std::size_t middle = (few + enough) / 2;
    (passes(agreeing(middle)) ? enough : few) = middle;
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

PairedLosses SettingLosses::gather(std::size_t setting, std::span<const std::uint32_t> positions) const {
  PairedLosses pairs(kind);
  for (const std::uint32_t i : positions) pairs.add(loss[setting][i]);
  return pairs;
}

GroupedLosses group_losses(const SettingLosses& losses, std::size_t setting, const RowGroups& groups,
                           std::span<const std::uint32_t> positions) {
  GroupedLosses grouped{losses.gather(setting, positions), {}};
  grouped.groups.assign(groups.names.size(), PairedLosses(losses.kind));
  if (grouped.groups.empty()) return grouped;
  for (const std::uint32_t i : positions) {
    grouped.groups[groups.group_of[i]].add(losses.loss[setting][i]);
  }
  return grouped;
}

bool passes_everywhere(const GroupedLosses& losses, std::size_t fewest, const LossTest& test) {
  return test.passes(losses.all) &&
         std::all_of(losses.groups.begin(), losses.groups.end(), [&](const PairedLosses& group) {
           return group.size() < fewest || group.size() == 0 || test.passes(group);
         });
}

}  // namespace triage
