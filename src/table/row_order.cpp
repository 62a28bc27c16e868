#include "table/row_order.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>
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

std::vector<std::uint32_t> shuffled_groups(const Table& table, Rows rows, std::uint64_t seed) {
  std::vector<std::uint32_t> shuffled = shuffled_rows(table, rows, seed);
  const auto group = [&](std::uint32_t row) {
    return Place{hash64(seed, table.group_of(row)), table.group_of(row)};
  };
  if (!table.groups.empty()) {
    std::stable_sort(shuffled.begin(), shuffled.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return group(a) < group(b); });
  }
  return shuffled;
}

std::vector<std::uint32_t> group_numbers(const Table& table, Rows rows) {
  if (table.groups.empty()) return first_positions(rows.size());
  std::unordered_map<std::string_view, std::uint32_t> number_of;
  std::vector<std::uint32_t> numbers;
  numbers.reserve(rows.size());
  for (const std::uint32_t row : rows) {
    const auto next = static_cast<std::uint32_t>(number_of.size());
    numbers.push_back(number_of.try_emplace(table.group_of(row), next).first->second);
  }
  return numbers;
}

std::size_t count_groups(const Table& table, Rows rows) {
  if (table.groups.empty()) return rows.size();
  const auto numbers = group_numbers(table, rows);
  return numbers.empty() ? 0 : 1 + *std::max_element(numbers.begin(), numbers.end());
}

std::vector<std::int32_t> deal_groups(std::span<const std::uint32_t> order,
                                      std::span<const std::uint32_t> groups, std::size_t k) {
  constexpr std::int32_t kNone = -1;
  const std::size_t n = groups.empty() ? 0 : 1 + *std::max_element(groups.begin(), groups.end());
  std::vector<std::size_t> sizes(n, 0), dealt(k, 0);
  for (const std::uint32_t group : groups) ++sizes[group];
  std::vector<std::int32_t> part_of(n, kNone), parts(groups.size());
  for (const std::uint32_t position : order) {
    const std::uint32_t group = groups[position];
    std::int32_t& part = part_of[group];
    if (part == kNone) {
      const auto fewest = std::min_element(dealt.begin(), dealt.end());
      *fewest += sizes[group];
      part = static_cast<std::int32_t>(fewest - dealt.begin());
    }
    parts[position] = part;
  }
  return parts;
}

std::vector<std::uint32_t> rows_by_value(const Table& table, Rows rows, std::span<const double> values) {
  std::vector<std::uint32_t> ordered(rows.begin(), rows.end());
  const auto key = [&](std::uint32_t row) { return std::pair(values[row], place_of(table, row, 0)); };
  std::sort(ordered.begin(), ordered.end(),
            [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
  return ordered;
}

}  // namespace triage
