#include "learn/premodel/distance_limit.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "policy/premodel_policy.h"

namespace triage {

std::vector<double> leave_one_out_distances(std::span<const float> rows, std::size_t d, std::size_t k) {
  const KnnIndex index(rows, d);
  TRIAGE_CHECK(k >= 1 && k < index.n_rows() && k < kMaxNeighbours);
  std::array<Neighbour, kMaxNeighbours> nearest;
  const auto neighbours = std::span(nearest).first(k + 1);
  std::vector<double> distances;
  distances.reserve(index.n_rows());
  for (std::uint32_t row = 0; row < index.n_rows(); ++row) {
    index.search(index.row(row), neighbours);
    // With more than k equal rows the row itself may not be among those found; then the last of them, also at
    // distance 0, is dropped instead.
    const auto itself = std::find_if(neighbours.begin(), neighbours.end() - 1,
                                     [&](const Neighbour& neighbour) { return neighbour.row == row; });
    std::rotate(itself, itself + 1, neighbours.end());
    distances.push_back(mean_distance(neighbours.first(k)));
  }
  return distances;
}

}  // namespace triage
