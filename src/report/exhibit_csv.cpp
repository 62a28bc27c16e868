#include <fmt/format.h>

#include <cmath>

#include "base/csv.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

std::string csv_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  const double value = std::get<double>(cell);
  return std::isfinite(value) ? fmt::format("{:.9g}", value) : std::string();
}

}  // namespace

std::string table_csv(const DataTable& table) {
  std::vector<std::string> texts;
  for (const Column& column : table.columns) texts.push_back(column.name);
  std::string out = csv_line(texts);
  for (const auto& row : table.rows) {
    texts.clear();
    for (const Cell& cell : row) texts.push_back(csv_text(cell));
    out += csv_line(texts);
  }
  return out;
}

}  // namespace triage
