// Numbers in the cells of a text.
#pragma once

#include <optional>
#include <string_view>

namespace triage {

// Without blanks around it.
[[nodiscard]] std::string_view trimmed_cell(std::string_view text);
// Whether there is nothing in it: blanks, or what programs write where they have no number.
[[nodiscard]] bool is_nothing(std::string_view text);
// All of the cell as a number, infinities included; none for anything else.
[[nodiscard]] std::optional<double> cell_number(std::string_view text);

}  // namespace triage
