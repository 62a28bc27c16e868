#include "learn/training_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/hash.h"
#include "table/model_times.h"
#include "table/row_order.h"
#include "triage/error.h"

namespace triage {
namespace {

// `cost(row)` are its milliseconds.
template <class CostOf>
PolicyModel describe(const ModelId& known, Rows rows, const CostOf& cost) {
  std::vector<double> times;
  times.reserve(rows.size());
  for (const std::uint32_t row : rows) times.push_back(cost(row));
  return timed_model(known, std::move(times));
}

PolicyModel describe(const Table& table, Rows rows, ModelIndex model) {
  const auto& known = table.models[static_cast<std::size_t>(model)];
  PolicyModel described = describe(known, rows, [&](std::uint32_t row) { return table.cost_ms(row, model); });
  described.mean_j = table.cost_j(model);
  return described;
}

std::size_t count_drawn_labels(const Table& table, Rows rows) {
  if (table.has_drawn_label.empty()) return 0;
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [&](std::uint32_t row) { return table.has_drawn_label[row] != 0; }));
}

// Groups of imported tables are the inputs' own.
std::size_t count_copies(const Table& table, Rows rows) {
  if (!table.scores.empty()) return 0;
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [&](std::uint32_t row) { return table.group_of(row) != table.ids[row]; }));
}

void add_input_hashes(const Table& table, std::uint32_t row, std::vector<std::uint64_t>& hashes) {
  hashes.push_back(hash64(0, table.group_of(row)));
  if (!table.picture_hashes.empty()) hashes.push_back(table.picture_hashes[row]);
}

// Hashes are spread evenly, so their first bits say nearly where each belongs; a part of equal first bits has
// one or two.
std::vector<std::uint64_t> sorted_hashes(const std::vector<std::uint64_t>& hashes) {
  const auto bits = static_cast<int>(std::bit_width(hashes.size() | 1));
  const auto part_of = [&](std::uint64_t hash) { return static_cast<std::size_t>(hash >> (64 - bits)); };
  std::vector<std::size_t> ends((std::size_t{1} << bits) + 1, 0);  // of each part, moved by one while filling
  for (const std::uint64_t hash : hashes) ++ends[part_of(hash) + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<std::uint64_t> sorted(hashes.size());
  for (const std::uint64_t hash : hashes) sorted[ends[part_of(hash)]++] = hash;
  auto first = sorted.begin();
  for (const std::size_t end : ends) {
    const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(end);
    if (last - first > 1) std::sort(first, last);
    first = last;
  }
  return sorted;
}

}  // namespace

std::string_view training_unit(const Table& table) {
  return table.groups.empty() ? "training inputs" : "groups of training inputs";
}

void expect_training_inputs(const Table& table, Rows rows, std::string_view kind) {
  if (const std::size_t n = count_groups(table, rows); n < kLeastTrainingInputs) {
    throw Error(ErrorCode::kUsage, fmt::format("{}: {} {}, expected at least {}; profile more", kind,
                                               training_unit(table), n, kLeastTrainingInputs));
  }
}

PolicyInfo make_policy_info(const Table& table, Rows rows, Criterion criterion,
                            std::span<const ModelIndex> models) {
  if (rows.empty()) {
    throw Error(ErrorCode::kUsage, "training: no inputs, expected at least one; profile some first");
  }
  PolicyInfo info;
  info.criterion = criterion;
  for (const ModelIndex model : models) info.models.push_back(describe(table, rows, model));
  info.n_classes = table.n_classes;
  // Without features too: it is a part of how pictures are decoded.
  info.schema.working_px = table.schema.working_px;
  info.machine = table.machine;
  info.label_names = table.label_names;
  info.terms = table.terms;
  info.best =
      describe(table, rows, single_best(mean_scores(table, rows, criterion), mean_costs(table, rows)));
  info.training.inputs = rows.size();
  info.training.inputs_hash = inputs_hash(table, rows);
  info.training.labels_from = table.labels_from;
  if (const std::size_t copies = count_copies(table, rows); copies > 0) {
    info.training.notes.emplace_back(
        "perturbed", fmt::format("{} inputs as they are, {} copies", rows.size() - copies, copies));
  }
  if (const std::size_t drawn = count_drawn_labels(table, rows); drawn > 0) {
    info.training.notes.emplace_back(
        "labels", fmt::format("{} given, {} drawn from what the models say", rows.size() - drawn, drawn));
  }
  return info;
}

std::vector<std::uint64_t> input_hashes(const Table& table, std::uint32_t row) {
  std::vector<std::uint64_t> hashes;
  add_input_hashes(table, row, hashes);
  return hashes;
}

std::vector<std::uint64_t> all_input_hashes(const Table& table, Rows rows) {
  std::vector<std::uint64_t> all;
  all.reserve(rows.size());
  for (const std::uint32_t row : rows) add_input_hashes(table, row, all);
  return sorted_hashes(all);
}

PolicyModel describe_selector(const Table& table, Rows rows, ModelIndex selector) {
  const auto& known = table.selectors[static_cast<std::size_t>(selector)];
  return describe(known, rows, [&](std::uint32_t row) { return table.selector_cost_ms(row, selector); });
}

}  // namespace triage
