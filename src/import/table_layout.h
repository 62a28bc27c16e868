// Which place in a record is what.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "triage/tools/import.h"
#include "triage/types.h"

namespace triage {

using ColumnPlace = std::optional<std::size_t>;  // in TextRecord::fields

struct ModelPlaces {
  std::string model;  // empty in the long form, where a record says
  ColumnPlace score, cost, signal, answer;
};

struct TableLayout {
  ColumnPlace id, group, fold, label, text, model;
  std::vector<std::size_t> features;     // (d)
  std::vector<ColumnPlace> group_costs;  // (groups)
  FeatureSchema schema;
  std::vector<ModelPlaces> models;    // wide: each model; long: one
  std::vector<std::size_t> of_input;  // all that is said of an input, which the long form repeats
  std::vector<std::string> ignored;   // columns

  [[nodiscard]] bool is_long() const { return model.has_value(); }
  [[nodiscard]] bool has(ColumnPlace ModelPlaces::*place) const;
};

// `names` are the file's columns; those that `columns` does not have are ignored. Throws kUsage, in the name
// of `file`, for columns that the file lacks, and for a description that is not right.
[[nodiscard]] TableLayout make_layout(const TableColumns& columns, const std::vector<std::string>& names,
                                      const std::string& file);

}  // namespace triage
