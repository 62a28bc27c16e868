#include "learn/features/elimination.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"

namespace triage {
namespace {

// Whether a chain that says `stage` is right; kNoModel: every stage says no.
bool is_right(ModelIndex stage, ModelIndex label, ModelIndex fallback) {
  if (label == kNoModel) return stage == kNoModel;
  return (stage == kNoModel ? fallback : stage) == label;
}

// The label that more than half of the neighbours have, if it is a stage's. Each neighbour has one label, so
// at most one stage has a majority, and the order of the chain does not matter.
ModelIndex majority(std::span<const std::uint32_t> neighbours, std::span<const ModelIndex> labels) {
  // Boyer and Moore: the only label that can have more than half, then checked.
  ModelIndex candidate = kNoModel;
  std::size_t lead = 0;
  for (const std::uint32_t row : neighbours) {
    if (lead == 0) candidate = labels[row];
    lead = labels[row] == candidate ? lead + 1 : lead - 1;
  }
  const auto votes = static_cast<std::size_t>(std::count_if(
      neighbours.begin(), neighbours.end(), [&](std::uint32_t row) { return labels[row] == candidate; }));
  return 2 * votes > neighbours.size() ? candidate : kNoModel;
}

// Right rows of each slot.
std::vector<std::size_t> count_right(const EliminationTask& task, const LeftOutNeighbours& neighbours) {
  std::vector<std::size_t> counts(neighbours.n_slots, 0);
  for (std::size_t row = 0; row < task.labels.size(); ++row) {
    for (std::size_t slot = 0; slot < counts.size(); ++slot) {
      const ModelIndex stage = majority(neighbours.at(row, slot), task.labels);
      counts[slot] += is_right(stage, task.labels[row], task.fallback) ? 1 : 0;
    }
  }
  return counts;
}

std::vector<std::size_t> without(const std::vector<std::size_t>& features, std::size_t position) {
  std::vector<std::size_t> rest = features;
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(position));
  return rest;
}

double comparable(double cost) { return std::isnan(cost) ? std::numeric_limits<double>::infinity() : cost; }

// Position of the feature to remove.
std::size_t least_missed(const EliminationRecord& record) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < record.features.size(); ++i) {
    const std::size_t right = record.n_right_without[i], most = record.n_right_without[best];
    const double cost = comparable(record.cost_without[i]), least = comparable(record.cost_without[best]);
    if (right > most || (right == most && cost <= least)) best = i;
  }
  return best;
}

// The neighbours of one set, and its record but for what is known from the step before.
LeftOutNeighbours ask(const EliminationTask& task, const ScanKernel& kernel, const SearchControl& control,
                      const LeftOutQuestion& question) {
  SearchControl weighted = control;
  const std::size_t d = question.features.size();
  if (control.advance) weighted.advance = [&, d](std::size_t queries) { control.advance(queries * d); };
  return find_left_out_neighbours(task.rows, question, task.k, kernel, weighted);
}

void fill_costs(const EliminationTask& task, EliminationRecord& record) {
  record.cost = task.cost(record.features);
  for (std::size_t i = 0; i < record.features.size(); ++i) {
    record.cost_without.push_back(task.cost(without(record.features, i)));
  }
}

}  // namespace

std::size_t count_right_without_features(const EliminationTask& task) {
  const std::size_t n = task.labels.size();
  const auto n_folds =
      static_cast<std::size_t>(*std::max_element(task.rows.folds.begin(), task.rows.folds.end())) + 1;
  const auto n_labels =
      static_cast<std::size_t>(*std::max_element(task.labels.begin(), task.labels.end()) + 1) + 1;
  std::vector<std::size_t> in_fold(n_folds * n_labels, 0), in_all(n_labels, 0), sizes(n_folds, 0);
  for (std::size_t row = 0; row < n; ++row) {
    const auto fold = static_cast<std::size_t>(task.rows.folds[row]);
    const auto label = static_cast<std::size_t>(task.labels[row] + 1);
    ++in_fold[fold * n_labels + label];
    ++in_all[label];
    ++sizes[fold];
  }
  std::size_t n_right = 0;
  for (std::size_t row = 0; row < n; ++row) {
    const auto fold = static_cast<std::size_t>(task.rows.folds[row]);
    ModelIndex stage = kNoModel;
    for (std::size_t label = 1; label < n_labels; ++label) {
      const std::size_t others = in_all[label] - in_fold[fold * n_labels + label];
      if (2 * others > n - sizes[fold]) stage = static_cast<ModelIndex>(label) - 1;
    }
    n_right += is_right(stage, task.labels[row], task.fallback) ? 1 : 0;
  }
  return n_right;
}

std::size_t elimination_work(std::size_t n_rows, std::size_t d, std::size_t stop_at) {
  std::size_t work = n_rows * d;
  for (std::size_t size = d - 1; size >= std::max<std::size_t>(stop_at, 2) && size < d; --size) {
    work += n_rows * size;
  }
  return work;
}

std::vector<EliminationRecord> eliminate(const EliminationTask& task, const ScanKernel& kernel,
                                         const SearchControl& control) {
  TRIAGE_CHECK(task.stop_at >= 1 && task.rows.d >= task.stop_at && task.labels.size() == task.rows.n());
  std::vector<EliminationRecord> records(1);
  records.back().features.resize(task.rows.d);
  std::iota(records.back().features.begin(), records.back().features.end(), std::size_t{0});
  LeftOutNeighbours known;
  std::size_t known_slot = 0;
  for (;;) {
    EliminationRecord& record = records.back();
    const bool first = records.size() == 1;
    const std::size_t d = record.features.size();
    fill_costs(task, record);
    if (first || d > 1) {
      LeftOutNeighbours found =
          ask(task, kernel, control, {record.features, first, first ? nullptr : &known, known_slot});
      record.n_right_without = count_right(task, found);
      if (first) record.n_right = record.n_right_without.back();
      known = std::move(found);
    }
    record.n_right_without.resize(d);
    if (d == 1) record.n_right_without[0] = count_right_without_features(task);
    if (d == task.stop_at) return records;
    known_slot = least_missed(record);
    EliminationRecord next;
    next.features = without(record.features, known_slot);
    next.removed = record.features[known_slot];
    next.n_right = record.n_right_without[known_slot];
    records.push_back(std::move(next));
  }
}

}  // namespace triage
