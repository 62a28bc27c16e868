// Rows of a table in random order.
#pragma once

#include <cstdint>
#include <vector>

#include "triage/tools/rows.h"

namespace triage {

// The rows in an order that depends on the seed and their ids alone, not on where they stand in the table, so
// that neither do samples of them and inner folds.
[[nodiscard]] std::vector<std::uint32_t> shuffled_rows(const Table& table, Rows rows, std::uint64_t seed);

// 0 .. n-1.
[[nodiscard]] std::vector<std::uint32_t> first_positions(std::size_t n);

}  // namespace triage
