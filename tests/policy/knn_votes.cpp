#include "policy/knn_votes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/check.h"
#include "base/files.h"

namespace triage::testing {
namespace {

// The premodel of the given rows, already scaled.
std::unique_ptr<Policy> subset(const Premodel& premodel, std::span<const std::size_t> rows) {
  PremodelParameters model;
  model.k = premodel.parameters().k;
  model.n_stages = premodel.parameters().n_stages;
  model.fallback = premodel.parameters().fallback;
  model.minimum.assign(premodel.index().dimensions(), 0);
  model.maximum.assign(premodel.index().dimensions(), 1);
  for (const std::size_t row : rows) {
    const auto values = premodel.index().row(row);
    model.rows.insert(model.rows.end(), values.begin(), values.end());
    model.optimum.push_back(premodel.parameters().optimum[row]);
    model.ids.push_back(premodel.parameters().ids.at(row));
  }
  model.choosers = paper_choosers(model);
  return make_premodel(premodel.info(), std::move(model));
}

void ask(const Premodel& premodel, std::span<const float> query, std::span<std::int32_t> votes) {
  std::array<Neighbour, kMaxNeighbours> nearest;
  const auto neighbours = std::span(nearest).first(static_cast<std::size_t>(premodel.parameters().k));
  TRIAGE_CHECK(premodel.index().search(query, neighbours) == neighbours.size());
  for (std::size_t stage = 0; stage < votes.size(); ++stage) {
    const auto& labels = std::get<KnnChooser>(premodel.parameters().choosers[stage]).labels;
    votes[stage] = static_cast<std::int32_t>(std::count_if(
        neighbours.begin(), neighbours.end(), [&](const Neighbour& n) { return labels[n.row] == 1; }));
  }
}

template <class T>
void write_values(const std::filesystem::path& path, std::span<const T> values) {
  static_assert(std::endian::native == std::endian::little);
  write_file_atomic(path, {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()});
}

}  // namespace

void write_votes(const Premodel& premodel, std::size_t n_folds, const std::filesystem::path& folder) {
  const std::size_t n = premodel.index().n_rows(), n_stages = premodel.parameters().n_stages;
  std::vector<std::int32_t> votes(n * n_stages);
  for (std::size_t fold = 0; fold < std::max<std::size_t>(n_folds, 1); ++fold) {
    const auto tested = [&](std::size_t row) { return n_folds == 0 || row % n_folds == fold; };
    std::vector<std::size_t> train;
    for (std::size_t row = 0; row < n; ++row) {
      if (n_folds == 0 || !tested(row)) train.push_back(row);
    }
    const auto policy = subset(premodel, train);
    const auto& fitted = dynamic_cast<const Premodel&>(*policy);
    for (std::size_t row = 0; row < n; ++row) {
      if (tested(row))
        ask(fitted, premodel.index().row(row), std::span(votes).subspan(row * n_stages, n_stages));
    }
  }
  std::vector<float> rows;
  for (std::size_t row = 0; row < n; ++row) {
    const auto values = premodel.index().row(row);
    rows.insert(rows.end(), values.begin(), values.end());
  }
  write_values<float>(folder / "rows.f32", rows);
  write_values<ModelIndex>(folder / "optimum.i32", premodel.parameters().optimum);
  write_values<std::int32_t>(folder / "votes.i32", votes);
  const nlohmann::json meta{{"n", n},
                            {"d", premodel.index().dimensions()},
                            {"k", premodel.parameters().k},
                            {"n_stages", n_stages},
                            {"n_folds", n_folds}};
  write_text_atomic(folder / "meta.json", meta.dump() + "\n");
}

}  // namespace triage::testing
