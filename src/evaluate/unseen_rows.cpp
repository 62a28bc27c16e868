#include "evaluate/unseen_rows.h"

#include <algorithm>
#include <unordered_set>

#include "learn/training_info.h"

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
  std::vector<std::uint32_t> distinct;
  for (const std::uint32_t row : rows) {
    if (table.picture_hashes.empty() || seen.insert(table.picture_hashes[row]).second)
      distinct.push_back(row);
  }
  return distinct;
}

}  // namespace triage
