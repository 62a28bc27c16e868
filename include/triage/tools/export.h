// Profiles as CSV, for other programs and for `import` again (docs/tables.md).
#pragma once

#include <filesystem>
#include <stop_token>

#include "triage/tools/import.h"
#include "triage/tools/table.h"

namespace triage {

enum class TableForm {
  kLong,  // a line for each input and model
  kWide   // a line for each input
};

// Writes the ids, groups, folds, labels and features of the inputs, and of each model its score, cost, signal
// and answer: whole, or nothing. Scores are in the table's own numbers, 0 to 1 where it shows percent; of run
// times whether the model solved the input. Returns the columns, by which `import_table` makes the same table
// of it. A feature whose name another column has is called "feature <name>". Throws kIo, kInterrupted.
TableColumns export_table(const Table& table, TableForm form, const std::filesystem::path& out,
                          const std::stop_token& stop = {});

}  // namespace triage
