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

// The rows by rising value, equal ones in random order. `values` has one for each input of the table.
[[nodiscard]] std::vector<std::uint32_t> rows_by_value(const Table& table, Rows rows,
                                                       std::span<const double> values);

}  // namespace triage
