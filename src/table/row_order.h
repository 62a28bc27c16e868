// Rows of a table in orders that depend on the inputs' ids, never on their positions in the table, so that
// samples and folds do not depend on positions either.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "triage/tools/rows.h"

namespace triage {

// 0 .. n-1.
[[nodiscard]] std::vector<std::uint32_t> first_positions(std::size_t n);

// Positions in `rows` in random order: by a hash of the seed and the id.
[[nodiscard]] std::vector<std::uint32_t> shuffled_positions(const Table& table, Rows rows,
                                                            std::uint64_t seed);
// The rows in that order.
[[nodiscard]] std::vector<std::uint32_t> shuffled_rows(const Table& table, Rows rows, std::uint64_t seed);

// The same, the rows of a group one after the other: by a hash of the seed and the group, then of the id.
[[nodiscard]] std::vector<std::uint32_t> shuffled_groups(const Table& table, Rows rows, std::uint64_t seed);

// Which group each of the rows belongs to, shape (rows.size()): numbered from 0 in the order of `rows`, so
// that without groups these are the positions.
[[nodiscard]] std::vector<std::uint32_t> group_numbers(const Table& table, Rows rows);
[[nodiscard]] std::size_t count_groups(const Table& table, Rows rows);
// Parts of a split, shape (n), values 0 .. k-1: positions are dealt out in `order`, which has each once, with
// the whole of their group (n) to the part that has the fewest.
[[nodiscard]] std::vector<std::int32_t> deal_groups(std::span<const std::uint32_t> order,
                                                    std::span<const std::uint32_t> groups, std::size_t k);

// The rows by rising value, equal ones in random order. `values` has one for each input of the table.
[[nodiscard]] std::vector<std::uint32_t> rows_by_value(const Table& table, Rows rows,
                                                       std::span<const double> values);

}  // namespace triage
