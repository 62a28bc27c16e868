// Comma-separated values, as in RFC 4180.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

// Text as a field: in quotes where it holds commas, quotes or line ends.
[[nodiscard]] std::string csv_field(std::string_view text);
// These texts as a line, with its end.
[[nodiscard]] std::string csv_line(std::span<const std::string> texts);

// The texts of one line, given without its end; none when a quote is not closed. So a quoted field cannot
// contain a line end.
[[nodiscard]] std::optional<std::vector<std::string>> split_csv_line(std::string_view line);

}  // namespace triage
