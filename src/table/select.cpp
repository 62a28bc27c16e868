// Parts of a table: some of its models, some of its inputs.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include "base/hash.h"
#include "triage/error.h"
#include "triage/tools/rows.h"

namespace triage {
namespace {

// Copies the columns `models` of a row-major array with `m` columns.
template <class Value>
std::vector<Value> select_columns(const std::vector<Value>& values, std::size_t m,
                                  std::span<const ModelIndex> models) {
  std::vector<Value> selected;
  selected.reserve(values.size() / m * models.size());
  for (std::size_t row = 0; row < values.size(); row += m) {
    for (const ModelIndex model : models) selected.push_back(values[row + static_cast<std::size_t>(model)]);
  }
  return selected;
}

// Copies the rows of a row-major array of `n` rows.
template <class Value>
std::vector<Value> select_rows(const std::vector<Value>& values, std::size_t n, Rows rows) {
  const std::size_t width = values.size() / n;
  std::vector<Value> selected;
  selected.reserve(rows.size() * width);
  for (const std::uint32_t row : rows) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row * width);
    selected.insert(selected.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
  }
  return selected;
}

}  // namespace

std::vector<std::uint32_t> draw_rows(const Table& table, double share, std::uint64_t seed) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < table.n_inputs(); ++i) {
    if (Random(hash64(seed, table.group_of(i))).uniform() < share) rows.push_back(i);
  }
  return rows;
}

std::vector<std::uint32_t> copies_of(const Table& table, Rows originals) {
  std::unordered_set<std::string_view> names;
  for (const std::uint32_t row : originals) names.insert(table.ids[row]);
  std::vector<std::uint32_t> copies;
  for (std::uint32_t i = 0; i < table.n_inputs(); ++i) {
    if (table.group_of(i) != table.ids[i] && names.contains(table.group_of(i))) copies.push_back(i);
  }
  return copies;
}

Table select_table_models(const Table& table, std::span<const ModelIndex> models) {
  const std::size_t m = table.n_models();
  if (models.empty()) throw Error(ErrorCode::kUsage, "models of a table: none chosen, expected 1 or more");
  for (const ModelIndex model : models) {
    if (model >= 0 && static_cast<std::size_t>(model) < m) continue;
    throw Error(ErrorCode::kUsage,
                fmt::format("models of a table: {} chosen, expected 0 to {}", model, m - 1));
  }
  Table selected = table;
  selected.models = select_columns(table.models, m, models);
  selected.recipe_of = select_columns(table.recipe_of, m, models);
  selected.scores = select_columns(table.scores, m, models);
  selected.signals = select_columns(table.signals, m, models);
  selected.ranks = select_columns(table.ranks, m, models);
  selected.outputs = select_columns(table.outputs, m, models);
  selected.infer_ms = select_columns(table.infer_ms, m, models);
  if (!table.energy.infer_j.empty()) {
    selected.energy.infer_j = select_columns(table.energy.infer_j, m, models);
  }
  return selected;
}

Table select_table_inputs(const Table& table, Rows rows) {
  const std::size_t n = table.n_inputs();
  if (rows.empty()) throw Error(ErrorCode::kUsage, "inputs of a table: none chosen, expected 1 or more");
  const auto outside = std::find_if(rows.begin(), rows.end(), [&](std::uint32_t row) { return row >= n; });
  if (outside != rows.end()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("inputs of a table: {} chosen, expected 0 to {}", *outside, n - 1));
  }
  Table selected = table;
  selected.ids = select_rows(table.ids, n, rows);
  selected.labels = select_rows(table.labels, n, rows);
  selected.has_drawn_label = select_rows(table.has_drawn_label, n, rows);
  selected.picture_hashes = select_rows(table.picture_hashes, n, rows);
  selected.groups = select_rows(table.groups, n, rows);
  selected.source_of = select_rows(table.source_of, n, rows);
  selected.scores = select_rows(table.scores, n, rows);
  selected.signals = select_rows(table.signals, n, rows);
  selected.given_folds = select_rows(table.given_folds, n, rows);
  selected.ranks = select_rows(table.ranks, n, rows);
  selected.outputs = select_rows(table.outputs, n, rows);
  selected.infer_ms = select_rows(table.infer_ms, n, rows);
  selected.preprocess_ms = select_rows(table.preprocess_ms, n, rows);
  selected.selector_outputs = select_rows(table.selector_outputs, n, rows);
  selected.selector_ms = select_rows(table.selector_ms, n, rows);
  selected.features = select_rows(table.features, n, rows);
  selected.texts = select_rows(table.texts, n, rows);
  selected.node_ms = select_rows(table.node_ms, n, rows);
  selected.decode_ms = select_rows(table.decode_ms, n, rows);
  return selected;
}

std::vector<std::uint32_t> complete_rows(const Table& table) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < table.n_inputs(); ++i) {
    if (table.is_complete(i)) rows.push_back(i);
  }
  return rows;
}

std::vector<std::uint32_t> rows_of_inputs(const Table& table, std::span<const std::string> ids,
                                          std::string_view owner) {
  std::unordered_map<std::string_view, std::uint32_t> row_of;
  row_of.reserve(table.n_inputs());
  for (std::size_t i = 0; i < table.n_inputs(); ++i)
    row_of.emplace(table.ids[i], static_cast<std::uint32_t>(i));
  std::vector<std::uint32_t> rows;
  rows.reserve(ids.size());
  for (const std::string& id : ids) {
    const auto found = row_of.find(id);
    if (found == row_of.end()) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("{}: lacks input '{}', expected it; profile the same inputs", owner, id));
    }
    rows.push_back(found->second);
  }
  return rows;
}

}  // namespace triage
