// Folds of a cross-validation, and the fingerprint of a set of inputs: functions of ids alone.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "table/row_order.h"
#include "triage/error.h"
#include "triage/tools/rows.h"

namespace triage {

std::vector<std::int32_t> make_folds(const Table& table, int k, std::uint64_t seed) {
  return make_folds(table, all_rows(table), k, seed);
}

std::vector<std::int32_t> make_folds(const Table& table, Rows rows, int k, std::uint64_t seed) {
  const std::size_t n = count_groups(table, rows);
  if (k < 2 || static_cast<std::size_t>(k) > n) {
    const bool alone = table.groups.empty();
    throw Error(ErrorCode::kUsage,
                fmt::format("folds: {} of {} {}, expected 2 or more and {} for each; choose another number "
                            "of folds, or profile more inputs",
                            k, n, alone ? "inputs" : "groups of inputs", alone ? "an input" : "a group"));
  }
  return deal_groups(shuffled_positions(table, rows, seed), group_numbers(table, rows),
                     static_cast<std::size_t>(k));
}

std::vector<std::int32_t> official_folds(const Table& table) {
  if (table.given_folds.empty()) {
    throw Error(ErrorCode::kUsage,
                "folds: none came with the inputs, expected one for each; say how many to make instead");
  }
  // Some may have lost all of their inputs.
  std::map<std::int32_t, std::int32_t> number;
  for (const std::int32_t fold : table.given_folds) number.emplace(fold, 0);
  std::int32_t next = 0;
  for (auto& [fold, position] : number) position = next++;
  if (next < 2) {
    throw Error(ErrorCode::kUsage, fmt::format("folds: {} came with the inputs, expected two or more", next));
  }
  std::vector<std::int32_t> folds;
  for (const std::int32_t fold : table.given_folds) folds.push_back(number.at(fold));
  return folds;
}

namespace {

void expect_whole_groups(const Table& table) {
  if (table.groups.empty()) return;
  std::unordered_map<std::string_view, std::size_t> first;
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    const std::size_t other = first.try_emplace(table.group_of(i), i).first->second;
    if (table.source_of[i] == table.source_of[other]) continue;
    const auto source = [&](std::size_t input) -> const std::string& {
      return table.sources[static_cast<std::size_t>(table.source_of[input])];
    };
    throw Error(
        ErrorCode::kUsage,
        fmt::format("sources: '{}' and '{}' have inputs of the same group, '{}', expected each in one "
                    "source; leave out the perturbed copies",
                    source(other), source(i), table.group_of(i)));
  }
}

}  // namespace

std::vector<std::int32_t> folds_by_source(const Table& table) {
  std::vector<std::set<Label>> classes(table.sources.size());
  for (std::size_t i = 0; i < table.source_of.size(); ++i) {
    classes[static_cast<std::size_t>(table.source_of[i])].insert(table.labels[i]);
  }
  const auto count_of = [&](auto is_such) { return std::count_if(classes.begin(), classes.end(), is_such); };
  const auto n_empty = count_of([](const auto& labels) { return labels.empty(); });
  const auto n_mixed = count_of([](const auto& labels) { return labels.size() > 1; });
  if (classes.size() < 2 || n_empty > 0) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("sources: {} with inputs, expected two or more; give a profile of each, or one of "
                    "a folder with a sub-folder for each",
                    std::ssize(classes) - n_empty));
  }
  if (n_mixed == 0) {
    throw Error(ErrorCode::kUsage,
                fmt::format("sources: each of the {} has inputs of one class alone, expected several; their "
                            "folders are the classes: give a profile of each source",
                            classes.size()));
  }
  expect_whole_groups(table);
  return table.source_of;
}

std::string inputs_hash(const Table& table, Rows rows) {
  std::uint64_t sum = mix64(rows.size());
  for (const std::uint32_t row : rows) sum += hash64(0, table.ids[row]);
  return fmt::format("{:016x}", mix64(sum));
}

}  // namespace triage
