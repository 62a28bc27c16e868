#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "triage/tools/report.h"

namespace triage {
namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out(1, '"');
  for (const char c : text) {
    if (c == '"') out += c;
    out += c;
  }
  out += '"';
  return out;
}

std::string csv_cell(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return quoted(*text);
  const double value = std::get<double>(cell);
  return std::isfinite(value) ? fmt::format("{:.9g}", value) : std::string();
}

}  // namespace

std::string table_csv(const DataTable& table) {
  std::vector<std::string> cells;
  for (const Column& column : table.columns) cells.push_back(quoted(column.name));
  std::string out = fmt::format("{}\n", fmt::join(cells, ","));
  for (const auto& row : table.rows) {
    cells.clear();
    for (const Cell& cell : row) cells.push_back(csv_cell(cell));
    out += fmt::format("{}\n", fmt::join(cells, ","));
  }
  return out;
}

}  // namespace triage
