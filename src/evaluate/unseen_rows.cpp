#include "evaluate/unseen_rows.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "learn/training_info.h"
#include "table/row_order.h"

namespace triage {

std::vector<std::uint32_t> unseen_rows(const Table& table, const TrainingFacts& training) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < table.n_inputs(); ++i) {
    const auto hashes = input_hashes(table, i);
    if (std::none_of(hashes.begin(), hashes.end(),
                     [&](std::uint64_t hash) { return training.has_input(hash); }))
      rows.push_back(i);
  }
  return rows;
}

std::vector<std::uint32_t> distinct_rows(const Table& table, Rows rows) {
  std::unordered_set<std::uint64_t> seen;
  std::unordered_set<std::string_view> groups;
  std::vector<std::uint32_t> distinct;
  const auto is_new = [&](std::uint32_t row) {
    if (!table.groups.empty() && !groups.insert(table.group_of(row)).second) return false;
    return table.picture_hashes.empty() || seen.insert(table.picture_hashes[row]).second;
  };
  // The first of a group is always perturbed in the same way; a random one stands for all ways.
  std::vector<std::uint32_t> order(rows.begin(), rows.end());
  if (!table.groups.empty()) order = shuffled_rows(table, rows, 0);
  for (const std::uint32_t row : order) {
    if (is_new(row)) distinct.push_back(row);
  }
  std::sort(distinct.begin(), distinct.end());
  return distinct;
}

}  // namespace triage
