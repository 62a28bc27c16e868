#include "import/cell_number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace triage {

std::string_view trimmed_cell(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t from = text.find_first_not_of(kBlanks);
  return from == text.npos ? std::string_view()
                           : text.substr(from, text.find_last_not_of(kBlanks) - from + 1);
}

bool is_nothing(std::string_view text) {
  constexpr std::array<std::string_view, 7> kNothing{"", "nan", "na", "n/a", "null", "none", "?"};
  std::string lower(trimmed_cell(text));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::find(kNothing.begin(), kNothing.end(), lower) != kNothing.end();
}

std::optional<double> cell_number(std::string_view text) {
  std::string_view cell = trimmed_cell(text);
  if (cell.starts_with('+')) cell.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (cell.empty() || end != cell.data() + cell.size() || std::isnan(value)) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::nullopt;
  if (error != std::errc()) return std::nullopt;
  return value;
}

}  // namespace triage
