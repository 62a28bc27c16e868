#include "policy/knn.h"

#include <limits>

#include "base/check.h"
#include "policy/nearest_kernels.h"

namespace triage {
namespace {

std::size_t checked_dimensions(std::span<const float> rows, std::size_t d) {
  TRIAGE_CHECK(d >= 1 && d <= kMaxDimensions && rows.size() % d == 0 &&
               rows.size() / d <= std::numeric_limits<std::uint32_t>::max());
  return d;
}

}  // namespace

KnnIndex::KnnIndex(std::span<const float> rows, std::size_t d)
    : rows_(rows.begin(), rows.end()), tree_(build_block_tree(rows_, checked_dimensions(rows, d))) {}

std::size_t KnnIndex::search(std::span<const float> query, std::span<Neighbour> nearest) const {
  TRIAGE_CHECK(query.size() == tree_.d && nearest.size() <= kMaxNeighbours);
  return nearest_kernels().front().search(tree_, query.data(), nearest);
}

}  // namespace triage
