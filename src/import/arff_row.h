// A line below `@data` as values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/arff.h"
#include "import/arff_cursor.h"

namespace triage {

// All of the text as a number, infinities and what is beyond a double included; none for anything else.
[[nodiscard]] std::optional<double> arff_number(const std::string& text);

// Fills `row`, one value for each attribute, and gives all that is wrong; then `row` is of no use. In a
// sparse row, numbers that are left out are 0, nominal values their first, and all others missing.
[[nodiscard]] std::vector<ArffFault> read_arff_row(std::string_view line,
                                                   const std::vector<ArffAttribute>& attributes,
                                                   std::vector<ArffValue>& row);

}  // namespace triage
