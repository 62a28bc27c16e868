// The columns of a table that is written as CSV: what import knows of each, and its texts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "triage/tools/export.h"

namespace triage {

struct ExportColumn {
  TableColumn column;
  // Of an input, and in the long form of the model that the line is of.
  std::function<std::string(std::size_t input, ModelIndex model)> text;
};

// In their order; the table has to outlive them.
[[nodiscard]] std::vector<ExportColumn> export_columns(const Table& table, TableForm form);

}  // namespace triage
