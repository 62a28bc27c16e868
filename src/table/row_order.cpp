#include "table/row_order.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/hash.h"

namespace triage {

std::vector<std::uint32_t> shuffled_rows(const Table& table, Rows rows, std::uint64_t seed) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> keyed;
  keyed.reserve(rows.size());
  for (const std::uint32_t row : rows) keyed.emplace_back(hash64(seed, table.ids[row]), row);
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::uint32_t> shuffled;
  shuffled.reserve(rows.size());
  for (const auto& [key, row] : keyed) shuffled.push_back(row);
  return shuffled;
}

std::vector<std::uint32_t> first_positions(std::size_t n) {
  std::vector<std::uint32_t> positions(n);
  std::iota(positions.begin(), positions.end(), 0U);
  return positions;
}

}  // namespace triage
