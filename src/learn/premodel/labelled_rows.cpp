#include "learn/premodel/labelled_rows.h"

#include "base/hash.h"
#include "table/row_order.h"

namespace triage {

OwnedRows take_rows(const LabelledRows& rows, std::span<const std::uint32_t> chosen) {
  OwnedRows taken{{}, {}, rows.d, rows.n_classes};
  taken.values.reserve(chosen.size() * rows.d);
  taken.labels.reserve(chosen.size());
  for (const std::uint32_t i : chosen) {
    const auto row = rows.row(i);
    taken.values.insert(taken.values.end(), row.begin(), row.end());
    taken.labels.push_back(rows.labels[i]);
  }
  return taken;
}

std::vector<std::uint32_t> shuffled_indices(std::size_t n, std::uint64_t seed) {
  auto indices = first_positions(n);
  Random random(seed);
  shuffle(std::span(indices), random);
  return indices;
}

InnerFold inner_fold(std::span<const std::uint32_t> order, std::size_t fold, std::size_t n_folds) {
  InnerFold parts;
  for (std::size_t i = 0; i < order.size(); ++i) {
    (i % n_folds == fold ? parts.test : parts.train).push_back(order[i]);
  }
  return parts;
}

}  // namespace triage
