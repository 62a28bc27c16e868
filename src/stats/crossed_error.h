// The standard error of a mean of values that share rows and columns.
#pragma once

#include <cstdint>
#include <span>

namespace triage {

struct CrossedValue {
  std::uint32_t row = 0;
  std::uint32_t column = 0;
  double value = 0;
};

// Of the mean of values that are alike within a row and within a column: the same inputs judged by several
// policies, say. Clustered both ways (Cameron, Gelbach, Miller, JBES 2011), and never less than by rows or by
// columns alone. Rows and columns that are numbered need not all have values. Values of one column say
// nothing of columns: then it is the error by rows, and likewise for one row. NaN for fewer than two values.
[[nodiscard]] double crossed_error(std::span<const CrossedValue> values);

}  // namespace triage
