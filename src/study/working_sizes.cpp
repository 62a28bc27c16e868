#include "study/working_sizes.h"

#include <fmt/format.h>

#include <algorithm>

#include "triage/error.h"
#include "triage/tools/stability.h"

namespace triage {
namespace {

void check_sizes(const Table& table, const Table& other, const SizedTables& before) {
  const int px = other.schema.working_px;
  if (other.schema.features != table.schema.features) {
    throw Error(ErrorCode::kUsage,
                fmt::format("other features, {} px: another list of features, expected the study's; profile "
                            "with the same ones",
                            px));
  }
  const auto is_px = [&](int known) { return known == px; };
  if (px == table.schema.working_px || std::any_of(before.same_px.begin(), before.same_px.end(), is_px) ||
      std::any_of(before.tables.begin(), before.tables.end(),
                  [&](const Table& t) { return is_px(t.schema.working_px); })) {
    throw Error(ErrorCode::kUsage,
                fmt::format("other features: {} px twice, expected each working size once; profile with "
                            "another working size",
                            px));
  }
}

}  // namespace

SizedTables sized_tables(const Table& table, const StudyOptions& options) {
  SizedTables sized;
  for (const Table* other : options.other_features) {
    check_sizes(table, *other, sized);
    const std::string owner = fmt::format("other features, {} px", other->schema.working_px);
    const Table found = select_table_inputs(*other, rows_of_inputs(*other, table.ids, owner));
    if (found.labels != table.labels) {
      throw Error(ErrorCode::kUsage,
                  owner + ": labels differ, expected the study's; profile the same inputs");
    }
    if (found.features == table.features) {
      sized.same_px.push_back(other->schema.working_px);
      continue;
    }
    Table& made = sized.tables.emplace_back(table);
    made.schema = found.schema;
    made.features = found.features;
    made.node_ms = found.node_ms;
  }
  return sized;
}

}  // namespace triage
