#include "evaluate/breakdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "stats/mean.h"
#include "table/row_order.h"

namespace triage {
namespace {

constexpr std::size_t kTenths = 10;

double mean_looks(const Replay& replay, Rows rows) {
  double sum = 0;
  for (const std::uint32_t i : rows) sum += replay.looks[i];
  return sum / static_cast<double>(rows.size());
}

InputGroup group_of(std::string name, Rows rows, std::span<const double> difficulty,
                    std::span<const Entry* const> entries, Criterion criterion) {
  InputGroup group;
  group.name = std::move(name);
  group.inputs = rows.size();
  if (!difficulty.empty()) group.difficulty = mean_of(difficulty, rows);
  for (const Entry* entry : entries) {
    const Replay& replay = entry->replay;
    group.methods.push_back(
        {mean_of(replay.score(criterion), rows), mean_of(replay.ms, rows), mean_looks(replay, rows)});
  }
  return group;
}

std::string class_name(const Table& table, std::size_t cls) {
  return cls < table.label_names.size() ? table.label_names[cls] : fmt::format("class {}", cls);
}

}  // namespace

std::vector<double> difficulties(const Table& table) {
  const std::size_t n = table.n_inputs(), m = table.n_models();
  std::vector<bool> has_outputs(m, false);
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < m; ++j) {
      const TopK& output = table.output(i, static_cast<ModelIndex>(j));
      if (output.empty()) continue;
      has_outputs[j] = true;
      sum += output.probability(table.labels[i]);
    }
    out[i] = 1 - sum / static_cast<double>(m);
  }
  const bool all = std::all_of(has_outputs.begin(), has_outputs.end(), [](bool has) { return has; });
  return all ? out : std::vector<double>{};
}

Breakdown break_down(const Table& table, std::span<const Entry* const> entries, std::size_t subject,
                     Criterion criterion) {
  Breakdown out;
  out.subject = subject;
  for (const Entry* entry : entries) out.methods.push_back(entry->id);
  const auto difficulty = difficulties(table);
  const std::size_t n = table.n_inputs();
  if (!difficulty.empty() && n >= kTenths) {
    const auto order = rows_by_value(table, all_rows(table), difficulty);
    for (std::size_t d = 0; d < kTenths; ++d) {
      const std::size_t from = d * n / kTenths, to = (d + 1) * n / kTenths;
      out.deciles.push_back(group_of(fmt::format("{}", d + 1), Rows(order).subspan(from, to - from),
                                     difficulty, entries, criterion));
    }
  }
  std::vector<std::vector<std::uint32_t>> members(static_cast<std::size_t>(std::max(table.n_classes, 0)));
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto label = static_cast<std::size_t>(table.labels[i]);
    if (table.labels[i] >= 0 && label < members.size()) members[label].push_back(i);
  }
  for (std::size_t c = 0; c < members.size(); ++c) {
    if (members[c].empty()) continue;
    out.classes.push_back(group_of(class_name(table, c), members[c], difficulty, entries, criterion));
  }
  return out;
}

}  // namespace triage
