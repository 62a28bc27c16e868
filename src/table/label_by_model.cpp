// Labels that a model of the table gives.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "triage/error.h"
#include "triage/tools/rows.h"

namespace triage {
namespace {

ModelIndex find_source(const Table& table, std::string_view model) {
  const ModelIndex source = table.find(model);
  if (source != kNoModel) return source;
  std::string known;
  for (const TableModel& each : table.models) known += (known.empty() ? "" : ", ") + each.name;
  throw Error(
      ErrorCode::kUsage,
      fmt::format("labels from '{}': no such model in the profile, expected one of: {}", model, known));
}

// 1-based; a class that is not listed gets the rank after the last listed one.
std::int32_t rank_in(const TopK& output, Label label) {
  if (output.empty()) return 0;
  return output.rank(label).value_or(static_cast<std::int32_t>(output.entries().size()) + 1);
}

// Of each input the one that its group is named after, shape (n): what a perturbed copy was made from. Itself
// where the table lacks that one.
std::vector<std::size_t> originals(const Table& table) {
  std::unordered_map<std::string_view, std::size_t> row_of;
  for (std::size_t i = 0; i < table.n_inputs(); ++i) row_of.emplace(table.ids[i], i);
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    const auto found = row_of.find(table.group_of(i));
    rows.push_back(found == row_of.end() ? i : found->second);
  }
  return rows;
}

}  // namespace

void set_label(Table& table, std::size_t input, Label label) {
  table.labels[input] = label;
  for (const ModelIndex m : all_models(table)) {
    table.ranks[table.at(input, m)] = rank_in(table.outputs[table.at(input, m)], label);
  }
}

void label_by_model(Table& table, std::string_view model) {
  const ModelIndex source = find_source(table, model);
  std::vector<Label> labels;
  labels.reserve(table.n_inputs());
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    labels.push_back(table.outputs[table.at(i, source)].best());
    if (labels.back() != kNoLabel) continue;
    throw Error(
        ErrorCode::kProfile,
        fmt::format("labels from '{}': what it said on input '{}' is not in the profile, expected its "
                    "answer on every input; take another model, or profile again",
                    model, table.ids[i]));
  }
  const auto from = originals(table);
  for (std::size_t i = 0; i < table.n_inputs(); ++i) set_label(table, i, labels[from[i]]);
  table.labels_from = model;
}

std::string describe_labels(std::string_view labels_from) {
  return labels_from.empty() ? std::string() : fmt::format("from {}: agreement, not accuracy", labels_from);
}

}  // namespace triage
