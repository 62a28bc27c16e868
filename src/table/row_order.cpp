#include "table/row_order.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/hash.h"

namespace triage {
namespace {

// Hash, and id for equal ones.
using Place = std::pair<std::uint64_t, std::string_view>;

Place place_of(const Table& table, std::uint32_t row, std::uint64_t seed) {
  return {hash64(seed, table.ids[row]), table.ids[row]};
}

}  // namespace

std::vector<std::uint32_t> first_positions(std::size_t n) {
  std::vector<std::uint32_t> positions(n);
  std::iota(positions.begin(), positions.end(), 0U);
  return positions;
}

std::vector<std::uint32_t> shuffled_positions(const Table& table, Rows rows, std::uint64_t seed) {
  std::vector<Place> places;
  places.reserve(rows.size());
  for (const std::uint32_t row : rows) places.push_back(place_of(table, row, seed));
  auto positions = first_positions(rows.size());
  std::stable_sort(positions.begin(), positions.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return places[a] < places[b]; });
  return positions;
}

std::vector<std::uint32_t> shuffled_rows(const Table& table, Rows rows, std::uint64_t seed) {
  auto shuffled = shuffled_positions(table, rows, seed);
  for (std::uint32_t& position : shuffled) position = rows[position];
  return shuffled;
}

std::vector<std::uint32_t> rows_by_value(const Table& table, Rows rows, std::span<const double> values) {
  std::vector<std::uint32_t> ordered(rows.begin(), rows.end());
  const auto key = [&](std::uint32_t row) { return std::pair(values[row], place_of(table, row, 0)); };
  std::sort(ordered.begin(), ordered.end(),
            [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
  return ordered;
}

}  // namespace triage
