// Folds of a cross-validation, and the fingerprint of a set of inputs: functions of ids alone.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/hash.h"
#include "triage/error.h"
#include "triage/tools/rows.h"

namespace triage {

std::vector<std::int32_t> make_folds(const Table& table, int k, std::uint64_t seed) {
  std::vector<std::uint32_t> rows(table.n_inputs());
  std::iota(rows.begin(), rows.end(), 0U);
  return make_folds(table, rows, k, seed);
}

std::vector<std::int32_t> make_folds(const Table& table, Rows rows, int k, std::uint64_t seed) {
  const std::size_t n = rows.size();
  if (k < 2 || static_cast<std::size_t>(k) > n) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("folds: {} of {} inputs, expected 2 or more and an input for each; choose another number "
                    "of folds, or profile more inputs",
                    k, n));
  }
  std::vector<std::pair<std::uint64_t, std::size_t>> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = {hash64(seed, table.ids[rows[i]]), i};
  // Equal hashes are told apart by the id, never by the row.
  std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : table.ids[rows[a.second]] < table.ids[rows[b.second]];
  });
  std::vector<std::int32_t> folds(n);
  for (std::size_t i = 0; i < n; ++i) {
    folds[order[i].second] = static_cast<std::int32_t>(i % static_cast<std::size_t>(k));
  }
  return folds;
}

std::string inputs_hash(const Table& table, Rows rows) {
  std::uint64_t sum = mix64(rows.size());
  for (const std::uint32_t row : rows) sum += hash64(0, table.ids[row]);
  return fmt::format("{:016x}", mix64(sum));
}

}  // namespace triage
