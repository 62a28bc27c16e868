// What a record says, as numbers and names; what is wrong goes to BadCells.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/record_reader.h"
#include "import/table_layout.h"

namespace triage {

// One model on one input, in the numbers of the file.
struct CellValues {
  std::optional<double> score;
  std::optional<double> cost;
  std::optional<double> signal;
  std::string_view answer;  // empty: none
};

class RecordValues {
 public:
  RecordValues(const TableLayout& layout, const std::vector<std::string>& names, BadCells& bad)
      : layout_(layout), names_(names), bad_(bad) {}

  [[nodiscard]] std::string id(const TextRecord& record) const;
  // Nothing where the model has neither a score nor, where scores follow from answers, an answer or a cost:
  // it was not run.
  [[nodiscard]] std::optional<CellValues> cell(const TextRecord& record, const ModelPlaces& places) const;
  // (d), and (groups) or none; NaN and infinite where missing.
  void features(const TextRecord& record, std::vector<float>& values, std::vector<float>& costs) const;
  [[nodiscard]] std::int32_t fold(const TextRecord& record) const;
  [[nodiscard]] std::string_view label(const TextRecord& record) const { return text(record, layout_.label); }
  // As it is, spaces and all.
  [[nodiscard]] std::string prompt(const TextRecord& record) const {
    return layout_.text ? record.fields[*layout_.text] : std::string();
  }
  [[nodiscard]] std::string_view group(const TextRecord& record) const { return text(record, layout_.group); }
  [[nodiscard]] std::string_view model(const TextRecord& record) const { return text(record, layout_.model); }

 private:
  [[nodiscard]] static std::string_view text(const TextRecord& record, const ColumnPlace& place);
  void say(const TextRecord& record, std::size_t place, std::string_view expected) const;
  // Nothing for an empty cell, and for one that is no finite number, which is said.
  [[nodiscard]] std::optional<double> number(const TextRecord& record, const ColumnPlace& place,
                                             std::string_view expected, double least) const;

  const TableLayout& layout_;
  const std::vector<std::string>& names_;
  BadCells& bad_;
};

}  // namespace triage
