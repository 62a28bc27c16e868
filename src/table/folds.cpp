// Folds of a cross-validation, and the fingerprint of a set of inputs: functions of ids alone.
#include <fmt/format.h>

#include "base/hash.h"
#include "table/row_order.h"
#include "triage/error.h"
#include "triage/tools/rows.h"

namespace triage {

std::vector<std::int32_t> make_folds(const Table& table, int k, std::uint64_t seed) {
  return make_folds(table, all_rows(table), k, seed);
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
  const auto order = shuffled_positions(table, rows, seed);
  std::vector<std::int32_t> folds(n);
  for (std::size_t i = 0; i < n; ++i) {
    folds[order[i]] = static_cast<std::int32_t>(i % static_cast<std::size_t>(k));
  }
  return folds;
}

std::string inputs_hash(const Table& table, Rows rows) {
  std::uint64_t sum = mix64(rows.size());
  for (const std::uint32_t row : rows) sum += hash64(0, table.ids[row]);
  return fmt::format("{:016x}", mix64(sum));
}

}  // namespace triage
