// Imports texts as files, and loads what came of them.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "support/temp_folder.h"
#include "triage/tools/import.h"
#include "triage/tools/profile.h"

namespace triage::testing {

class ImportTest : public ::testing::Test {
 protected:
  using Change = std::function<void(TableColumns&)>;

  // Guesses the columns, changes them, imports.
  Table import(std::string_view text, const Change& change = {}, TextForm form = TextForm::kCsv) {
    const auto file = folder_.write(form == TextForm::kCsv ? "table.csv" : "table.jsonl", text);
    TableColumns columns = guess_columns(file, form);
    if (change) change(columns);
    return import_as(file, columns);
  }
  Table import_json(std::string_view text, const Change& change = {}) {
    return import(text, change, TextForm::kJsonLines);
  }
  Table import_as(const std::filesystem::path& file, const TableColumns& columns) {
    const auto out = folder_ / "table.profile";
    std::filesystem::remove(out);
    summary_ = import_table(file, columns, out);
    return load_table(std::array{out});
  }
  // Besides the table itself there is nothing.
  [[nodiscard]] bool left_nothing() const {
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().extension() != ".lock") ++n;
    }
    return n == 1;
  }
  // Of a column that was guessed.
  static TableColumn& column(TableColumns& columns, std::string_view name) {
    for (TableColumn& each : columns.columns) {
      if (each.name == name) return each;
    }
    throw std::runtime_error("no such column");
  }

  TempFolder folder_;
  ImportSummary summary_;
};

}  // namespace triage::testing
